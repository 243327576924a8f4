/*
 * stop.c - counting the signals that ask to stop.
 *
 * The same wish comes along several ways: a launcher passes it on to ranks that a batch system has
 * told already. What comes within half a second of a counted signal is its echo.
 */
#include "qgrid/stop.h"

#include "qgrid/exit_status.h"
#include "qgrid/lock.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const double echo_seconds = 0.5;
static volatile sig_atomic_t seen;
static bool launched; /* by mpirun */
static double last;   /* only the handler's, which no other of these signals interrupts */

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
    if (seen < QG_STOP_END)
        return;
    qg_lock_release_at_once();
    _exit(QG_EXIT_INTERRUPTED);
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

int qg_stop_wanted(void)
{
    return seen;
}
