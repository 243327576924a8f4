/*
 * handle.c - opening, flushing and closing results files.
 *
 * HDF5's own file locking is off (its flock fails on many NFS and Lustre mounts, and it would keep
 * readers out): qgrid has a lock of its own. HDF5_USE_FILE_LOCKING still has the last word. The
 * sieve buffer is off for writers: what was written is in the kernel when the call returns, in the
 * order of the calls, so a row's checksum is never there before the row.
 */
#include "h5.h"

#include "qgrid/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

qg_library qg_hdf5_library(void)
{
    static char running[32];
    unsigned major = 0, minor = 0, release = 0;
    /* At exit the library would visit files whose closing failed (a full disk), and crash. This has
     * to be its first call. */
    (void)H5dont_atexit();
    (void)H5get_libversion(&major, &minor, &release);
    snprintf(running, sizeof running, "%u.%u.%u", major, minor, release);
    return (qg_library){"HDF5",
                        QG_STR(H5_VERS_MAJOR) "." QG_STR(H5_VERS_MINOR) "." QG_STR(H5_VERS_RELEASE),
                        running};
}

/* With other headers than its own the library ends the process in its first call, in the middle of
 * what is going on. HDF5_DISABLE_VERSION_CHECK has the last word there, and so here. */
static qg_code check_library(void)
{
    qg_library l = qg_hdf5_library();
    if (getenv("HDF5_DISABLE_VERSION_CHECK") || strcmp(l.running, l.built) == 0)
        return QG_OK;
    return QG_FAIL(QG_ESTORE,
                   "the HDF5 library found at run time is %s, qgrid was built for %s; build it "
                   "again, or start it with the library of that version",
                   l.running, l.built);
}

qg_code qg_h5_start(void)
{
    QG_TRY(check_library());
    if (H5open() < 0 || H5Eset_auto2(H5E_DEFAULT, NULL, NULL) < 0)
        return QG_FAIL(QG_ESTORE, "the HDF5 library cannot start");
    return QG_OK;
}

hid_t qg_h5_access(bool writable)
{
    hid_t p = H5Pcreate(H5P_FILE_ACCESS);
    if (p < 0)
        return p;
    /* Format 1.8: checksums on all metadata, and no "is open for writing" mark as 1.10 leaves. */
    if ((writable && H5Pset_libver_bounds(p, H5F_LIBVER_V18, H5F_LIBVER_V18) < 0) ||
        H5Pset_fclose_degree(p, H5F_CLOSE_STRONG) < 0 || H5Pset_file_locking(p, false, true) < 0 ||
        H5Pset_meta_block_size(p, 1 << 16) < 0 || (writable && H5Pset_sieve_buf_size(p, 0) < 0)) {
        H5Pclose(p);
        return -1;
    }
    return p;
}

/* HDF5's words for these are long, and some would block (a pipe) or succeed too late. */
static qg_code check_file(const char *path, bool writable)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return qg_h5_fail_errno(QG_SRC, path, "cannot open");
    if (!S_ISREG(st.st_mode))
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL, "is %s, not a file",
                          S_ISDIR(st.st_mode) ? "a folder" : "special");
    if (access(path, writable ? R_OK | W_OK : R_OK) != 0)
        return qg_h5_fail_errno(QG_SRC, path, writable ? "cannot write" : "cannot read");
    return QG_OK;
}

static qg_code open_file(qg_store *s, bool writable)
{
    hid_t access = qg_h5_access(writable);
    s->file = H5Fopen(s->path, writable ? H5F_ACC_RDWR : H5F_ACC_RDONLY, access);
    qg_code rc = QG_H5(s->file, s->path, NULL, "is not a readable HDF5 file");
    if (access >= 0)
        H5Pclose(access);
    if (rc != QG_OK)
        return rc;
    void *handle = NULL;
    QG_TRY(QG_H5(H5Fget_filesize(s->file, &s->size), s->path, NULL, "cannot read the size"));
    QG_TRY(QG_H5(H5Fget_vfd_handle(s->file, H5P_DEFAULT, &handle), s->path, NULL, "cannot open"));
    s->fd = *(int *)handle;
    return QG_OK;
}

/* The handle is gone, also where closing fails. */
static qg_code close_file(qg_store *s, const char *what)
{
    hid_t file = s->file;
    s->file = 0;
    return QG_H5(H5Fclose(file), s->path, NULL, what);
}

qg_code qg_store_open(qg_store **out, const char *path, bool writable)
{
    *out = NULL;
    QG_TRY(qg_h5_start());
    QG_TRY(check_file(path, writable));
    qg_arena *a = qg_arena_create(0);
    qg_store *s = a ? qg_arena_alloc(a, 1, sizeof *s) : NULL;
    if (!s || !(s->dataset = qg_arena_alloc(a, QG_H5_CACHE, sizeof *s->dataset)) ||
        !(s->path = qg_arena_strdup(a, path))) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory to open %s", path);
    }
    s->arena = a;
    s->writable = writable;
    qg_code rc = open_file(s, false);
    if (rc != QG_OK) {
        if (s->file > 0)
            H5Fclose(s->file);
        qg_arena_destroy(a);
        return rc;
    }
    *out = s;
    return QG_OK;
}

