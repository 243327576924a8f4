/*
 * coordinator.c - rank 0: hands out units, takes results, notices the dead.
 *
 * One step() looks at messages, clocks and signals; it runs in the loop and, through poll(),
 * between the forward passes of rank 0's own unit.
 */
#include "state.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/stop.h"

#include <stdlib.h>
#include <string.h>

static const double CHECK_SECONDS = 0.2; /* between looks at who is still there */

/* The message says which ranks were lost: then nobody may wait in MPI_Finalize. */
static qg_code send_away(qg_par *p, int rank)
{
    return qg_par_send(p, rank, QG_LEAVE, p->lost, (size_t)p->size);
}

static void hear_news(qg_farm *f, const qg_peer *p)
{
    qg_news_message m;
    memcpy(&m, f->message, sizeof m);
    m.news.text[sizeof m.news.text - 1] = 0;
    if (f->owner->told && p->leader >= 0 && m.unit == f->crew[p->leader].unit)
        f->owner->told(f->owner->ctx, f->crew[p->leader].unit, &m.news);
}

static qg_code take(qg_farm *f, int from, int tag, size_t size)
{
    qg_peer *p = &f->peer[from];
    if (size > f->cap) {
        char *m = realloc(f->message, size);
        if (!m)
            return QG_FAIL(QG_ENOMEM, "no memory for a message of %zu bytes", size);
        f->message = m;
        f->cap = size;
    }
    QG_TRY(qg_par_receive(f->par, from, tag, f->message, size));
    p->heard = qg_clock();
    if (p->lost) /* thought dead, its unit is elsewhere by now */
        return send_away(f->par, from);
    if (tag == QG_HELLO) {
        p->there = true;
        qg_sched_join(f->sched, from);
        return QG_OK;
    }
    if (tag == QG_GONE)
        return qg_crew_lose(f, from, "has lost its launcher", false);
    int32_t signals;
    if (tag == QG_STOP && size == sizeof signals) {
        memcpy(&signals, f->message, sizeof signals);
        f->signals_told = signals > f->signals_told ? signals : f->signals_told;
    }
    if (tag == QG_NEWS && size == sizeof(qg_news_message))
        hear_news(f, p);
    if (tag != QG_DONE && tag != QG_FAILED)
        return QG_OK;
    qg_report_head h;
    QG_ASSERT(size >= sizeof h);
    memcpy(&h, f->message, sizeof h);
    QG_ASSERT(p->leader >= 0 && h.unit == f->crew[p->leader].unit);
    return qg_crew_report(f, from, tag == QG_DONE, &h, f->message + sizeof h, size - sizeof h);
}

/* When rank 0 itself was away (stopped, or busy with the file), others may have been stopped with
 * it: that time is not their silence. */
static void forgive(qg_farm *f, double away)
{
    for (int r = 1; away > CHECK_SECONDS + f->options.silence / 6 && r < f->par->size; r++)
        f->peer[r].heard += away;
}

static qg_code check_peers(qg_farm *f, double now)
{
    bool alive = f->computes;
    for (int r = 1; r < f->par->size; r++) {
        qg_peer *p = &f->peer[r];
        if (p->lost)
            continue;
        if (qg_par_gone(f->par, r))
            QG_TRY(qg_crew_lose(f, r, "died", true));
        else if (now - p->heard > f->options.silence)
            QG_TRY(qg_crew_lose(f, r, "has been silent for too long", true));
        else
            alive |= !qg_sched_left_out(f->sched, r);
    }
    if (!alive) { /* everybody else is gone: rank 0 does what is left */
        f->computes = true;
        qg_sched_join(f->sched, 0);
        qg_warn("no worker is left, rank 0 computes alone");
    }
    return QG_OK;
}

static qg_code broadcast(qg_farm *f, int tag)
{
    uint32_t whatever = 0; /* the number of a DROP */
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].lost)
            QG_TRY(qg_par_send(f->par, r, tag, &whatever, tag == QG_DROP ? sizeof whatever : 0));
    return QG_OK;
}

