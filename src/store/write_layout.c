/*
 * write_layout.c - all groups, datasets, scales and attributes of a new file.
 *
 * Everything is created in the order of the layout and without times, so equal layouts give equal
 * bytes. Fill values are really written: a full disk is found here and not in the middle of a run,
 * and what is not yet computed reads as NaN. Dimension scales: "HDF5 Dimension Scale Specification
 * and Design Notes" (The HDF Group, 2005); netCDF-4 finds its dimensions by them. Their attributes
 * are written here and not by HDF5's H5DS functions, which open both ends and write the whole list
 * of a scale again for each dataset that uses it.
 */
#include "h5.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FILLS = 4 }; /* property lists kept, one for a fill value */

/* An element of REFERENCE_LIST. */
typedef struct use {
    hobj_ref_t dataset;
    int dimension;
} use;

/* A scale: where it is in the file, and which of the writer's uses are its own. */
typedef struct scale {
    const qg_field *field;
    hobj_ref_t place; /* 0: not there yet */
    int first, n;
} scale;

typedef struct writer {
    hid_t file, group_list, dataset_list;
    hid_t use_type, places_type; /* of REFERENCE_LIST and DIMENSION_LIST */
    const char *path;
    const qg_layout *layout;
    qg_h5_place *place;     /* [n_fields] */
    char group[QG_H5_PATH]; /* of the last dataset, open as group_id; "" = root */
    hid_t group_id;
    double fill[FILLS];
    hid_t fill_list[FILLS];
    int n_fills;
    scale *scale; /* [n_scales] by path */
    int n_scales;
    use *use;
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
    memcpy(part, path, n);
    part[n] = 0;
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && i != n)
            continue;
        part[i] = 0;
        QG_TRY(make_group(w, part));
        part[i] = path[i];
    }
    return QG_OK;
}

/* The group of a dataset becomes the writer's. */
static qg_code enter_group(writer *w, const char *path, size_t n)
{
    if (w->group_id > 0 && strncmp(w->group, path, n) == 0 && w->group[n] == 0)
        return QG_OK;
    if (w->group_id > 0)
        H5Gclose(w->group_id);
    w->group_id = 0;
    QG_TRY(make_groups(w, path, n));
    memcpy(w->group, path, n);
    w->group[n] = 0;
    w->group_id = H5Gopen2(w->file, n ? w->group : "/", H5P_DEFAULT);
    return QG_H5(w->group_id, w->path, w->group, "cannot open this group");
}

static bool same_fill(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

/* How datasets with this fill value are made; the writer's. Negative: failed. */
static hid_t creation_list(writer *w, const qg_field *f)
{
    double fill = qg_h5_fill_value(f);
    int i = 0;
    if (f->type == QG_STORE_STRING)
        return w->dataset_list;
    while (i < w->n_fills && !same_fill(w->fill[i], fill))
        i++;
    if (i < w->n_fills)
        return w->fill_list[i];
    if (w->n_fills == FILLS)
        H5Pclose(w->fill_list[--w->n_fills]);
    hid_t list = H5Pcopy(w->dataset_list);
    if (list >= 0 && H5Pset_fill_value(list, H5T_NATIVE_DOUBLE, &fill) < 0) {
        H5Pclose(list);
        return -1;
    }
    w->fill[w->n_fills] = fill;
    if (list >= 0)
        w->fill_list[w->n_fills++] = list;
    return list;
}

static const char *name_of(const qg_field *f)
{
    return strrchr(f->path, '/') + 1;
}

static qg_code create_dataset(hid_t *id, writer *w, const qg_field *f, hid_t type)
{
    hsize_t shape[QG_STORE_MAX_DIMS];
    for (int k = 0; k < f->ndim; k++)
        shape[k] = (hsize_t)f->shape[k];
    hid_t list = creation_list(w, f);
    hid_t space = f->ndim ? H5Screate_simple(f->ndim, shape, NULL) : H5Screate(H5S_SCALAR);
    *id = list < 0
              ? -1
              : H5Dcreate2(w->group_id, name_of(f), type, space, H5P_DEFAULT, list, H5P_DEFAULT);
    qg_code rc = QG_H5(*id, w->path, f->path, "cannot create");
    H5Sclose(space);
    return rc;
}

static bool is_empty(const qg_field *f)
{
    for (int k = 0; k < f->ndim; k++)
        if (f->shape[k] == 0)
            return true;
    return false;
}

/* An attribute of a type and a space, both of which stay the caller's. */
static qg_code put(const writer *w, hid_t object, const char *field, const char *name, hid_t type,
                   hid_t space, const void *value)
{
    hid_t id = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    qg_code rc =
        QG_H5(id < 0 ? -1 : H5Awrite(id, type, value), w->path, field, "cannot write an attribute");
    if (id >= 0)
        H5Aclose(id);
    return rc;
}

static qg_code put_list(const writer *w, hid_t object, const char *field, const char *name,
                        hid_t type, hsize_t n, const void *value)
{
    hid_t space = H5Screate_simple(1, &n, NULL);
    qg_code rc = put(w, object, field, name, type, space, value);
    H5Sclose(space);
    return rc;
}

/* ASCII that ends with a NUL, as the specification of scales has it. */
static qg_code put_scale_text(const writer *w, hid_t object, const char *field, const char *name,
                              const char *text)
{
    hid_t type = H5Tcopy(H5T_C_S1), space = H5Screate(H5S_SCALAR);
    qg_code rc = H5Tset_size(type, strlen(text) + 1) < 0
                     ? qg_h5_fail(QG_SRC, w->path, field, "cannot write an attribute")
                     : put(w, object, field, name, type, space, text);
    H5Sclose(space);
    H5Tclose(type);
    return rc;
}

/* ---------------------------------------------------------------------------------------- scales
 */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const scale *)a)->field->path, ((const scale *)b)->field->path);
}

