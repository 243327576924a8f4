/*
 * file.c - mapping, reading and atomic writing of files.
 */
#include "qgrid/file.h"

#include "mapped.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static qg_code io_fail(const char *path, const char *what)
{
    if (errno == ENOMEM)
        return QG_FAIL_AT(QG_ENOMEM, path, 0, 0, NULL, "%s: no memory", what);
    return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "%s: %s", what, strerror(errno));
}

static qg_file_id id_of(const struct stat *st)
{
    return (qg_file_id){.device = (uint64_t)st->st_dev,
                        .inode = (uint64_t)st->st_ino,
                        .size = (uint64_t)st->st_size,
                        .modified = {(int64_t)st->st_mtim.tv_sec, (int64_t)st->st_mtim.tv_nsec},
                        .changed = {(int64_t)st->st_ctim.tv_sec, (int64_t)st->st_ctim.tv_nsec}};
}

bool qg_file_id_of(qg_file_id *out, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    *out = id_of(&st);
    return true;
}

bool qg_file_id_same(const qg_file_id *a, const qg_file_id *b)
{
    return memcmp(a, b, sizeof *a) == 0; /* it has no padding */
}
_Static_assert(sizeof(qg_file_id) == 7 * 8, "no padding");

static qg_code open_regular(int *fd, qg_file_id *id, const char *path)
{
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe would keep us waiting */
    if (*fd < 0)
        return io_fail(path, "cannot open");
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "is not a regular file");
    }
    *id = id_of(&st);
    return QG_OK;
}

qg_code qg_file_map(qg_map *out, const char *path)
{
    int fd;
    *out = (qg_map){0};
    QG_TRY(open_regular(&fd, &out->id, path));
    out->size = (size_t)out->id.size;
    if (out->size > 0) {
        void *p = mmap(NULL, out->size, PROT_READ, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED) {
            close(fd);
            out->size = 0;
            return io_fail(path, "cannot map");
        }
        out->data = p;
        qg_mapped_add(p, out->size, path);
    }
    close(fd);
    return QG_OK;
}

void qg_file_unmap(qg_map *m)
{
    if (m->data) {
        qg_mapped_remove(m->data);
        munmap((void *)(uintptr_t)m->data, m->size);
    }
    *m = (qg_map){0};
}

qg_code qg_file_read(char **out, size_t *size, qg_arena *a, const char *path, size_t max)
{
    int fd;
    size_t n = 0;
    qg_file_id id;
    QG_TRY(open_regular(&fd, &id, path));
    *size = (size_t)id.size;
    if (*size > max) {
        close(fd);
        return QG_FAIL_AT(QG_EFORMAT, path, 0, 0, NULL, "has %zu bytes, at most %zu are read",
                          *size, max);
    }
    char *buf = qg_arena_alloc(a, *size + 1, 1);
    while (buf && n < *size) {
        ssize_t got = read(fd, buf + n, *size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            close(fd);
            return io_fail(path, "cannot read");
        }
        if (got == 0)
            break;
        n += (size_t)got;
    }
    close(fd);
    if (!buf)
        return QG_ENOMEM;
    *size = n;
    *out = buf;
    return QG_OK;
}

static int write_all(int fd, const char *p, size_t size)
{
    while (size > 0) {
        ssize_t put = write(fd, p, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return -1;
        p += put;
        size -= (size_t)put;
    }
    return 0;
}

static void parent_of(char *out, size_t size, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, size, ".");
    else if (slash == path)
        snprintf(out, size, "/");
    else
        snprintf(out, size, "%.*s", (int)(slash - path), path);
}

int qg_fsync(int fd)
{
    int rc;
    do
        rc = fsync(fd);
    while (rc != 0 && errno == EINTR);
    return rc;
}

qg_code qg_file_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return io_fail(path, "cannot open");
    /* Some file systems refuse fsync on folders; that is not a loss of data of ours. */
    int rc = qg_fsync(fd);
    int bad = rc != 0 && errno != EINVAL;
    close(fd);
    return bad ? io_fail(path, "cannot sync") : QG_OK;
}

qg_code qg_file_write(const char *path, const void *data, size_t size)
{
    char to[4096], tmp[4096], dir[4096];
    int fd;
    QG_TRY(qg_file_check_output(path));
    QG_TRY(qg_file_target(to, sizeof to, path));
    QG_TRY(qg_file_temporary(&fd, tmp, sizeof tmp, to));
    int bad = write_all(fd, data, size) != 0 || qg_fsync(fd) != 0;
    if (close(fd) != 0 || bad || rename(tmp, to) != 0) {
        qg_code rc = io_fail(path, "cannot write");
        unlink(tmp);
        return rc;
    }
    parent_of(dir, sizeof dir, to);
    return qg_file_sync(dir);
}

qg_code qg_file_copy(const char *to, const char *from)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, from));
    qg_code rc = qg_file_write(to, m.data, m.size);
    qg_file_unmap(&m);
    return rc;
}

qg_code qg_mkdirs(const char *path)
{
    char part[4096];
    int n = snprintf(part, sizeof part, "%s", path);
    if (n < 0 || (size_t)n >= sizeof part)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "path is too long");
    for (char *p = part + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = 0;
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return io_fail(part, "cannot create folder");
        *p = '/';
    }
    if (mkdir(part, 0777) != 0 && errno != EEXIST)
        return io_fail(part, "cannot create folder");
    if (!qg_dir_exists(part))
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "exists and is not a folder");
    return QG_OK;
}

static qg_code remove_folder(const char *path)
{
    char name[4096];
    struct dirent *e;
    DIR *d = opendir(path);
    if (!d)
        return io_fail(path, "cannot list");
    while ((e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        unlink(name);
    }
    closedir(d);
    return rmdir(path) == 0 || errno == ENOENT ? QG_OK : io_fail(path, "cannot remove");
}

qg_code qg_remove(const char *path)
{
    struct stat st;
    if (lstat(path, &st) == 0 &&
        S_ISDIR(st.st_mode)) /* of a link the link goes, not where it leads */
        return remove_folder(path);
    return unlink(path) == 0 || errno == ENOENT ? QG_OK : io_fail(path, "cannot remove");
}

bool qg_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

bool qg_dir_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool qg_dir_is_empty(const char *path)
{
    struct dirent *e;
    int names = 0;
    DIR *d = opendir(path);
    if (!d)
        return false;
    while ((e = readdir(d)))
        names += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return names == 0;
}

int64_t qg_path_bytes(const char *path)
{
    struct stat st;
    char name[4096];
    struct dirent *e;
    int64_t sum = 0;
    if (stat(path, &st) != 0)
        return -1;
    if (S_ISREG(st.st_mode))
        return (int64_t)st.st_size;
    DIR *d = opendir(path);
    if (!d)
        return -1;
    while ((e = readdir(d))) {
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        if (stat(name, &st) == 0 && S_ISREG(st.st_mode))
            sum += (int64_t)st.st_size;
    }
    closedir(d);
    return sum;
}

char *qg_path_join(qg_arena *a, const char *dir, const char *name)
{
    size_t n = strlen(dir);
    return qg_arena_printf(a, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
}

char *qg_path_dir(qg_arena *a, const char *path)
{
    char dir[4096];
    parent_of(dir, sizeof dir, path);
    return qg_arena_strdup(a, dir);
}
