/*
 * starting.c - ranks that die while MPI starts.
 *
 * Under mpirun --enable-recovery nobody ends the others then, and until all have told each other
 * who they are (par.c) nobody can be watched by name. But ranks of one node are children of one
 * launcher, which is told how many they are.
 */
#include "starting.h"

#include "qgrid/exit_status.h"
#include "qgrid/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FORK_SECONDS = 20,  /* in which a launcher has started all its ranks, however busy it is */
    START_SECONDS = 900 /* the dead of other nodes cannot be counted */
};

/* The handler's own. */
static pid_t parent;
static long ranks; /* of this node; 0: unknown */
static int seconds;
static bool all_seen, is_launcher;

/* NOLINTBEGIN(bugprone-signal-handler): they open and read files, and no more. */

static ssize_t read_text(char *text, size_t size, const char *path)
{
    size_t got = 0;
    ssize_t n = -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, text + got, size - 1 - got)) > 0)
        got += (size_t)n;
    if (fd >= 0)
        close(fd);
    text[got] = 0;
    return n < 0 ? -1 : (ssize_t)got;
}

/* Children of the launcher that have not ended; -1: this kernel does not tell. */
static long count_children(void)
{
    static char text[1 << 16];
    char path[64], *end;
    long n = 0, pid;
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    if (read_text(text, sizeof text, path) < 0)
        return -1;
    for (char *p = text; (pid = strtol(p, &end, 10)) > 0 && end > p; p = end)
        n += !qg_process_gone(pid);
    return n;
}

static void leave(const char *why)
{
    if (write(STDERR_FILENO, why, strlen(why)) < 0) { /* nobody reads it any more */
    }
    _exit(QG_EXIT_INTERRUPTED);
}

static void look(int number)
{
    (void)number;
    long n = ranks > 0 ? count_children() : -1;
    all_seen |= n >= ranks;
    if (getppid() != parent)
        leave("qgrid: the launcher is gone before the run has begun: leaving\n");
    if (n >= 0 && n < ranks && (all_seen || (is_launcher && seconds >= FORK_SECONDS)))
        leave("qgrid: a rank died before the run has begun: leaving\n");
    if (seconds++ >= START_SECONDS)
        leave("qgrid: the ranks have not found each other for too long: leaving\n");
    alarm(1);
}
/* NOLINTEND(bugprone-signal-handler) */

void qg_starting_watch(pid_t launcher)
{
    static const char *const names[] = {"mpirun\n", "mpiexec\n", "orterun\n", "orted\n"};
    char path[64], name[64];
    const char *here = getenv("OMPI_COMM_WORLD_LOCAL_SIZE");
    parent = launcher;
    ranks = here ? strtol(here, NULL, 10) : 0;
    snprintf(path, sizeof path, "/proc/%ld/comm", (long)parent);
    is_launcher = false;
    if (read_text(name, sizeof name, path) > 0)
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
            is_launcher |= strcmp(name, names[i]) == 0;
    seconds = 0;
    all_seen = false;
    signal(SIGALRM, look);
    look(SIGALRM);
}

void qg_starting_end(void)
{
    alarm(0);
    signal(SIGALRM, SIG_DFL);
}
