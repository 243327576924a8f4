/*
 * write_layout.c - all groups, datasets, scales and attributes of a new file.
 *
 * Everything is created in the order of the layout and without times, so equal layouts give equal
 * bytes. Fill values are really written: a full disk is found here and not in the middle of a run,
 * and what is not yet computed reads as NaN. Dimension scales: "HDF5 Dimension Scale Specification
 * and Design Notes" (The HDF Group, 2005); netCDF-4 finds its dimensions by them.
 */
#include "h5.h"

#include <hdf5_hl.h>
#include <string.h>

typedef struct writer {
    hid_t file, group_list, dataset_list;
    const char *path;
    const qg_layout *layout;
    qg_h5_place *place;     /* [n_fields] */
    char group[QG_H5_PATH]; /* the last one made sure of */
} writer;

static qg_code make_group(writer *w, const char *path)
{
    htri_t there = H5Lexists(w->file, path, H5P_DEFAULT);
    QG_TRY(QG_H5(there, w->path, path, "cannot create this group"));
    if (there)
        return QG_OK;
    hid_t g = H5Gcreate2(w->file, path, H5P_DEFAULT, w->group_list, H5P_DEFAULT);
    QG_TRY(QG_H5(g, w->path, path, "cannot create this group"));
    return QG_H5(H5Gclose(g), w->path, path, "cannot create this group");
}

/* Every group on the way to the first `n` bytes of the path. */
static qg_code make_groups(writer *w, const char *path, size_t n)
{
    char part[QG_H5_PATH];
    if (strncmp(w->group, path, n) == 0 && w->group[n] == 0)
        return QG_OK;
    memcpy(part, path, n);
    part[n] = 0;
    memcpy(w->group, part, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && i != n)
            continue;
        part[i] = 0;
        QG_TRY(make_group(w, part));
        part[i] = path[i];
    }
    return QG_OK;
}

static qg_code create_dataset(hid_t *id, writer *w, const qg_field *f, hid_t type)
{
    hsize_t shape[QG_STORE_MAX_DIMS];
    for (int k = 0; k < f->ndim; k++)
        shape[k] = (hsize_t)f->shape[k];
    double fill = qg_h5_fill_value(f);
    hid_t list = H5Pcopy(w->dataset_list);
    hid_t space = f->ndim ? H5Screate_simple(f->ndim, shape, NULL) : H5Screate(H5S_SCALAR);
    bool set = f->type == QG_STORE_STRING || H5Pset_fill_value(list, H5T_NATIVE_DOUBLE, &fill) >= 0;
    *id = set ? H5Dcreate2(w->file, f->path, type, space, H5P_DEFAULT, list, H5P_DEFAULT) : -1;
    qg_code rc = QG_H5(*id, w->path, f->path, "cannot create");
    H5Sclose(space);
    H5Pclose(list);
    return rc;
}

static bool is_empty(const qg_field *f)
{
    for (int k = 0; k < f->ndim; k++)
        if (f->shape[k] == 0)
            return true;
    return false;
}

static qg_code fill_dataset(writer *w, const qg_field *f, hid_t id, hid_t type)
{
    if (f->initial && !is_empty(f))
        QG_TRY(QG_H5(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, f->initial), w->path,
                     f->path, "cannot write"));
    if (f->scale)
        QG_TRY(QG_H5(H5DSset_scale(id, strrchr(f->path, '/') + 1), w->path, f->path,
                     "cannot make this a scale"));
    if (f->units)
        QG_TRY(qg_h5_put_text(id, w->path, f->path, "units", f->units));
    return f->doc ? qg_h5_put_text(id, w->path, f->path, "long_name", f->doc) : QG_OK;
}

static qg_code write_field(writer *w, const qg_field *f)
{
    QG_TRY(make_groups(w, f->path, (size_t)(strrchr(f->path, '/') - f->path)));
    hid_t type = qg_h5_type(f->type, f->string_size), id;
    qg_code rc = create_dataset(&id, w, f, type);
    if (rc == QG_OK)
        rc = fill_dataset(w, f, id, type);
    if (rc == QG_OK)
        w->place[f - w->layout->field] = (qg_h5_place){H5Dget_offset(id), H5Dget_storage_size(id)};
    if (id >= 0 && H5Dclose(id) < 0 && rc == QG_OK)
        rc = qg_h5_fail(QG_SRC, w->path, f->path, "cannot create");
    H5Tclose(type);
    return rc;
}

