/*
 * fuzz.c - what fuzz targets share.
 */
#include "fuzz.h"

#include "qgrid/file.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];

void fuzz_check(bool holds, const char *promise)
{
    if (holds)
        return;
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

bool fuzz_worked(qg_code rc)
{
    const qg_error *e = qg_error_last();
    if (rc != QG_OK)
        fuzz_check(rc > 0 && rc < QG_ERR_COUNT && e->code == rc && e->msg[0],
                   "an error has a code and a text");
    fuzz_check(rc != QG_EBUG, "no input breaks an invariant");
    qg_error_clear();
    return rc == QG_OK;
}

qg_arena *fuzz_arena(void)
{
    qg_arena *a = qg_arena_create(0);
    fuzz_check(a != NULL, "memory for an arena");
    return a;
}

static int remove_one(const char *path, const struct stat *s, int type, struct FTW *at)
{
    (void)s, (void)type, (void)at;
    return remove(path);
}

static void remove_folder(void)
{
    nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *fuzz_path(const char *name)
{
    static char paths[8][512];
    static int next;
    if (!folder[0]) {
        const char *tmp = getenv("TMPDIR");
        snprintf(folder, sizeof folder, "%s/fuzz-XXXXXX", tmp && *tmp ? tmp : "/tmp");
        fuzz_check(mkdtemp(folder) != NULL, "a folder for temporary files");
        atexit(remove_folder);
    }
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

const char *fuzz_write(const char *name, const void *data, size_t size)
{
    const char *path = fuzz_path(name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    fuzz_check(fd >= 0, "a temporary file");
    for (size_t at = 0; at < size;) {
        ssize_t n = write(fd, (const char *)data + at, size - at);
        fuzz_check(n > 0, "room for a temporary file");
        at += (size_t)n;
    }
    close(fd);
    return path;
}