static int path_of(const void *key, const void *element)
{
    return strcmp(key, ((const scale *)element)->field->path);
}

/* A layout that was checked has it. */
static scale *find_scale(const writer *w, const char *path)
{
    return bsearch(path, w->scale, (size_t)w->n_scales, sizeof *w->scale, path_of);
}

static qg_code list_scales(writer *w, qg_arena *a)
{
    const qg_layout *l = w->layout;
    int used = 0;
    QG_NEW(w->scale, a, l->n_fields);
    for (int i = 0; i < l->n_fields; i++)
        if (l->field[i].scale)
            w->scale[w->n_scales++].field = &l->field[i];
    if (w->n_scales > 1)
        qsort(w->scale, (size_t)w->n_scales, sizeof *w->scale, by_path);
    for (int i = 0; i < l->n_fields; i++)
        for (int k = 0; !l->field[i].scale && k < l->field[i].ndim; k++)
            find_scale(w, l->field[i].dim[k])->n++;
    for (int i = 0; i < w->n_scales; i++) {
        w->scale[i].first = used;
        used += w->scale[i].n;
        w->scale[i].n = 0;
    }
    QG_NEW(w->use, a, used);
    return QG_OK;
}

static qg_code place_of(hobj_ref_t *out, const writer *w, hid_t object, const char *path)
{
    return QG_H5(H5Rcreate(out, object, ".", H5R_OBJECT, -1), w->path, path, "cannot refer to");
}

static qg_code mark_scale(writer *w, const qg_field *f, hid_t id)
{
    QG_TRY(place_of(&find_scale(w, f->path)->place, w, id, f->path));
    QG_TRY(put_scale_text(w, id, f->path, "CLASS", "DIMENSION_SCALE"));
    return put_scale_text(w, id, f->path, "NAME", name_of(f));
}

/* The scales of a dataset are there; they will hear of it. */
static qg_code attach_scales(writer *w, const qg_field *f, hid_t id)
{
    hobj_ref_t own, place[QG_STORE_MAX_DIMS];
    hvl_t list[QG_STORE_MAX_DIMS];
    if (f->ndim == 0)
        return QG_OK;
    QG_TRY(place_of(&own, w, id, f->path));
    for (int k = 0; k < f->ndim; k++) {
        scale *s = find_scale(w, f->dim[k]);
        place[k] = s->place;
        list[k] = (hvl_t){1, &place[k]};
        use *u = &w->use[s->first + s->n++]; /* its padding, 0, stands in the file, too */
        u->dataset = own;
        u->dimension = k;
    }
    return put_list(w, id, f->path, "DIMENSION_LIST", w->places_type, (hsize_t)f->ndim, list);
}

static qg_code write_uses(const writer *w, const scale *s)
{
    if (s->n == 0)
        return QG_OK;
    hid_t id = H5Rdereference2(w->file, H5P_DEFAULT, H5R_OBJECT, &s->place);
    QG_TRY(QG_H5(id, w->path, s->field->path, "cannot open"));
    qg_code rc = put_list(w, id, s->field->path, "REFERENCE_LIST", w->use_type, (hsize_t)s->n,
                          w->use + s->first);
    H5Dclose(id);
    return rc;
}

