/*
 * lock.c - FILE.lock: who runs on a results file, and whether he is still there.
 *
 *     host NAME pid N start TICKS boot ID pids NAMESPACE
 *
 * Who takes a lock over writes himself into the file that is there, under flock, after he has
 * looked once more at who it belongs to: two that find the same dead owner cannot both become the
 * next one. Where a file system has no flock, what was written is read back. Renewing and releasing
 * begin with a look at whether the lock is still ours.
 */
#include "qgrid/lock.h"

#include "qgrid/clock.h"
#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { ATTEMPTS = 100, MOST_HELD = 4 };
static const double NAP = 0.02;  /* until the next attempt, while another process is at it */
static const double WATCH = 0.1; /* of `stale`: before another host's lock is taken over */
static const double FUTURE = 2;  /* seconds: more than that is another clock */
static const double YOUNG = 2;   /* seconds for which a lock may be empty */

typedef struct owner {
    char host[65], boot[65], pids[65];
    long pid;
    uint64_t start; /* of the process, in clock ticks since boot */
} owner;

/* A lock as it was found. */
typedef struct found {
    int fd;
    struct stat st;
    owner owner;
    bool readable;
    double stale; /* seconds without a sign of life after which another host is gone */
} found;

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
    if (readlink("/proc/self/ns/pid", o->pids, sizeof o->pids - 1) < 0 || !o->boot[0])
        snprintf(o->pids, sizeof o->pids, "-");
    if (!o->boot[0])
        snprintf(o->boot, sizeof o->boot, "-");
    o->pid = (long)getpid();
    o->start = qg_process_start(o->pid);
}

static void own_line(char line[QG_LOCK_LINE])
{
    owner o;
    describe_self(&o);
    snprintf(line, QG_LOCK_LINE, "host %s pid %ld start %" PRIu64 " boot %s pids %s\n", o.host,
             o.pid, o.start, o.boot, o.pids);
}

static void read_fd(char line[QG_LOCK_LINE], int fd)
{
    ssize_t n = pread(fd, line, QG_LOCK_LINE - 1, 0);
    line[n > 0 ? n : 0] = 0;
}

static void parse(found *f)
{
    char line[QG_LOCK_LINE];
    owner *o = &f->owner;
    read_fd(line, f->fd);
    memset(o, 0, sizeof *o);
    int n = sscanf(line, "host %64s pid %ld start %" SCNu64 " boot %64s pids %64s", o->host,
                   &o->pid, &o->start, o->boot, o->pids);
    f->readable = n >= 4 && o->pid > 0;
}

/* What the file system says the time is: its clock and ours may differ. */
static struct timespec time_there(const char *path)
{
    char tmp[4096];
    int fd;
    struct stat st = {.st_mtim = {.tv_sec = time(NULL)}};
    if (qg_file_temporary(&fd, tmp, sizeof tmp, path) != QG_OK) {
        qg_error_clear();
        return st.st_mtim;
    }
    fstat(fd, &st);
    close(fd);
    unlink(tmp);
    return st.st_mtim;
}

static double age_of(const found *f, const char *path)
{
    struct timespec now = time_there(path);
    return difftime(now.tv_sec, f->st.st_mtim.tv_sec);
}

