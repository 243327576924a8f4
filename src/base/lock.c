/*
 * lock.c - FILE.lock: who runs on a results file, and whether he is still there.
 */
#include "qgrid/lock.h"

#include "qgrid/log.h"
#include "qgrid/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

typedef struct owner {
    char host[65], boot[65];
    long pid;
    uint64_t start; /* of the process, in clock ticks since boot */
} owner;

static void read_line(char *out, size_t size, const char *path)
{
    FILE *f = fopen(path, "r");
    out[0] = 0;
    if (!f)
        return;
    if (!fgets(out, (int)size, f))
        out[0] = 0;
    out[strcspn(out, "\n")] = 0;
    fclose(f);
}

static void describe_self(owner *o)
{
    memset(o, 0, sizeof *o);
    gethostname(o->host, sizeof o->host - 1);
    read_line(o->boot, sizeof o->boot, "/proc/sys/kernel/random/boot_id");
    o->pid = (long)getpid();
    o->start = qg_process_start(o->pid);
}

static int parse(owner *o, const char *path)
{
    char line[512];
    read_line(line, sizeof line, path);
    memset(o, 0, sizeof *o);
    return sscanf(line, "host %64s pid %ld start %" SCNu64 " boot %64s", o->host, &o->pid,
                  &o->start, o->boot) == 4 &&
           o->pid > 0;
}

/* Whether the owner is gone; `why` says how we know. */
static int is_stale(const owner *o, int readable, const struct stat *st, double stale,
                    const char **why)
{
    owner self;
    double age = difftime(time(NULL), st->st_mtime);
    describe_self(&self);
    *why = "it was left over by a crash";
    if (!readable)
        return age > stale;
    if (strcmp(o->host, self.host) != 0) {
        *why = "its host has given no sign of life";
        return age > stale;
    }
    if (strcmp(o->boot, self.boot) != 0)
        return 1;
    /* Gone, or the number belongs to another process now. */
    return qg_process_start(o->pid) != o->start;
}

static qg_code refuse(const char *results, const char *lock, const owner *o, int readable)
{
    if (!readable)
        return QG_FAIL_AT(
            QG_ELOCKED, results, 0, 0, NULL,
            "%s exists and is not readable as a lock; remove it if no run is going on", lock);
    return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                      "another run holds this file: process %ld on %s", o->pid, o->host);
}

static qg_code write_lock(int fd, const char *path)
{
    owner self;
    char line[512];
    describe_self(&self);
    int n = snprintf(line, sizeof line, "host %s pid %ld start %" PRIu64 " boot %s\n", self.host,
                     self.pid, self.start, self.boot[0] ? self.boot : "-");
    if (write(fd, line, (size_t)n) == n && close(fd) == 0)
        return QG_OK;
    qg_code rc = QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "cannot write: %s", strerror(errno));
    unlink(path);
    return rc;
}

qg_code qg_lock_take(qg_lock *l, const char *results_path, double stale)
{
    int n = snprintf(l->path, sizeof l->path, "%s.lock", results_path);
    l->held = 0;
    if (n < 0 || (size_t)n >= sizeof l->path)
        return QG_FAIL_AT(QG_EIO, results_path, 0, 0, NULL, "path is too long");
    for (int attempt = 0; attempt < 3; attempt++) {
        struct stat st;
        owner o;
        const char *why;
        int fd = open(l->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            QG_TRY(write_lock(fd, l->path));
            l->held = 1;
            return QG_OK;
        }
        if (errno != EEXIST)
            return QG_FAIL_AT(QG_EIO, l->path, 0, 0, NULL, "cannot create: %s", strerror(errno));
        int readable = parse(&o, l->path);
        if (stat(l->path, &st) != 0)
            continue; /* released just now */
        if (!is_stale(&o, readable, &st, stale, &why))
            return refuse(results_path, l->path, &o, readable);
        qg_warn("taking over %s of process %ld on %s: %s", l->path, o.pid, o.host[0] ? o.host : "?",
                why);
        unlink(l->path);
    }
    return QG_FAIL_AT(QG_ELOCKED, results_path, 0, 0, NULL, "another run has just taken this file");
}

void qg_lock_renew(qg_lock *l)
{
    if (l->held)
        utimensat(AT_FDCWD, l->path, NULL, 0);
}

void qg_lock_release(qg_lock *l)
{
    if (l->held)
        unlink(l->path);
    l->held = 0;
}