qg_code qg_h5_check_size(const qg_store *s)
{
    struct stat ours;
    if (fstat(s->fd, &ours) != 0)
        return qg_h5_fail_errno(QG_SRC, s->path, "cannot examine");
    if ((hsize_t)ours.st_size < s->size)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, NULL,
                          "was cut to %lld of %llu bytes while it was being written",
                          (long long)ours.st_size, (unsigned long long)s->size);
    return QG_OK;
}

/* Someone may have removed or replaced the file: what we wrote would be lost silently. */
static qg_code check_place_of(const qg_store *s)
{
    struct stat ours, there;
    if (fstat(s->fd, &ours) != 0)
        return qg_h5_fail_errno(QG_SRC, s->path, "cannot examine");
    if (stat(s->path, &there) != 0 || there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
        return QG_FAIL_AT(QG_ESTORE, s->path, 0, 0, NULL,
                          "was removed or replaced while it was being written");
    return QG_OK;
}

/* The first failure is that of all that follows: the system says only once that data did not reach
 * the disk, and takes it for written from then on. */
static qg_code remember(qg_store *s, qg_code rc)
{
    if (rc != QG_OK && s->failure.code == QG_OK)
        s->failure = *qg_error_last();
    return rc;
}

static qg_code earlier_failure(const qg_store *s)
{
    return s->failure.code == QG_OK ? QG_OK : qg_error_restore(&s->failure);
}

static void close_datasets(qg_store *s)
{
    for (int i = 0; i < QG_H5_CACHE; i++)
        qg_h5_dataset_close(&s->dataset[i]);
}

/* HDF5 marks a file that it opens for writing, and pads a cut one to its full length when it fails
 * to: it gets a file that has been read, and only when there is something to write. */
static qg_code open_for_writing(qg_store *s)
{
    QG_TRY(qg_h5_check_size(s));
    QG_TRY(check_place_of(s));
    close_datasets(s);
    QG_TRY(close_file(s, "cannot close"));
    QG_TRY(open_file(s, true));
    s->opened = true;
    return QG_OK;
}

qg_code qg_h5_before_write(qg_store *s)
{
    QG_TRY(earlier_failure(s));
    return remember(s, s->opened ? qg_h5_check_size(s) : open_for_writing(s));
}

static qg_code flush(qg_store *s, bool sync)
{
    QG_TRY(QG_H5(H5Fflush(s->file, H5F_SCOPE_LOCAL), s->path, NULL, "cannot flush"));
    QG_TRY(qg_h5_check_size(s));
    QG_TRY(check_place_of(s));
    if (sync && qg_fsync(s->fd) != 0)
        return qg_h5_fail_errno(QG_SRC, s->path, "cannot sync");
    return QG_OK;
}

qg_code qg_store_flush(qg_store *s, bool sync)
{
    if (!s->written)
        return QG_OK;
    QG_TRY(earlier_failure(s));
    return remember(s, flush(s, sync));
}

qg_code qg_store_close(qg_store *s)
{
    if (!s)
        return QG_OK;
    qg_code rc = qg_store_flush(s, true);
    qg_error kept = *qg_error_last();
    close_datasets(s);
    qg_code closed = s->file > 0 ? close_file(s, "cannot close") : QG_OK;
    qg_arena_destroy(s->arena);
    return rc != QG_OK ? qg_error_restore(&kept) : closed;
}

bool qg_store_is_hdf5(const char *path)
{
    static const char signature[] = "\211HDF\r\n\032\n";
    char head[sizeof signature] = "";
    FILE *f = fopen(path, "rb");
    size_t n = f ? fread(head, 1, sizeof head - 1, f) : 0;
    if (f)
        (void)fclose(f);
    return f && (n == 0 || memcmp(head, signature, sizeof signature - 1) == 0);
}

static qg_code check_place(const char *path, const char *dir)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!name[0] || qg_dir_exists(path))
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL, "is a folder, a file name is wanted");
    QG_TRY(qg_h5_file(qg_mkdirs(dir), path));
    if (access(dir, W_OK | X_OK) != 0)
        return qg_h5_fail_errno(QG_SRC, dir, "cannot write into this folder");
    bool there = access(path, F_OK) == 0 || errno != ENOENT;
    return there ? check_file(path, true) : QG_OK;
}

qg_code qg_store_check_path(const char *path)
{
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory to check %s", path);
    const char *dir = qg_path_dir(a, path);
    qg_code rc = dir ? check_place(path, dir) : QG_ENOMEM;
    qg_arena_destroy(a);
    return rc;
}