static bool same_beat(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* How long this process has seen that very sign of life, by its own clock. */
static double unchanged_for(const found *f)
{
    static struct stat last;
    static double since;
    if (!same_beat(&last, &f->st)) {
        last = f->st;
        since = qg_clock();
    }
    return qg_clock() - since;
}

/* Another host's: by its signs of life. The clock that made them may be wrong, so it is watched for
 * two of them before it is called dead. */
static bool is_silent(const found *f, const char *path)
{
    struct stat now;
    double end = qg_clock() + WATCH * f->stale;
    if (unchanged_for(f) > f->stale)
        return true;
    if (!(age_of(f, path) > f->stale))
        return false;
    while (qg_clock() < end) {
        if (fstat(f->fd, &now) != 0 || !same_beat(&now, &f->st))
            return false;
        qg_sleep(NAP);
    }
    return true;
}

/* Whether the owner is gone; `why` says how we know. */
static bool is_stale(const found *f, const char *path, const char **why)
{
    owner self;
    const owner *o = &f->owner;
    describe_self(&self);
    *why = "it was left over by a crash";
    if (!f->readable)
        return is_silent(f, path);
    bool here = strcmp(o->host, self.host) == 0;
    if (here && strcmp(o->boot, self.boot) != 0)
        return true;
    /* In another container processes have numbers of their own. */
    if (!here || (o->pids[0] && strcmp(o->pids, self.pids) != 0)) {
        *why = "its host has given no sign of life";
        return is_silent(f, path);
    }
    /* Gone, or the number belongs to another process now. */
    return qg_process_start(o->pid) != o->start;
}

static qg_code refuse(const char *results, const char *lock, const found *f)
{
    owner self;
    const owner *o = &f->owner;
    char skew[100] = "";
    double age = age_of(f, lock);
    describe_self(&self);
    if (age < -FUTURE)
        snprintf(skew, sizeof skew,
                 ", whose last sign of life lies %.0f s in the future (clocks differ)", -age);
    if (!f->readable)
        return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                          "%s exists and is not readable as a lock%s; if no run is going on, type: "
                          "rm '%s'",
                          lock, skew, lock);
    if (strcmp(o->host, self.host) == 0 && (!o->pids[0] || strcmp(o->pids, self.pids) == 0))
        return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                          "another run holds this file: process %ld on %s", o->pid, o->host);
    return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                      "another run holds this file: process %ld on %s%s; if it is gone, type: rm "
                      "'%s'",
                      o->pid, o->host, skew, lock);
}

static qg_code not_a_lock(const char *results, const char *lock, const struct stat *st)
{
    return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                      "%s is %s and no lock of a run; remove it, or use --output", lock,
                      S_ISLNK(st->st_mode)    ? "a link"
                      : S_ISDIR(st->st_mode)  ? "a folder"
                      : S_ISFIFO(st->st_mode) ? "a named pipe"
                      : S_ISSOCK(st->st_mode) ? "a socket"
                                              : "a device");
}

/* The lock that is there, open; *fd = -1: it has just gone. Nothing but a plain file is opened. */
static qg_code open_existing(int *fd, const char *results, const char *path)
{
    struct stat st;
    *fd = -1;
    if (lstat(path, &st) != 0)
        return QG_OK;
    if (!S_ISREG(st.st_mode))
        return not_a_lock(results, path, &st);
    *fd = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 && errno == EACCES) /* another user's: to be named, not to be taken */
        *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd < 0 && errno != ENOENT && errno != ELOOP)
        return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL,
                          "%s exists and cannot be read: %s; another user may run on this file",
                          path, strerror(errno));
    return QG_OK;
}

/* Whether the open file is the one that the path names. */
static bool is_at(int fd, const char *path, struct stat *st)
{
    struct stat named;
    return fstat(fd, st) == 0 && S_ISREG(st->st_mode) && lstat(path, &named) == 0 &&
           named.st_dev == st->st_dev && named.st_ino == st->st_ino;
}

static bool is_ours(const qg_lock *l)
{
    char line[QG_LOCK_LINE];
    struct stat st;
    if (!is_at(l->fd, l->path, &st))
        return false;
    read_fd(line, l->fd);
    return strcmp(line, l->line) == 0;
}

/* Locks that a fatal signal has to remove. */
static const qg_lock *volatile held[MOST_HELD];

static void remember(const qg_lock *l, const qg_lock *in_place_of)
{
    for (int i = 0; i < MOST_HELD; i++)
        if (held[i] == in_place_of) {
            held[i] = l;
            return;
        }
}

static qg_code write_lock(qg_lock *l, int fd, const char *results)
{
    size_t n = strlen(l->line);
    if (pwrite(fd, l->line, n, 0) != (ssize_t)n || ftruncate(fd, (off_t)n) != 0 ||
        futimens(fd, NULL) != 0)
        return QG_FAIL_AT(QG_EIO, l->path, 0, 0, NULL, "cannot write: %s", strerror(errno));
    l->fd = fd;
    if (!is_ours(l))
        return QG_FAIL_AT(QG_ELOCKED, results, 0, 0, NULL, "another run has just taken this file");
    l->held = 1;
    remember(l, NULL);
    return QG_OK;
}

