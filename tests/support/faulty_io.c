/*
 * faulty_io.c - a library for LD_PRELOAD whose file calls fail, are cut short, or are the last.
 *
 * It is no part of the test programs. All from the environment:
 *
 *     FAULTY_CALL   which calls count: open read write fsync rename close mmap truncate unlink, or
 *                   change: whatever changes a file or a folder; several, with spaces between them;
 *                   finalize: MPI_Finalize, whose path is the rank
 *     FAULTY_PATH   and on which files: a pattern of fnmatch(3); a rename counts by either name
 *     FAULTY_AT     which of them is hit: 5, or 5+ for the fifth and all after it; 0 hits none
 *     FAULTY_DO     EIO ENOSPC EDQUOT ESTALE EROFS EINTR: fails so and does nothing. short: half of
 *                   the bytes. kill: SIGKILL in its place. tear: half of the bytes, then SIGKILL.
 *                   stop: SIGSTOP before it
 *     FAULTY_LOG    "NUMBER CALL PATH" of each call that counts, added to this file
 *     FAULTY_CLOCK  SECONDS@N: from the N-th look on, the wall clock stands that much later
 *     FAULTY_HDF5   1.14.0: what the HDF5 library says that it is
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

typedef enum verdict { PASS, FAIL, HALVE, TEAR } verdict;

static const struct {
    const char *name;
    int number;
} errors[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
              {"ESTALE", ESTALE}, {"EROFS", EROFS},   {"EINTR", EINTR}};

/* The function that this library stands before. */
static void *real(const char *name)
{
    void *f = dlsym(RTLD_NEXT, name);
    if (!f)
        abort();
    return f;
}

/* Pointers to functions are not pointers to objects: the bytes are copied. */
#define REAL(f)                                                                                    \
    static __typeof__(f) *next;                                                                    \
    if (!next) {                                                                                   \
        void *found = real(#f);                                                                    \
        memcpy(&next, &found, sizeof next);                                                        \
    }

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

static void note(long n, const char *call, const char *path)
{
    char line[4200];
    const char *name = getenv("FAULTY_LOG");
    if (!name)
        return;
    int len = snprintf(line, sizeof line, "%ld %s %s\n", n, call, path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (len > 0 && fd >= 0 && syscall(SYS_write, fd, line, (size_t)len) < 0)
        abort();
    syscall(SYS_close, fd);
}

static int has_word(const char *words, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = words; (p = strstr(p, word)); p += n)
        if ((p == words || p[-1] == ' ') && (p[n] == 0 || p[n] == ' '))
            return 1;
    return 0;
}

static verdict obey(void)
{
    const char *what = getenv("FAULTY_DO");
    what = what ? what : "EIO";
    if (strcmp(what, "kill") == 0)
        die();
    if (strcmp(what, "stop") == 0)
        return kill(getpid(), SIGSTOP) == 0 ? PASS : FAIL;
    if (strcmp(what, "short") == 0)
        return HALVE;
    if (strcmp(what, "tear") == 0)
        return TEAR;
    for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++)
        if (strcmp(what, errors[i].name) == 0) {
            errno = errors[i].number;
            return FAIL;
        }
    abort();
}

/* What becomes of a call; `changes`: it changes a file or a folder. */
static verdict judge(const char *call, int changes, const char *path)
{
    static long count;
    const char *calls = getenv("FAULTY_CALL"), *pattern = getenv("FAULTY_PATH");
    const char *at = getenv("FAULTY_AT");
    if (!calls || !pattern || fnmatch(pattern, path, 0) != 0 ||
        !(has_word(calls, call) || (changes && has_word(calls, "change"))))
        return PASS;
    char *end = NULL;
    long wanted = at ? strtol(at, &end, 10) : 0;
    note(++count, call, path);
    if (wanted == 0 || count < wanted || (count > wanted && *end != '+'))
        return PASS;
    return obey();
}

static verdict judge_fd(const char *call, int changes, int fd)
{
    char link[64], path[4096];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = getenv("FAULTY_CALL") ? readlink(link, path, sizeof path - 1) : -1;
    errno = kept;
    if (n < 0)
        return PASS;
    path[n] = 0;
    return judge(call, changes, path);
}

/* How many of the bytes are moved: at least one. */
static size_t share(verdict v, size_t n)
{
    return v == PASS || n < 2 ? n : n / 2;
}

static ssize_t torn(verdict v, ssize_t n)
{
    if (v == TEAR)
        die();
    return n;
}