static qg_code send_home(qg_farm *f)
{
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].lost)
            QG_TRY(send_away(f->par, r));
    return QG_OK;
}

static qg_code obey_signals(qg_farm *f, double now)
{
    /* A launcher tells all ranks the same: what counts is who was told most often. */
    int seen = qg_stop_wanted();
    if (f->signals_told > seen)
        seen = f->signals_told;
    bool late = f->options.max_seconds > 0 && now - f->start > f->options.max_seconds;
    if (!f->draining && (seen > 0 || late)) {
        f->draining = true;
        qg_sched_drain(f->sched);
        qg_note("%s: finishing what runs", seen > 0 ? "stop requested" : "time is up");
        QG_TRY(broadcast(f, QG_WIND));
    } else if (f->draining && !f->dropping && seen > 1) {
        f->dropping = true;
        qg_note("stop requested with haste: dropping what runs");
        QG_TRY(qg_crew_uncount_all(f)); /* the third wish may end this process there and then */
        QG_TRY(broadcast(f, QG_DROP));
    }
    return QG_OK;
}

/* Nobody ends the others any more, and what they report may come of that. What they compute stays
 * open; they find out by themselves. */
static qg_code stop_if_orphaned(qg_farm *f)
{
    if (f->orphaned || !qg_par_orphaned(f->par))
        return QG_OK;
    f->orphaned = f->draining = f->par->lost_ranks = true;
    qg_warn("the launcher of this run is gone: stopping");
    qg_sched_drain(f->sched);
    QG_TRY(qg_crew_uncount_all(f));
    f->dropping = true;
    return broadcast(f, QG_DROP);
}

static qg_code step(qg_farm *f)
{
    int from, tag;
    size_t size;
    QG_TRY(stop_if_orphaned(f));
    for (;;) {
        QG_TRY(qg_par_probe(f->par, &from, &tag, &size));
        if (from < 0)
            break;
        QG_TRY(take(f, from, tag, size));
    }
    double now = qg_clock();
    QG_TRY(obey_signals(f, now));
    if (now - f->last_check > CHECK_SECONDS) {
        forgive(f, now - f->last_check);
        f->last_check = now;
        QG_TRY(check_peers(f, now));
    }
    if (now - f->last_ping > f->options.silence / 6) {
        f->last_ping = now;
        QG_TRY(broadcast(f, QG_PING));
    }
    if (now - f->last_progress > 0.2) {
        f->last_progress = now;
        f->owner->progress(f->owner->ctx, f->sched, now);
    }
    return qg_crew_hand_out(f, now);
}

static bool poll(void *ctx)
{
    qg_farm *f = ctx;
    double now = qg_clock();
    if (f->fatal == QG_OK && now - f->last_step >= 5e-4) {
        f->last_step = now;
        f->fatal = step(f);
        if (f->fatal != QG_OK)
            f->why = *qg_error_last();
    }
    return f->dropping || f->crew[0].dropped || f->fatal != QG_OK;
}

static bool ending(void *ctx)
{
    return ((const qg_farm *)ctx)->draining;
}

static void tell(void *ctx, const qg_gang_news *news)
{
    qg_farm *f = ctx;
    if (f->owner->told)
        f->owner->told(f->owner->ctx, f->crew[0].unit, news);
}

/* The assignment that rank 0 gave itself. */
static qg_code run_own(qg_farm *f)
{
    qg_str result = {0}, input = f->own_input;
    qg_report_head h;
    qg_gang gang = {.par = f->par,
                    .size = f->own_size,
                    .rank = f->own_ranks,
                    .number = f->crew[0].number,
                    .poll = poll,
                    .ending = ending,
                    .tell = tell,
                    .ctx = f};
    f->own = false;
    qg_code rc = qg_farm_execute(&h, &result, f->par, f->worker, f->crew[0].unit, input.data,
                                 input.len, &gang);
    qg_error e = *qg_error_last();
    if (f->fatal != QG_OK)
        rc = qg_error_restore(&f->why);
    else if (rc == QG_OK)
        rc = qg_crew_report(f, 0, true, &h, result.data, result.len);
    else
        rc = qg_crew_report(f, 0, false, &h, &e, sizeof e);
    qg_str_fini(&input);
    qg_str_fini(&result);
    return rc;
}

