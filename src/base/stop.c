/*
 * stop.c - counting the signals that ask to stop.
 *
 * The same wish comes along several ways: a launcher passes it on to ranks that a batch system has
 * told already. What comes within half a second of a counted signal is its echo.
 */
#include "qgrid/stop.h"

#include "qgrid/exit_status.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const double echo_seconds = 0.5;
static volatile sig_atomic_t seen;
static bool launched; /* by mpirun */
static double last;   /* only the handler's, which no other of these signals interrupts */

/* What is removed when a process ends from within the handler. */
static char remains[4096];
static dev_t remains_device;
static ino_t remains_inode;
static volatile sig_atomic_t has_remains;

static void end_now(void)
{
    struct stat st;
    if (has_remains && stat(remains, &st) == 0 && st.st_dev == remains_device &&
        st.st_ino == remains_inode)
        unlink(remains);
    _exit(QG_EXIT_INTERRUPTED);
}

/* mpirun that is ended itself ends its ranks, and kills them a second later: no time to finish. */
static int wishes(int number, const siginfo_t *info)
{
    return launched && number == SIGTERM && info->si_pid == getppid() ? 2 : 1;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct timespec t;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &t);
    double now = (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
    if (seen > 0 && now - last < echo_seconds)
        return;
    last = now;
    seen += wishes(number, info);
    if (seen >= QG_STOP_END)
        end_now();
}

static void catch_signal(int number)
{
    static const int all[] = {SIGTERM, SIGUSR1, SIGINT, SIGHUP};
    struct sigaction old, act = {.sa_sigaction = on_signal, .sa_flags = SA_RESTART | SA_SIGINFO};
    sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        sigaddset(&act.sa_mask, all[i]);
    /* nohup, and shells for what they start in the background, have these ignored: so it stays. */
    if ((number == SIGHUP || number == SIGINT) && sigaction(number, NULL, &old) == 0 &&
        old.sa_handler == SIG_IGN)
        return;
    sigaction(number, &act, NULL);
}

void qg_stop_catch(void)
{
    launched = getenv("OMPI_COMM_WORLD_SIZE") != NULL;
    catch_signal(SIGTERM);
    catch_signal(SIGUSR1);
    catch_signal(SIGHUP);
    catch_signal(SIGINT);
}

void qg_stop_removes(const char *path)
{
    struct stat st;
    has_remains = 0;
    if (!path || strlen(path) >= sizeof remains || stat(path, &st) != 0)
        return;
    memcpy(remains, path, strlen(path) + 1);
    remains_device = st.st_dev;
    remains_inode = st.st_ino;
    has_remains = 1;
}

int qg_stop_wanted(void)
{
    return seen;
}
