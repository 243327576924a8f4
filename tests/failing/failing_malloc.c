/*
 * failing_malloc.c - a qgrid in which one allocation fails: the linker puts these functions in
 * place of the C library's wherever qgrid's own code calls them (--wrap), and every request to an
 * arena is one of them. Libraries keep theirs: what Open MPI, HDF5 and OpenBLAS do without memory
 * is not ours.
 *
 * QGRID_FAIL_AT=N    the N-th allocation fails, counted from 1; without it none does
 * QGRID_FAIL_RANK=R  on that rank alone
 * QGRID_FAIL_LOG=F   F comes into being when it does, with the calls that led there
 * QGRID_FAIL_LIST=F  none fails; F gets a line "N" for the first allocation of each chain of calls
 * QGRID_FAIL_EACH=F  for each N of the lines of F a process of its own, one after the other, with
 *                    QGRID_FAIL_AT=N; @ in its arguments, in QGRID_CACHE and in QGRID_FAIL_OUT, the
 *                    file that its output goes to, is N. A line "N STATUS" for each of them; then
 *                    the shell command QGRID_FAIL_THEN, if there is one, with N and STATUS set.
 */
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cjson/cJSON.h>

enum { DEPTH = 16, SEEN = 1 << 16 };

FILE *__real_fopen(const char *path, const char *mode);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long count, fail_at;
static int list = -1;
static uint64_t seen[SEEN]; /* hashes of chains; 0: free */

static char *numbered(const char *text, long n)
{
    const char *at = text ? strchr(text, '@') : NULL;
    char *out = NULL;
    if (!at || asprintf(&out, "%.*s%ld%s", (int)(at - text), text, n, at + 1) < 0)
        return NULL;
    return out;
}

/* Goes on as the program; one that does not end is ended by the alarm. */
static void become(char **argv, long n)
{
    char *cache = numbered(getenv("QGRID_CACHE"), n), *out = numbered(getenv("QGRID_FAIL_OUT"), n);
    int fd = out ? open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    if (cache)
        setenv("QGRID_CACHE", cache, 1);
    for (; *argv; argv++) {
        char *other = numbered(*argv, n);
        *argv = other ? other : *argv;
    }
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(127);
    free(out);
    free(cache);
    alarm(60);
    fail_at = n;
}

/* Returns in the child alone. */
static void one(char **argv, long n)
{
    const char *then = getenv("QGRID_FAIL_THEN");
    char text[32];
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        become(argv, n);
        return;
    }
    if (pid < 0 || waitpid(pid, &status, 0) < 0)
        exit(127);
    status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    printf("%ld %d\n", n, status);
    fflush(stdout);
    snprintf(text, sizeof text, "%ld", n);
    setenv("N", text, 1);
    snprintf(text, sizeof text, "%d", status);
    setenv("STATUS", text, 1);
    if (then && system(then) != 0)
        exit(126);
}

/* The list is read before the first child is there: the end of one moves a file that is shared. */
static void each(char **argv, FILE *list_of)
{
    static long number[SEEN];
    char text[32];
    int n = 0;
    while (n < SEEN && fgets(text, sizeof text, list_of))
        number[n++] = strtol(text, NULL, 10);
    fclose(list_of);
    for (int i = 0; i < n && fail_at == 0; i++)
        one(argv, number[i]);
    if (fail_at == 0)
        exit(0);
}

__attribute__((constructor)) static void start(int argc, char **argv)
{
    const char *at = getenv("QGRID_FAIL_AT"), *rank = getenv("QGRID_FAIL_RANK");
    const char *mine = getenv("OMPI_COMM_WORLD_RANK"), *to = getenv("QGRID_FAIL_LIST");
    const char *from = getenv("QGRID_FAIL_EACH");
    (void)argc;
    unsetenv("QGRID_FAIL_EACH");
    if (rank && strcmp(rank, mine ? mine : "0") != 0)
        return;
    fail_at = at ? strtol(at, NULL, 10) : 0;
    if (to)
        list = open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    FILE *numbers = from ? __real_fopen(from, "re") : NULL;
    if (numbers)
        each(argv, numbers);
}

/* Addresses from the image's base on are the same in every run. */
static bool is_new(void **chain, int n)
{
    uint64_t h = 1469598103934665603u;
    for (int i = 2; i < n; i++)
        h = (h ^ (uint64_t)((char *)chain[i] - (char *)(uintptr_t)numbered)) * 1099511628211u;
    h += h == 0;
    for (size_t i = h % SEEN, k = 0; k < SEEN; i = (i + 1) % SEEN, k++) {
        if (seen[i] == h)
            return false;
        if (seen[i] == 0) {
            seen[i] = h;
            return true;
        }
    }
    return false;
}

static void note(void)
{
    void *chain[DEPTH];
    char line[32];
    int n = backtrace(chain, DEPTH);
    if (!is_new(chain, n))
        return;
    int len = snprintf(line, sizeof line, "%ld\n", count);
    if (write(list, line, (size_t)len) != len)
        abort();
}

static void tell(void)
{
    const char *to = getenv("QGRID_FAIL_LOG");
    void *chain[2 * DEPTH];
    int fd = to ? open(to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644) : -1;
    if (fd < 0)
        return;
    backtrace_symbols_fd(chain, backtrace(chain, 2 * DEPTH), fd);
    close(fd);
}

static bool fails(void)
{
    if (list < 0 && fail_at == 0)
        return false;
    pthread_mutex_lock(&lock);
    bool now = ++count == fail_at;
    if (list >= 0)
        note();
    pthread_mutex_unlock(&lock);
    if (now)
        tell();
    errno = now ? ENOMEM : errno;
    return now;
}

/* A function that returns `nothing` without memory. */
#define WRAP(type, name, nothing, parameters, ...)                                                 \
    type __real_##name parameters;                                                                 \
    type __wrap_##name parameters;                                                                 \
    type __wrap_##name parameters                                                                  \
    {                                                                                              \
        return fails() ? nothing : __real_##name(__VA_ARGS__);                                     \
    }

WRAP(void *, malloc, NULL, (size_t n), n)
WRAP(void *, calloc, NULL, (size_t n, size_t size), n, size)
WRAP(void *, realloc, NULL, (void *p, size_t n), p, n)
WRAP(int, posix_memalign, ENOMEM, (void **p, size_t align, size_t n), p, align, n)
WRAP(void *, mmap, MAP_FAILED, (void *p, size_t n, int prot, int flags, int fd, off_t at), p, n,
     prot, flags, fd, at)
WRAP(FILE *, fopen, NULL, (const char *path, const char *mode), path, mode)
WRAP(DIR *, opendir, NULL, (const char *path), path)
WRAP(cJSON *, cJSON_ParseWithLength, NULL, (const char *text, size_t n), text, n)
