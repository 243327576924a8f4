/*
 * crew_place.c - rank 0: trouble of a place, told with rank and machine.
 */
#include "state.h"

#include "qgrid/log.h"

#include <string.h>

enum { TEXT = 1024 };

/* The same on two machines, or no memory again and again: it is not the place. */
static qg_code fail(qg_farm *f, const qg_unit_report *r, const qg_error *why, int rank)
{
    qg_error e = *why;
    size_t n = strlen(e.msg);
    int times = qg_sched_losses(f->sched, r->unit);
    if (times >= QG_SCHED_LOSSES)
        snprintf(e.msg + n, sizeof e.msg - n, " (tried %d times, the last time alone, on %s)",
                 times, f->par->hosts[rank]);
    else
        snprintf(e.msg + n, sizeof e.msg - n, " (on %s, and before on another machine)",
                 f->par->hosts[rank]);
    QG_TRY(f->owner->failed(f->owner->ctx, r, &e));
    return qg_crew_tell_finished(f);
}

qg_code qg_crew_trouble(qg_farm *f, const qg_unit_report *r, const qg_error *why, int rank)
{
    char text[TEXT];
    bool failed;
    const char *host = f->par->hosts[rank];
    QG_TRY(qg_sched_troubled(&failed, f->sched, r->unit, rank, why));
    if (failed)
        return fail(f, r, why, rank);
    f->trouble = *why;
    f->troubled_rank = rank;
    qg_error_format(text, sizeof text, why);
    if (qg_sched_left_out(f->sched, rank))
        qg_warn("rank %d on %s is left out, twice in a row it could not do its work: %s", rank,
                host, text);
    else
        qg_warn("rank %d on %s cannot do its work, which goes to another rank: %s", rank, host,
                text);
    return QG_OK;
}

void qg_crew_say_why_open(const qg_farm *f, int open)
{
    char text[TEXT];
    if (open == 0 || f->draining || f->trouble.code == QG_OK)
        return;
    qg_error_format(text, sizeof text, &f->trouble);
    qg_warn("%d units are open, and no rank is left that can compute them: put right what is wrong "
            "on %s (rank %d), then the same command goes on: %s",
            open, f->par->hosts[f->troubled_rank], f->troubled_rank, text);
}