static qg_code loop(qg_farm *f)
{
    double nap = 5e-5;
    QG_TRY(qg_crew_tell_finished(f));
    while (!qg_sched_finished(f->sched) && !f->orphaned) {
        QG_TRY(step(f));
        if (f->own) {
            QG_TRY(run_own(f));
            nap = 5e-5;
        } else {
            qg_farm_nap(&nap);
        }
    }
    return QG_OK;
}

static bool all_answered(const qg_farm *f, double since)
{
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].lost && (!f->peer[r].there || f->peer[r].heard < since))
            return false;
    return true;
}

/* Who does not answer any more has to be known as lost before the others are told to leave: they
 * would wait for it in MPI_Finalize. */
static qg_code call_roll(qg_farm *f)
{
    double start = qg_clock(), nap = 5e-5;
    QG_TRY(broadcast(f, QG_PING));
    while (!all_answered(f, start) && !f->orphaned) {
        QG_TRY(step(f));
        qg_farm_nap(&nap);
    }
    return QG_OK;
}

static qg_code make(qg_farm *f, const qg_workload *work)
{
    int n = f->par->size;
    bool *computes; /* the others join when they say hello */
    QG_NEW(f->told, f->arena, f->n_tasks);
    QG_NEW(f->peer, f->arena, n);
    QG_NEW(f->crew, f->arena, n);
    QG_NEW(f->ranks, f->arena, n);
    QG_NEW(f->own_ranks, f->arena, n);
    QG_NEW(computes, f->arena, n);
    for (int r = 0; r < n; r++)
        f->peer[r] = (qg_peer){.leader = -1, .heard = f->start};
    computes[0] = f->computes = n < f->options.coordinate_only_from;
    return qg_sched_create(&f->sched, f->arena, work, n, f->par->node, computes);
}

/* Messages and results that were on their way when the run ended. */
static void free_all(qg_farm *f)
{
    if (f->own)
        qg_str_fini(&f->own_input);
    for (int r = 0; f->crew && r < f->par->size; r++)
        qg_str_fini(&f->crew[r].result);
    free(f->message);
}

qg_code qg_farm_run(qg_farm_outcome *out, qg_par *p, const qg_workload *work,
                    const qg_farm_worker *worker, const qg_farm_owner *owner,
                    const qg_farm_options *options, qg_arena *a)
{
    qg_farm f = {.par = p,
                 .arena = a,
                 .worker = worker,
                 .owner = owner,
                 .options = qg_farm_defaults(options),
                 .out = out,
                 .n_tasks = work->n_tasks,
                 .start = qg_clock()};
    *out = (qg_farm_outcome){0};
    f.last_ping = f.last_check = f.start;
    f.last_progress = -1;
    qg_stop_catch();
    qg_code rc = make(&f, work);
    if (rc == QG_OK)
        rc = loop(&f);
    if (rc == QG_OK)
        rc = call_roll(&f);
    qg_error why = *qg_error_last();
    if (f.sched) {
        if (qg_crew_uncount_all(&f) != QG_OK) /* of what an error has ended */
            qg_error_clear();
        int open, running, done, failed;
        qg_sched_count(f.sched, &open, &running, &done, &failed);
        out->interrupted = open > 0 && f.draining;
        qg_crew_say_why_open(&f, rc == QG_OK ? open : 0);
        out->seconds = qg_clock() - f.start;
    }
    if (f.peer && (rc != QG_OK ? broadcast(&f, QG_DROP) : QG_OK) == QG_OK && send_home(&f) != QG_OK)
        qg_error_clear();
    free_all(&f);
    return rc == QG_OK ? QG_OK : qg_error_restore(&why);
}

void qg_farm_dismiss(qg_par *p)
{
    for (int r = 1; r < p->size; r++)
        if (send_away(p, r) != QG_OK)
            qg_log_error(qg_error_last());
}
