/*
 * gang_rig.c - gangs in tests.
 */
#include "gang_rig.h"

#include "qgrid/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

qg_par *gang_par;

enum { GIVE_UP_SECONDS = 200 }; /* on a busy machine, under a sanitizer */
static double deadline;

static bool too_late(void *ctx)
{
    (void)ctx;
    return qg_clock() > deadline;
}

bool gang_form(qg_gang *out, int size)
{
    static int32_t ranks[64];
    static uint32_t number; /* counted by every rank, in the gang or not */
    number += 77777;
    deadline = qg_clock() + GIVE_UP_SECONDS;
    for (int i = 0; i < size; i++)
        ranks[i] = i;
    *out = (qg_gang){.par = gang_par,
                     .size = size,
                     .index = gang_par->rank,
                     .rank = ranks,
                     .number = number,
                     .poll = too_late};
    return size <= gang_par->size && gang_par->rank < size;
}

/* What a rank that does not print had to say, if it failed. */
static void tell(FILE *kept, int terminal)
{
    char line[1024];
    FILE *f = fdopen(terminal, "w");
    rewind(kept);
    while (f && fgets(line, sizeof line, kept))
        fprintf(f, "rank %d| %s", gang_par->rank, line);
    if (f)
        fclose(f);
}

int gang_main(const char *group, const struct CMUnitTest *tests, size_t n)
{
    qg_arena *a = qg_arena_create(0);
    if (!a || qg_par_start(&gang_par, a) != QG_OK)
        return 1;
    FILE *kept = gang_par->rank ? tmpfile() : NULL;
    int terminal = dup(STDERR_FILENO);
    if (kept) {
        dup2(fileno(kept), STDOUT_FILENO);
        dup2(fileno(kept), STDERR_FILENO);
    }
    int bad = qt_run(group, tests, n);
    fflush(NULL);
    if (kept && bad)
        tell(kept, terminal);
    qg_par_stop(gang_par, bad);
    qg_arena_destroy(a);
    return bad;
}
