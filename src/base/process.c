/*
 * process.c - other processes and memory, by /proc; children.
 */
#include "qgrid/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t qg_process_start(int64_t pid)
{
    char path[64], line[1024] = "";
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    ssize_t n = read(fd, line, sizeof line - 1);
    close(fd);
    line[n > 0 ? n : 0] = 0;
    char *p = strrchr(line, ')');
    /* The name in field 2 may hold anything, so fields are counted from its end: state is 3. */
    if (!p || strlen(p) < 3 || p[2] == 'Z' || p[2] == 'X')
        return 0;
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    return p ? strtoull(p, NULL, 10) : 0;
}

bool qg_process_gone(int64_t pid)
{
    return pid > 0 && qg_process_start(pid) == 0;
}

/* "VmHWM:    1234 kB" of a file in /proc, in bytes. */
static int64_t kilobytes(const char *path, const char *key)
{
    char line[256];
    int64_t v = 0;
    size_t n = strlen(key);
    FILE *f = fopen(path, "r");
    while (f && v == 0 && fgets(line, sizeof line, f))
        if (strncmp(line, key, n) == 0 && line[n] == ':')
            v = strtoll(line + n + 1, NULL, 10) * 1024;
    if (f)
        fclose(f);
    return v;
}

qg_memory qg_process_memory(void)
{
    static const char status[] = "/proc/self/status";
    return (qg_memory){.peak_rss = kilobytes(status, "VmHWM"),
                       .rss = kilobytes(status, "VmRSS"),
                       .anon = kilobytes(status, "RssAnon"),
                       .pss = kilobytes("/proc/self/smaps_rollup", "Pss")};
}

/* What a child sends back. */
enum { RESULT_MAX = 4096 };
typedef struct answer {
    qg_code code;
    qg_error error;
    _Alignas(16) char result[RESULT_MAX];
} answer;

static void child(int fd, qg_code (*fn)(void *, void *), void *ctx)
{
    answer a = {0};
    const char *p = (const char *)&a;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* no measuring for nobody */
    a.code = fn(ctx, a.result);
    a.error = *qg_error_last();
    for (size_t done = 0; done < sizeof a;) {
        ssize_t n = write(fd, p + done, sizeof a - done);
        if (n <= 0 && errno != EINTR)
            _exit(1);
        done += n > 0 ? (size_t)n : 0;
    }
    _exit(0);
}

static size_t receive(answer *a, int fd)
{
    size_t got = 0;
    while (got < sizeof *a) {
        ssize_t n = read(fd, (char *)a + got, sizeof *a - got);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        got += n > 0 ? (size_t)n : 0;
    }
    return got;
}

qg_code qg_process_child(qg_code (*fn)(void *ctx, void *result), void *ctx, void *result,
                         size_t size)
{
    int fd[2], status = 0;
    answer a = {0};
    QG_ASSERT(size <= RESULT_MAX);
    fflush(NULL);
    if (pipe(fd) != 0)
        return QG_FAIL(QG_EIO, "cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        close(fd[0]);
        child(fd[1], fn, ctx);
    }
    close(fd[1]);
    size_t got = pid < 0 ? 0 : receive(&a, fd[0]);
    close(fd[0]);
    if (pid < 0)
        return QG_FAIL(QG_EIO, "cannot start a process: %s", strerror(errno));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (got < sizeof a)
        return QG_FAIL(QG_EBUG, "a child process died (%s %d)",
                       WIFSIGNALED(status) ? "signal" : "status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (a.code != QG_OK)
        return qg_error_restore(&a.error);
    if (size)
        memcpy(result, a.result, size);
    return QG_OK;
}
