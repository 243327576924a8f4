/*
 * crew.c - rank 0: units go out to ranks, alone or as gangs, and come back.
 *
 * A unit is settled when all its members have reported or died: it is done when the first member
 * has a result and nobody an error of his own, failed when somebody has one, and goes back
 * otherwise: what is lost is not failed.
 */
#include "state.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"

#include <string.h>

enum { GATHER_SECONDS = 10 }; /* gangs wait so long for ranks that have not said hello */

size_t qg_farm_ranks_size(int size)
{
    return ((size_t)size + 1) / 2 * 2 * sizeof(int32_t);
}

qg_code qg_crew_tell_finished(qg_farm *f)
{
    for (int t = 0; t < f->n_tasks; t++)
        if (!f->told[t] && qg_sched_task_finished(f->sched, t)) {
            f->told[t] = true;
            QG_TRY(f->owner->task_finished(f->owner->ctx, t));
        }
    return QG_OK;
}

static qg_code send_assignment(qg_farm *f, const qg_crew *c, int index, int size,
                               const qg_str *input)
{
    qg_str m = {0};
    int32_t pad = 0;
    qg_assign_head head = {.unit = c->unit, .number = c->number, .size = size, .index = index};
    qg_str_addn(&m, &head, sizeof head);
    qg_str_addn(&m, f->ranks, (size_t)size * sizeof *f->ranks);
    qg_str_addn(&m, &pad, qg_farm_ranks_size(size) - (size_t)size * sizeof *f->ranks);
    qg_str_addn(&m, input->data, input->len);
    qg_code rc = qg_str_status(&m);
    if (rc == QG_OK)
        rc = qg_par_send(f->par, f->ranks[index], QG_ASSIGN, m.data, m.len);
    qg_str_fini(&m);
    return rc;
}

static qg_code assign(qg_farm *f, const qg_crew *c, int size, const qg_str *input)
{
    QG_TRY(qg_str_status(input));
    for (int i = 0; i < size; i++)
        if (f->ranks[i] > 0)
            QG_TRY(send_assignment(f, c, i, size, input));
    return QG_OK;
}

/* To the first `size` of f->ranks, in rising order. */
static qg_code send_out(qg_farm *f, int unit, int size)
{
    qg_str input = {0};
    int leader = f->ranks[0];
    qg_crew *c = &f->crew[leader];
    *c = (qg_crew){.unit = unit, .number = ++f->n_gangs, .size = size, .left = size};
    for (int i = 0; i < size; i++) {
        f->peer[f->ranks[i]].leader = leader;
        f->peer[f->ranks[i]].index = i;
    }
    qg_code rc = f->owner->input(f->owner->ctx, unit, &input);
    c->counted = rc == QG_OK;
    if (rc == QG_OK)
        rc = assign(f, c, size, &input);
    if (rc == QG_OK && leader == 0) {
        memcpy(f->own_ranks, f->ranks, (size_t)size * sizeof *f->ranks);
        f->own_input = input;
        f->own_size = size;
        f->own = true;
        return QG_OK;
    }
    qg_str_fini(&input);
    return rc;
}

/* Whether all that will ever come are there: the first gangs are not to be small just because some
 * ranks start more slowly. */
static bool gathered(const qg_farm *f, double now)
{
    if (now - f->start > GATHER_SECONDS)
        return true;
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].there && !f->peer[r].lost)
            return false;
    return true;
}

qg_code qg_crew_hand_out(qg_farm *f, double now)
{
    int unit, n;
    if (gathered(f, now))
        while ((unit = qg_sched_next_gang(f->sched, f->ranks, &n)) >= 0)
            QG_TRY(send_out(f, unit, n));
    for (int i = 1; i <= f->par->size; i++) { /* rank 0 last */
        f->ranks[0] = i % f->par->size;
        if ((unit = qg_sched_next(f->sched, f->ranks[0])) >= 0)
            QG_TRY(send_out(f, unit, 1));
    }
    return QG_OK;
}

/* The members that still compute are to give up. Rank 0 looks at `dropped` itself. */
static qg_code drop(qg_farm *f, int leader)
{
    qg_crew *c = &f->crew[leader];
    if (c->dropped)
        return QG_OK;
    c->dropped = true;
    for (int r = 1; r < f->par->size && c->left > 0; r++)
        if (f->peer[r].leader == leader)
            QG_TRY(qg_par_send(f->par, r, QG_DROP, &c->number, sizeof c->number));
    return QG_OK;
}

/* That a member has given up is only an echo of what happened elsewhere; so is a message that
 * could not be delivered once a member has died or the launcher is gone. */
static bool is_echo(const qg_farm *f, const qg_crew *c, const qg_error *e)
{
    return e->code == QG_ELOST || ((c->broken || f->orphaned) && e->code == QG_EMPI);
}

/* Of several errors the lowest index's counts, echoes only where there is nothing else. */
static void blame(const qg_farm *f, qg_crew *c, int rank, const qg_error *e)
{
    int index = f->peer[rank].index;
    bool echo = is_echo(f, c, e), known_echo = c->failed && is_echo(f, c, &c->why);
    if (c->failed && ((echo && !known_echo) || (echo == known_echo && c->blamed < index)))
        return;
    c->failed = true;
    c->blamed = index;
    c->blamed_rank = e->rank > 0 && e->rank < f->par->size ? e->rank : rank;
    c->why = *e;
}

