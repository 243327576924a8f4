/*
 * temporary.c - what a file is written as before it gets its name, and where its name leads.
 *
 *     FILE.tmp-HOST-PID-RANDOM     16 hexadecimal digits at the end
 *
 * Two processes never share one, on whatever hosts of a shared folder they are, and nobody can know
 * the name before: it is made with O_EXCL and O_NOFOLLOW, so that nothing that lies there is
 * written to.
 */
#include "qgrid/file.h"
#include "qgrid/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOST = 65, DIGITS = 16, LINKS = 40 };
static const double OLD_SECONDS = 600; /* no writing is interrupted for so long and goes on */

static uint64_t draw(void)
{
    static uint64_t count;
    uint64_t r = 0;
    struct timespec t;
    if (getrandom(&r, sizeof r, 0) == (ssize_t)sizeof r)
        return r;
    clock_gettime(CLOCK_REALTIME, &t); /* at least no two of this process */
    return (uint64_t)t.tv_nsec << 32 ^ (uint64_t)t.tv_sec << 16 ^ ++count;
}

qg_code qg_file_temporary_name(char *out, size_t size, const char *path)
{
    char host[HOST] = "";
    gethostname(host, sizeof host - 1);
    int n = snprintf(out, size, "%s.tmp-%s-%ld-%016" PRIx64, path, host, (long)getpid(), draw());
    if (n < 0 || (size_t)n >= size)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "path is too long");
    return QG_OK;
}

qg_code qg_file_temporary(int *fd, char *out, size_t size, const char *path)
{
    QG_TRY(qg_file_temporary_name(out, size, path));
    *fd = open(out, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (*fd < 0)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "cannot create: %s", strerror(errno));
    return QG_OK;
}

/* "NAME.tmp-HOST-PID-RANDOM": whose it is. A host may have dashes in its name. */
static bool parse(char host[HOST], int64_t *pid, const char *name)
{
    const char *from = NULL, *end;
    for (const char *p = name; (p = strstr(p, ".tmp-")); p++)
        from = p + 5;
    if (!from || !(end = strrchr(from, '-')) || strlen(end + 1) != DIGITS ||
        end[1 + strspn(end + 1, "0123456789abcdef")])
        return false;
    const char *number = end;
    while (number > from && number[-1] >= '0' && number[-1] <= '9')
        number--;
    size_t n = number > from ? (size_t)(number - from) - 1 : 0;
    if (number == end || number == from || number[-1] != '-' || n >= HOST)
        return false;
    memcpy(host, from, n);
    host[n] = 0;
    *pid = strtoll(number, NULL, 10);
    return true;
}

/* Whether it is of a process of this host that is gone, and so old that none of its writes goes on.
 */
static bool abandoned(const char *path, const char *host, int64_t pid)
{
    char own[HOST] = "";
    struct stat st;
    gethostname(own, sizeof own - 1);
    return strcmp(host, own) == 0 && qg_process_gone(pid) && lstat(path, &st) == 0 &&
           difftime(time(NULL), st.st_mtime) >= OLD_SECONDS;
}

static bool is_of(const char *name, const char *of)
{
    const char *base = strrchr(of, '/');
    base = base ? base + 1 : of;
    size_t n = strlen(base);
    return strncmp(name, base, n) == 0 && strncmp(name + n, ".tmp-", 5) == 0;
}

void qg_remove_leftovers(const char *dir, const char *of)
{
    char host[HOST], path[4096];
    struct dirent *e;
    int64_t pid;
    DIR *d = opendir(dir);
    while (d && (e = readdir(d))) {
        int n = snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (!parse(host, &pid, e->d_name) || n < 0 || (size_t)n >= sizeof path ||
            !(of ? is_of(e->d_name, of) : abandoned(path, host, pid)))
            continue;
        if (qg_remove(path) != QG_OK)
            qg_error_clear(); /* somebody else's, or gone */
    }
    if (d)
        closedir(d);
}

/* What a link says, as a path from where we are. */
static bool follow(char *path, size_t size)
{
    char to[4096], all[8200];
    ssize_t n = readlink(path, to, sizeof to - 1);
    if (n < 0)
        return false;
    to[n] = 0;
    const char *slash = strrchr(path, '/');
    int len = to[0] == '/' || !slash
                  ? snprintf(all, sizeof all, "%s", to)
                  : snprintf(all, sizeof all, "%.*s/%s", (int)(slash - path), path, to);
    if (len < 0 || (size_t)len >= size)
        return false;
    memcpy(path, all, (size_t)len + 1);
    return true;
}

qg_code qg_file_target(char *out, size_t size, const char *path)
{
    struct stat st;
    int n = snprintf(out, size, "%s", path), links = 0;
    if (n < 0 || (size_t)n >= size)
        return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "path is too long");
    while (lstat(out, &st) == 0 && S_ISLNK(st.st_mode))
        if (links++ == LINKS || !follow(out, size))
            return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "is a link that leads nowhere");
    return QG_OK;
}

qg_code qg_file_check_output(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0 || S_ISREG(st.st_mode)) /* what cannot be is found when it is made */
        return QG_OK;
    return QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "is %s, a regular file is to be written",
                      S_ISDIR(st.st_mode)    ? "a folder"
                      : S_ISFIFO(st.st_mode) ? "a named pipe"
                      : S_ISSOCK(st.st_mode) ? "a socket"
                                             : "a device");
}