/* With the file open and nobody else at it; `created`: by us. */
static qg_code claim(qg_lock *l, int fd, const char *results, double stale, bool created)
{
    found f = {.fd = fd, .stale = stale};
    const char *why;
    if (!is_at(fd, l->path, &f.st))
        return QG_OK; /* released just now */
    parse(&f);
    if (!created && f.st.st_size == 0 && age_of(&f, l->path) < YOUNG)
        return QG_OK; /* about to be written */
    if (!created || f.st.st_size > 0) {
        if (!is_stale(&f, l->path, &why))
            return refuse(results, l->path, &f);
        qg_warn("taking over %s of process %ld on %s: %s", l->path, f.owner.pid,
                f.owner.host[0] ? f.owner.host : "?", why);
    }
    qg_code rc = write_lock(l, fd, results);
    if (rc == QG_EIO && created)
        unlink(l->path);
    return rc;
}

/* QG_OK without holding it: to be tried again. */
static qg_code attempt(qg_lock *l, const char *results, double stale)
{
    int fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    bool created = fd >= 0;
    if (!created && errno != EEXIST)
        return QG_FAIL_AT(QG_EIO, l->path, 0, 0, NULL, "cannot create: %s", strerror(errno));
    if (!created)
        QG_TRY(open_existing(&fd, results, l->path));
    if (fd < 0)
        return QG_OK;
    /* Somebody who looks at ours while it is empty lets go of it at once. */
    bool busy = flock(fd, LOCK_EX | (created ? 0 : LOCK_NB)) != 0 && errno == EWOULDBLOCK;
    qg_code rc = busy ? QG_OK : claim(l, fd, results, stale, created);
    flock(fd, LOCK_UN);
    if (!l->held)
        close(fd);
    return rc;
}

/* With the path of a lock that is nobody's yet. */
static qg_code prepare(qg_lock *l, const char *results_path)
{
    *l = (qg_lock){.fd = -1};
    int n = snprintf(l->path, sizeof l->path, "%s.lock", results_path);
    if (n < 0 || (size_t)n >= sizeof l->path)
        return QG_FAIL_AT(QG_EIO, results_path, 0, 0, NULL, "path is too long");
    return QG_OK;
}

qg_code qg_lock_take(qg_lock *l, const char *results_path, double stale)
{
    QG_TRY(prepare(l, results_path));
    own_line(l->line);
    for (int i = 0; i < ATTEMPTS; i++) {
        QG_TRY(attempt(l, results_path, stale));
        if (l->held)
            return QG_OK;
        qg_sleep(NAP);
    }
    return QG_FAIL_AT(QG_ELOCKED, results_path, 0, 0, NULL, "another run has just taken this file");
}

qg_code qg_lock_look(bool *left_over, const char *results_path, double stale)
{
    qg_lock l;
    found f = {.stale = stale};
    const char *why;
    *left_over = false;
    QG_TRY(prepare(&l, results_path));
    QG_TRY(open_existing(&f.fd, results_path, l.path));
    if (f.fd < 0)
        return QG_OK;
    if (is_at(f.fd, l.path, &f.st)) {
        parse(&f);
        *left_over = is_stale(&f, l.path, &why);
    }
    qg_code rc = *left_over || f.st.st_nlink == 0 ? QG_OK : refuse(results_path, l.path, &f);
    close(f.fd);
    return rc;
}

bool qg_lock_renew(qg_lock *l)
{
    struct stat st;
    if (!l->held)
        return true;
    if (is_ours(l)) {
        futimens(l->fd, NULL);
        return true;
    }
    if (lstat(l->path, &st) != 0 && errno == ENOENT) { /* removed by hand: no reason to stop */
        int fd = open(l->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (fd >= 0) {
            int old = l->fd;
            qg_warn("%s was removed while the run goes on; it is made again", l->path);
            remember(NULL, l);
            if (write_lock(l, fd, l->path) == QG_OK) {
                close(old);
                return true;
            }
            qg_error_clear();
            close(fd);
            l->fd = old;
        }
    }
    qg_warn("%s is no longer ours: another run has taken it", l->path);
    remember(NULL, l);
    close(l->fd);
    l->held = 0;
    return false;
}

void qg_lock_release(qg_lock *l)
{
    if (!l->held)
        return;
    remember(NULL, l);
    if (is_ours(l))
        unlink(l->path);
    close(l->fd);
    l->held = 0;
}

void qg_lock_release_at_once(void)
{
    for (int i = 0; i < MOST_HELD; i++)
        if (held[i] && is_ours(held[i]))
            unlink(held[i]->path);
}