static qg_code attach_scales(writer *w, const qg_field *f)
{
    hid_t id = H5Dopen2(w->file, f->path, H5P_DEFAULT);
    qg_code rc = QG_H5(id, w->path, f->path, "cannot open");
    for (unsigned k = 0; rc == QG_OK && k < (unsigned)f->ndim; k++) {
        hid_t scale = H5Dopen2(w->file, f->dim[k], H5P_DEFAULT);
        rc = QG_H5(scale < 0 ? -1 : H5DSattach_scale(id, scale, k), w->path, f->path,
                   "cannot attach a dimension scale");
        if (scale >= 0)
            H5Dclose(scale);
    }
    if (id >= 0)
        H5Dclose(id);
    return rc;
}

static qg_code put_number(writer *w, hid_t object, const qg_attr *a)
{
    int64_t whole = a->integer ? (int64_t)a->number : 0;
    hid_t type = a->integer ? H5T_STD_I64LE : H5T_IEEE_F64LE, space = H5Screate(H5S_SCALAR);
    hid_t id = H5Acreate2(object, a->name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    const void *value = a->integer ? (const void *)&whole : &a->number;
    qg_code rc = QG_H5(id < 0 ? -1 : H5Awrite(id, type, value), w->path, a->path,
                       "cannot write an attribute");
    if (id >= 0)
        H5Aclose(id);
    H5Sclose(space);
    return rc;
}

static qg_code write_attr(writer *w, const qg_attr *a)
{
    if (strcmp(a->path, "/") != 0)
        QG_TRY(make_groups(w, a->path, strlen(a->path)));
    hid_t object = H5Oopen(w->file, a->path, H5P_DEFAULT);
    QG_TRY(QG_H5(object, w->path, a->path, "cannot open"));
    qg_code rc = a->text ? qg_h5_put_text(object, w->path, a->path, a->name, a->text)
                         : put_number(w, object, a);
    H5Oclose(object);
    return rc;
}

static qg_code write_all(writer *w)
{
    const qg_layout *l = w->layout;
    for (int i = 0; i < l->n_fields; i++)
        QG_TRY(write_field(w, &l->field[i]));
    for (int i = 0; i < l->n_fields; i++)
        if (!l->field[i].scale)
            QG_TRY(attach_scales(w, &l->field[i]));
    for (int i = 0; i < l->n_attrs; i++)
        QG_TRY(write_attr(w, &l->attr[i]));
    return QG_H5(H5Fflush(w->file, H5F_SCOPE_GLOBAL), w->path, NULL, "cannot flush");
}

qg_code qg_h5_write_layout(qg_h5_place *place, hid_t file, const char *path, const qg_layout *l)
{
    writer w = {.file = file, .path = path, .layout = l, .place = place};
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    w.group_list = H5Pcreate(H5P_GROUP_CREATE);
    w.dataset_list = H5Pcreate(H5P_DATASET_CREATE);
    bool set = H5Pset_link_creation_order(w.group_list, order) >= 0 &&
               H5Pset_obj_track_times(w.group_list, false) >= 0 &&
               H5Pset_obj_track_times(w.dataset_list, false) >= 0 &&
               H5Pset_layout(w.dataset_list, H5D_CONTIGUOUS) >= 0 &&
               H5Pset_alloc_time(w.dataset_list, H5D_ALLOC_TIME_EARLY) >= 0 &&
               H5Pset_fill_time(w.dataset_list, H5D_FILL_TIME_ALLOC) >= 0;
    qg_code rc = QG_H5(set ? 0 : -1, path, NULL, "cannot set how objects are made");
    if (rc == QG_OK)
        rc = write_all(&w);
    H5Pclose(w.group_list);
    H5Pclose(w.dataset_list);
    return rc;
}
