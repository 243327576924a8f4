/*
 * clock.c - monotonic time, CPU time, peak memory.
 */
#include "qgrid/clock.h"

#include <sys/resource.h>
#include <time.h>

static double seconds(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double qg_clock(void)
{
    return seconds(CLOCK_MONOTONIC);
}

double qg_clock_cpu(void)
{
    return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

void qg_sleep(double s)
{
    if (!(s > 0))
        return;
    struct timespec t = {.tv_sec = (time_t)s};
    t.tv_nsec = (long)((s - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

int64_t qg_peak_rss(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (int64_t)u.ru_maxrss * 1024;
}