static qg_code fail(qg_farm *f, const qg_unit_report *r, const qg_error *why)
{
    QG_TRY(f->owner->failed(f->owner->ctx, r, why));
    qg_sched_failed(f->sched, r->unit);
    return qg_crew_tell_finished(f);
}

qg_code qg_crew_uncount(qg_farm *f, qg_crew *c)
{
    if (!c->counted)
        return QG_OK;
    c->counted = false;
    return f->owner->returned ? f->owner->returned(f->owner->ctx, c->unit, f->dropping) : QG_OK;
}

qg_code qg_crew_uncount_all(qg_farm *f)
{
    for (int r = 0; r < f->par->size; r++)
        if (f->crew[r].left > 0)
            QG_TRY(qg_crew_uncount(f, &f->crew[r]));
    return QG_OK;
}

/* A gang that came apart though nobody is known to be gone has lost somebody, too: what breaks off
 * again and again has an end. */
static qg_code give_back(qg_farm *f, qg_crew *c, const qg_unit_report *r)
{
    bool died = c->counted && (c->died || !(c->broken || f->draining));
    if (!died)
        QG_TRY(qg_crew_uncount(f, c));
    if (!qg_sched_dropped(f->sched, r->unit, died))
        return QG_OK;
    (void)QG_FAIL(QG_ELOST, "ranks died while computing this unit, %d times",
                  qg_sched_losses(f->sched, r->unit));
    QG_TRY(f->owner->failed(f->owner->ctx, r, qg_error_last()));
    return qg_crew_tell_finished(f);
}

/* All members have reported or died. The result is the first member's. */
static qg_code settle(qg_farm *f, int leader, const void *result, size_t size)
{
    qg_crew *c = &f->crew[leader];
    qg_unit_report r = {.unit = c->unit,
                        .rank = leader,
                        .members = c->size,
                        .host = c->head.host,
                        .seconds = c->head.seconds,
                        .cpu_seconds = c->head.cpu_seconds,
                        .peak_rss = c->head.peak_rss};
    bool own_error = c->failed && !is_echo(f, c, &c->why);
    if (c->finished && !own_error) {
        QG_TRY(f->owner->done(f->owner->ctx, &r, result, size));
        qg_sched_done(f->sched, r.unit);
        return qg_crew_tell_finished(f);
    }
    if (own_error && qg_code_scope(c->why.code) == QG_SCOPE_PLACE && !f->options.places_fail) {
        if (c->why.code != QG_ENOMEM)
            QG_TRY(qg_crew_uncount(f, c));
        return qg_crew_trouble(f, &r, &c->why, c->blamed_rank);
    }
    return own_error ? fail(f, &r, &c->why) : give_back(f, c, &r);
}

/* Seconds and host are the first member's; processor time is everybody's. */
static void add_head(qg_crew *c, int index, const qg_report_head *h)
{
    double cpu = c->head.cpu_seconds + h->cpu_seconds;
    int64_t most = c->head.peak_rss > h->peak_rss ? c->head.peak_rss : h->peak_rss;
    if (index == 0)
        c->head = *h;
    c->head.host[sizeof c->head.host - 1] = 0;
    c->head.cpu_seconds = cpu;
    c->head.peak_rss = most;
}

/* What another rank sent ends where its fields do, and has a code that is known. */
static void end_texts(qg_error *e)
{
    e->path[sizeof e->path - 1] = e->field[sizeof e->field - 1] = 0;
    e->msg[sizeof e->msg - 1] = e->src[sizeof e->src - 1] = 0;
    if (e->code <= QG_OK || e->code >= QG_ERR_COUNT)
        e->code = QG_EBUG;
}

qg_code qg_crew_report(qg_farm *f, int rank, bool ok, const qg_report_head *h, const void *data,
                       size_t size)
{
    qg_peer *p = &f->peer[rank];
    int leader = p->leader;
    qg_crew *c = &f->crew[leader];
    qg_error e;
    p->leader = -1;
    c->left--;
    add_head(c, p->index, h);
    if (!ok) {
        QG_ASSERT(size == sizeof e);
        memcpy(&e, data, sizeof e);
        end_texts(&e);
        blame(f, c, rank, &e);
        QG_TRY(drop(f, leader));
    } else if (p->index == 0) {
        c->finished = true;
        if (c->left == 0)
            return settle(f, leader, data, size);
        qg_str_addn(&c->result, data, size);
        QG_TRY(qg_str_status(&c->result));
    }
    if (c->left > 0)
        return QG_OK;
    qg_code rc = settle(f, leader, c->result.data, c->result.len);
    qg_str_fini(&c->result);
    return rc;
}

qg_code qg_crew_lose(qg_farm *f, int rank, const char *how, bool died)
{
    qg_peer *p = &f->peer[rank];
    int leader = p->leader;
    p->lost = true;
    p->leader = -1;
    f->out->lost_ranks++;
    f->par->lost_ranks = true;
    f->par->lost[rank] = true;
    (void)qg_sched_lost(f->sched, rank);
    if (leader < 0) {
        qg_warn("rank %d %s", rank, how);
        return QG_OK;
    }
    qg_warn("rank %d %s; its work goes back to the queue", rank, how);
    qg_crew *c = &f->crew[leader];
    c->broken = true;
    c->died |= died;
    c->left--;
    if (c->left > 0)
        return drop(f, leader);
    qg_code rc = settle(f, leader, c->result.data, c->result.len);
    qg_str_fini(&c->result);
    return rc;
}
