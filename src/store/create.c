/*
 * create.c - a results file appears under its name complete, or not at all.
 *
 *     check layout -> space free? -> FILE.tmp-...: write, flush, close, checksums, fsync -> rename
 *     -> fsync of the folder -> open again for raw writes
 */
#include "sums.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static qg_code check_space(const char *path, const char *dir, uint64_t need)
{
    struct statvfs v;
    char needed[32], free_now[32];
    if (statvfs(dir, &v) != 0)
        return qg_h5_fail_errno(QG_SRC, path, "cannot ask for free space");
    uint64_t have = (uint64_t)v.f_bavail * v.f_frsize;
    if (need <= have)
        return QG_OK;
    return QG_FAIL_AT(
        QG_ESTORE, path, 0, 0, NULL,
        "needs %llu bytes (%s), the file system of %s has %llu (%s) free", (unsigned long long)need,
        qg_format_bytes(needed, sizeof needed, (double)need), dir, (unsigned long long)have,
        qg_format_bytes(free_now, sizeof free_now, (double)have));
}

static qg_code create_file(hid_t *file, const char *tmp, const char *path)
{
    hid_t access = qg_h5_access(true), create = H5Pcreate(H5P_FILE_CREATE);
    bool set =
        access >= 0 && create >= 0 && H5Pset_obj_track_times(create, false) >= 0 &&
        H5Pset_link_creation_order(create, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED) >= 0;
    *file = set ? H5Fcreate(tmp, H5F_ACC_EXCL, create, access) : -1;
    qg_code rc = QG_H5(*file, path, NULL, "cannot create");
    H5Pclose(access);
    H5Pclose(create);
    return rc;
}

static qg_code write_file(qg_h5_place *place, const char *tmp, const char *path, const qg_layout *l)
{
    hid_t file;
    QG_TRY(create_file(&file, tmp, path));
    qg_code rc = qg_h5_write_layout(place, file, path, l);
    if (H5Fclose(file) < 0 && rc == QG_OK)
        rc = qg_h5_fail(QG_SRC, path, NULL, "cannot close");
    return rc;
}

/* Checksums of what a new file holds, if its layout has room for them. */
static qg_code seal(qg_store *s, const qg_h5_place *place, const qg_layout *l)
{
    QG_TRY(qg_h5_sums_load(s));
    if (s->sums.n == 0)
        return QG_OK;
    for (int i = 0; i < l->n_fields; i++) {
        int64_t k = qg_h5_sums_find(s, l->field[i].path);
        if (k < 0 || place[i].bytes == 0)
            continue;
        s->sums.offset[k] = place[i].offset;
        s->sums.bytes[k] = place[i].bytes;
    }
    QG_TRY(qg_h5_seal_new(s));
    return qg_h5_seal_structure(s);
}

static qg_code seal_file(const qg_h5_place *place, const char *tmp, const char *path,
                         const qg_layout *l)
{
    qg_store *s;
    qg_code rc = qg_store_open(&s, tmp, true);
    if (rc == QG_OK) {
        rc = seal(s, place, l);
        qg_error kept = *qg_error_last();
        qg_code closed = qg_store_close(s);
        rc = rc == QG_OK ? closed : qg_error_restore(&kept);
    }
    return rc == QG_OK ? QG_OK : qg_error_place(path, 0, 0, NULL);
}

static qg_code create_in(const char *dir, const char *tmp, const char *path, const qg_layout *l,
                         qg_arena *a)
{
    uint64_t need;
    qg_h5_place *place;
    QG_NEW(place, a, l->n_fields);
    QG_TRY(qg_h5_check_layout(&need, path, l));
    QG_TRY(qg_store_check_path(path));
    qg_remove_leftovers(dir, path); /* the run lock keeps living ones out */
    QG_TRY(check_space(path, dir, need));
    qg_code rc = write_file(place, tmp, path, l);
    if (rc == QG_OK)
        rc = seal_file(place, tmp, path, l);
    if (rc == QG_OK)
        rc = qg_h5_file(qg_file_sync(tmp), path);
    if (rc == QG_OK && rename(tmp, path) != 0)
        rc = qg_h5_fail_errno(QG_SRC, path, "cannot rename to this");
    if (rc != QG_OK) {
        unlink(tmp);
        return rc;
    }
    return qg_h5_file(qg_file_sync(dir), path);
}

qg_code qg_store_create(qg_store **out, const char *path, const qg_layout *layout)
{
    *out = NULL;
    QG_TRY(qg_h5_start());
    qg_arena *a = qg_arena_create(0);
    char *dir = a ? qg_path_dir(a, path) : NULL;
    char tmp[QG_H5_PATH * 4];
    qg_code rc = dir ? qg_h5_file(qg_file_temporary_name(tmp, sizeof tmp, path), path)
                     : QG_FAIL(QG_ENOMEM, "no memory");
    if (rc == QG_OK)
        rc = create_in(dir, tmp, path, layout, a);
    qg_arena_destroy(a);
    QG_TRY(rc);
    return qg_store_open(out, path, true);
}
