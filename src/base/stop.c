/*
 * stop.c - counting the signals that ask to stop.
 */
#include "qgrid/stop.h"

#include <signal.h>
#include <stddef.h>

enum { SIGNALS = 3 };
static const int numbers[SIGNALS] = {SIGTERM, SIGUSR1, SIGINT};
static struct sigaction before[SIGNALS];
static volatile sig_atomic_t seen;

static void on_signal(int number)
{
    (void)number;
    seen++;
}

void qg_stop_catch(void)
{
    struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&act.sa_mask);
    for (int i = 0; i < SIGNALS; i++)
        sigaction(numbers[i], &act, &before[i]);
}

void qg_stop_release(void)
{
    for (int i = 0; i < SIGNALS; i++)
        sigaction(numbers[i], &before[i], NULL);
}

int qg_stop_wanted(void)
{
    return seen;
}
