/*
 * stop.c - counting the signals that ask to stop.
 */
#include "qgrid/stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    (void)number;
    seen++;
}

static void catch_signal(int number)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    sigaction(number, &act, NULL);
}

void qg_stop_catch(void)
{
    catch_signal(SIGTERM);
    catch_signal(SIGUSR1);
}

void qg_stop_catch_interrupt(void)
{
    catch_signal(SIGINT);
}

int qg_stop_wanted(void)
{
    return seen;
}