/* -------------------------------------------------------------------------------------- datasets
 */

static qg_code fill_dataset(writer *w, const qg_field *f, hid_t id, hid_t type)
{
    if (f->initial && !is_empty(f))
        QG_TRY(QG_H5(H5Dwrite(id, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, f->initial), w->path,
                     f->path, "cannot write"));
    QG_TRY(f->scale ? mark_scale(w, f, id) : attach_scales(w, f, id));
    if (f->units)
        QG_TRY(qg_h5_put_text(id, w->path, f->path, "units", f->units));
    return f->doc ? qg_h5_put_text(id, w->path, f->path, "long_name", f->doc) : QG_OK;
}

static qg_code write_one(writer *w, const qg_field *f)
{
    QG_TRY(enter_group(w, f->path, (size_t)(name_of(f) - 1 - f->path)));
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

static qg_code write_scale(writer *w, const scale *s)
{
    return s->place ? QG_OK : write_one(w, s->field);
}

/* A dataset comes behind its scales, also where the layout has them later. */
static qg_code write_field(writer *w, const qg_field *f)
{
    if (f->scale)
        return write_scale(w, find_scale(w, f->path));
    for (int k = 0; k < f->ndim; k++)
        QG_TRY(write_scale(w, find_scale(w, f->dim[k])));
    return write_one(w, f);
}

static qg_code put_number(const writer *w, hid_t object, const qg_attr *a)
{
    int64_t whole = a->integer ? (int64_t)a->number : 0;
    hid_t space = H5Screate(H5S_SCALAR);
    qg_code rc = a->integer ? put(w, object, a->path, a->name, H5T_STD_I64LE, space, &whole)
                            : put(w, object, a->path, a->name, H5T_IEEE_F64LE, space, &a->number);
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
    for (int i = 0; i < w->n_scales; i++)
        QG_TRY(write_uses(w, &w->scale[i]));
    for (int i = 0; i < l->n_attrs; i++)
        QG_TRY(write_attr(w, &l->attr[i]));
    return QG_H5(H5Fflush(w->file, H5F_SCOPE_GLOBAL), w->path, NULL, "cannot flush");
}

/* Types as HDF5's own functions write them. */
static bool make_types(writer *w)
{
    w->places_type = H5Tvlen_create(H5T_STD_REF_OBJ);
    w->use_type = H5Tcreate(H5T_COMPOUND, sizeof(use));
    return w->places_type >= 0 && w->use_type >= 0 &&
           H5Tinsert(w->use_type, "dataset", HOFFSET(use, dataset), H5T_STD_REF_OBJ) >= 0 &&
           H5Tinsert(w->use_type, "dimension", HOFFSET(use, dimension), H5T_NATIVE_INT) >= 0;
}

static bool make_lists(writer *w)
{
    unsigned order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    w->group_list = H5Pcreate(H5P_GROUP_CREATE);
    w->dataset_list = H5Pcreate(H5P_DATASET_CREATE);
    return H5Pset_link_creation_order(w->group_list, order) >= 0 &&
           H5Pset_obj_track_times(w->group_list, false) >= 0 &&
           H5Pset_obj_track_times(w->dataset_list, false) >= 0 &&
           H5Pset_layout(w->dataset_list, H5D_CONTIGUOUS) >= 0 &&
           H5Pset_alloc_time(w->dataset_list, H5D_ALLOC_TIME_EARLY) >= 0 &&
           H5Pset_fill_time(w->dataset_list, H5D_FILL_TIME_ALLOC) >= 0;
}

static void close_writer(writer *w)
{
    for (int i = 0; i < w->n_fills; i++)
        H5Pclose(w->fill_list[i]);
    if (w->group_id > 0)
        H5Gclose(w->group_id);
    H5Pclose(w->group_list);
    H5Pclose(w->dataset_list);
    H5Tclose(w->use_type);
    H5Tclose(w->places_type);
}

qg_code qg_h5_write_layout(qg_h5_place *place, hid_t file, const char *path, const qg_layout *l)
{
    writer w = {.file = file, .path = path, .layout = l, .place = place};
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory to write the layout");
    bool set = make_types(&w);
    set = make_lists(&w) && set;
    qg_code rc = QG_H5(set ? 0 : -1, path, NULL, "cannot set how objects are made");
    if (rc == QG_OK)
        rc = list_scales(&w, a);
    if (rc == QG_OK)
        rc = write_all(&w);
    close_writer(&w);
    qg_arena_destroy(a);
    return rc;
}