ssize_t write(int fd, const void *data, size_t n)
{
    REAL(write)
    verdict v = judge_fd("write", 1, fd);
    return v == FAIL ? -1 : torn(v, next(fd, data, share(v, n)));
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t at)
{
    REAL(pwrite)
    verdict v = judge_fd("write", 1, fd);
    return v == FAIL ? -1 : torn(v, next(fd, data, share(v, n), at));
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t at)
{
    return pwrite(fd, data, n, at);
}

ssize_t read(int fd, void *data, size_t n)
{
    REAL(read)
    verdict v = judge_fd("read", 0, fd);
    return v == FAIL ? -1 : next(fd, data, share(v, n));
}

ssize_t pread(int fd, void *data, size_t n, off_t at)
{
    REAL(pread)
    verdict v = judge_fd("read", 0, fd);
    return v == FAIL ? -1 : next(fd, data, share(v, n), at);
}

ssize_t pread64(int fd, void *data, size_t n, off64_t at)
{
    return pread(fd, data, n, at);
}

int open(const char *path, int flags, ...)
{
    REAL(open)
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & O_CREAT ? (mode_t)va_arg(ap, int) : 0;
    va_end(ap);
    return judge("open", flags & (O_CREAT | O_TRUNC), path) == FAIL ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & O_CREAT ? (mode_t)va_arg(ap, int) : 0;
    va_end(ap);
    return open(path, flags, mode);
}

int fsync(int fd)
{
    REAL(fsync)
    return judge_fd("fsync", 1, fd) == FAIL ? -1 : next(fd);
}

int fdatasync(int fd)
{
    REAL(fdatasync)
    return judge_fd("fsync", 1, fd) == FAIL ? -1 : next(fd);
}

/* The file is closed in any case, as on Linux. */
int close(int fd)
{
    REAL(close)
    verdict v = judge_fd("close", 0, fd);
    int kept = errno, rc = next(fd);
    if (v != FAIL)
        return rc;
    errno = kept;
    return -1;
}

int ftruncate(int fd, off_t size)
{
    REAL(ftruncate)
    return judge_fd("truncate", 1, fd) == FAIL ? -1 : next(fd, size);
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

int rename(const char *from, const char *to)
{
    REAL(rename)
    const char *pattern = getenv("FAULTY_PATH");
    const char *path = pattern && fnmatch(pattern, to, 0) != 0 ? from : to;
    return judge("rename", 1, path) == FAIL ? -1 : next(from, to);
}

int unlink(const char *path)
{
    REAL(unlink)
    return judge("unlink", 1, path) == FAIL ? -1 : next(path);
}

void *mmap(void *where, size_t size, int protection, int flags, int fd, off_t at)
{
    REAL(mmap)
    if (fd >= 0 && judge_fd("mmap", 0, fd) == FAIL)
        return MAP_FAILED;
    return next(where, size, protection, flags, fd, at);
}

void *mmap64(void *where, size_t size, int protection, int flags, int fd, off64_t at)
{
    return mmap(where, size, protection, flags, fd, at);
}

/* By how much the wall clock is wrong now. */
static time_t clock_error(void)
{
    static long looks;
    long seconds, from;
    const char *jump = getenv("FAULTY_CLOCK");
    if (!jump || sscanf(jump, "%ld@%ld", &seconds, &from) != 2 || ++looks < from)
        return 0;
    return (time_t)seconds;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    REAL(clock_gettime)
    int rc = next(id, t);
    if (rc == 0 && id == CLOCK_REALTIME)
        t->tv_sec += clock_error();
    return rc;
}

time_t time(time_t *out)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    if (out)
        *out = t.tv_sec;
    return t.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec t;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &t);
    out->tv_sec = t.tv_sec;
    out->tv_usec = t.tv_nsec / 1000;
    return 0;
}

/* As MPI's own header declares it. */
int MPI_Finalize(void);
int MPI_Finalize(void)
{
    REAL(MPI_Finalize)
    const char *rank = getenv("OMPI_COMM_WORLD_RANK");
    (void)judge("finalize", 0, rank ? rank : "0");
    return next();
}

/* As HDF5's own header declares it, which the library does not need otherwise. */
int H5get_libversion(unsigned *major, unsigned *minor, unsigned *release);
int H5get_libversion(unsigned *major, unsigned *minor, unsigned *release)
{
    REAL(H5get_libversion)
    const char *claimed = getenv("FAULTY_HDF5");
    if (claimed && sscanf(claimed, "%u.%u.%u", major, minor, release) == 3)
        return 0;
    return next(major, minor, release);
}
