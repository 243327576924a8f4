/*
 * farm_coordinator.c - rank 0: hands out units, takes results, notices the dead.
 *
 * One step() looks at messages, clocks and signals; it runs in the loop and, through breathe(),
 * between the forward passes of rank 0's own unit.
 */
#include "farm_messages.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/process.h"
#include "qgrid/stop.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PING_SECONDS = 10 };

typedef struct peer {
    int64_t pid;
    double heard;
    int unit; /* -1 idle */
    bool there, lost;
} peer;

typedef struct farm {
    qg_par *par;
    qg_arena *arena;
    qg_sched *sched;
    const qg_farm_worker *worker;
    const qg_farm_owner *owner;
    qg_farm_options options;
    qg_farm_outcome *out;
    int n_tasks;
    bool *told; /* [n_tasks] task_finished was called */
    bool *computes;
    peer *peer;
    char *message;
    size_t cap;
    double start, last_ping, last_check, last_progress, last_step;
    int signals_seen;
    bool draining, dropping;
    qg_code fatal; /* a GRID error from inside breathe() */
    qg_error why;
} farm;

static qg_code tell_finished_tasks(farm *f)
{
    for (int t = 0; t < f->n_tasks; t++)
        if (!f->told[t] && qg_sched_task_finished(f->sched, t)) {
            f->told[t] = true;
            QG_TRY(f->owner->task_finished(f->owner->ctx, t));
        }
    return QG_OK;
}

static qg_code finish_unit(farm *f, int rank, bool ok, const qg_report_head *h, const void *data,
                           size_t size)
{
    qg_unit_report r = {.unit = (int)h->unit,
                        .rank = rank,
                        .host = h->host,
                        .seconds = h->seconds,
                        .cpu_seconds = h->cpu_seconds,
                        .peak_rss = h->peak_rss};
    qg_error e;
    if (ok) {
        QG_TRY(f->owner->done(f->owner->ctx, &r, data, size));
        qg_sched_done(f->sched, r.unit);
        return tell_finished_tasks(f);
    }
    QG_ASSERT(size == sizeof e);
    memcpy(&e, data, sizeof e);
    if (e.code == QG_ELOST && f->draining) { /* dropped on request: it stays open */
        bool failed;
        (void)qg_sched_lost(f->sched, rank, &failed);
        return QG_OK;
    }
    QG_TRY(f->owner->failed(f->owner->ctx, &r, &e));
    qg_sched_failed(f->sched, r.unit);
    return tell_finished_tasks(f);
}

static qg_code lose(farm *f, int rank, const char *how)
{
    bool failed;
    peer *p = &f->peer[rank];
    p->lost = true;
    p->unit = -1;
    f->out->lost_ranks++;
    f->par->lost_ranks = true;
    int unit = qg_sched_lost(f->sched, rank, &failed);
    qg_warn("rank %d %s; its work goes back to the queue", rank, how);
    if (!failed)
        return QG_OK;
    qg_unit_report r = {.unit = unit, .rank = rank};
    (void)QG_FAIL(QG_ELOST, "two ranks died while computing this unit");
    QG_TRY(f->owner->failed(f->owner->ctx, &r, qg_error_last()));
    return tell_finished_tasks(f);
}

/* The message says whether ranks were lost: then nobody may wait in MPI_Finalize. */
static qg_code send_away(qg_par *p, int rank)
{
    char lost = p->lost_ranks;
    return qg_par_send(p, rank, QG_LEAVE, &lost, sizeof lost);
}

static qg_code take(farm *f, int from, int tag, size_t size)
{
    peer *p = &f->peer[from];
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
    if (tag == QG_HELLO && size == sizeof p->pid) {
        memcpy(&p->pid, f->message, sizeof p->pid);
        p->there = true;
        return QG_OK;
    }
    if (tag != QG_DONE && tag != QG_FAILED)
        return QG_OK;
    qg_report_head h;
    QG_ASSERT(size >= sizeof h);
    memcpy(&h, f->message, sizeof h);
    QG_ASSERT(p->unit >= 0 && h.unit == p->unit);
    p->unit = -1;
    h.host[sizeof h.host - 1] = 0;
    return finish_unit(f, from, tag == QG_DONE, &h, f->message + sizeof h, size - sizeof h);
}

static qg_code send_unit(farm *f, int rank, int unit)
{
    qg_str m = {0};
    int64_t id = unit;
    qg_str_addn(&m, &id, sizeof id);
    qg_code rc = f->owner->input(f->owner->ctx, unit, &m);
    if (rc == QG_OK)
        rc = qg_str_status(&m);
    if (rc == QG_OK)
        rc = qg_par_send(f->par, rank, QG_ASSIGN, m.data, m.len);
    qg_str_fini(&m);
    f->peer[rank].unit = unit;
    return rc;
}

static qg_code hand_out(farm *f)
{
    for (int r = 1; r < f->par->size; r++) {
        const peer *p = &f->peer[r];
        int unit = p->there && !p->lost && p->unit < 0 ? qg_sched_next(f->sched, r) : -1;
        if (unit >= 0)
            QG_TRY(send_unit(f, r, unit));
    }
    return QG_OK;
}

static qg_code check_peers(farm *f, double now)
{
    bool alive = f->computes[0];
    for (int r = 1; r < f->par->size; r++) {
        peer *p = &f->peer[r];
        if (p->lost)
            continue;
        bool here = f->par->node[r] == f->par->node[0];
        if (p->there && here && qg_process_gone(p->pid))
            QG_TRY(lose(f, r, "died"));
        else if (now - p->heard > f->options.silence)
            QG_TRY(lose(f, r, "has been silent for too long"));
        else
            alive = true;
    }
    if (!alive) { /* everybody else is gone: rank 0 does what is left */
        f->computes[0] = true;
        qg_warn("no worker is left, rank 0 computes alone");
    }
    return QG_OK;
}

static qg_code broadcast(farm *f, int tag)
{
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].lost)
            QG_TRY(qg_par_send(f->par, r, tag, NULL, 0));
    return QG_OK;
}

static qg_code send_home(farm *f)
{
    for (int r = 1; r < f->par->size; r++)
        if (!f->peer[r].lost)
            QG_TRY(send_away(f->par, r));
    return QG_OK;
}

static qg_code obey_signals(farm *f, double now)
{
    int seen = qg_stop_wanted();
    bool late = f->options.max_seconds > 0 && now - f->start > f->options.max_seconds;
    if (!f->draining && (seen > 0 || late)) {
        f->draining = true;
        qg_sched_drain(f->sched);
        f->signals_seen = seen;
        qg_note("%s: finishing what runs", seen > 0 ? "stop requested" : "time is up");
    } else if (f->draining && !f->dropping && seen > f->signals_seen && seen > 1) {
        f->dropping = true;
        qg_note("stop requested again: dropping what runs");
        QG_TRY(broadcast(f, QG_DROP));
    }
    return QG_OK;
}

static qg_code step(farm *f)
{
    int from, tag;
    size_t size;
    for (;;) {
        QG_TRY(qg_par_probe(f->par, &from, &tag, &size));
        if (from < 0)
            break;
        QG_TRY(take(f, from, tag, size));
    }
    double now = qg_clock();
    QG_TRY(obey_signals(f, now));
    if (now - f->last_check > 0.2) {
        f->last_check = now;
        QG_TRY(check_peers(f, now));
    }
    if (now - f->last_ping > PING_SECONDS) {
        f->last_ping = now;
        QG_TRY(broadcast(f, QG_PING));
    }
    if (now - f->last_progress > 0.2) {
        f->last_progress = now;
        f->owner->progress(f->owner->ctx, f->sched, now);
    }
    return hand_out(f);
}

static bool breathe(void *ctx)
{
    farm *f = ctx;
    double now = qg_clock();
    if (now - f->last_step < 5e-4)
        return f->dropping;
    f->last_step = now;
    f->fatal = step(f);
    if (f->fatal != QG_OK)
        f->why = *qg_error_last();
    return f->dropping || f->fatal != QG_OK;
}

static qg_code run_own(farm *f, int unit)
{
    qg_str input = {0}, result = {0};
    qg_report_head h;
    int32_t rank = 0;
    qg_gang gang = {.par = f->par, .size = 1, .rank = &rank, .breathe = breathe, .ctx = f};
    qg_code rc = f->owner->input(f->owner->ctx, unit, &input);
    if (rc == QG_OK)
        rc = qg_str_status(&input);
    if (rc == QG_OK) {
        rc = qg_farm_execute(&h, &result, f->par, f->worker, unit, input.data, input.len, &gang);
        qg_error e = *qg_error_last();
        if (f->fatal != QG_OK)
            rc = qg_error_restore(&f->why);
        else if (rc == QG_OK)
            rc = finish_unit(f, 0, true, &h, result.data, result.len);
        else
            rc = finish_unit(f, 0, false, &h, &e, sizeof e);
    }
    qg_str_fini(&input);
    qg_str_fini(&result);
    return rc;
}

static qg_code loop(farm *f)
{
    double nap = 5e-5;
    QG_TRY(tell_finished_tasks(f));
    while (!qg_sched_finished(f->sched)) {
        QG_TRY(step(f));
        int unit = f->computes[0] ? qg_sched_next(f->sched, 0) : -1;
        if (unit >= 0) {
            QG_TRY(run_own(f, unit));
            nap = 5e-5;
        } else {
            qg_farm_nap(&nap);
        }
    }
    return QG_OK;
}

static qg_code make(farm *f, const qg_task *tasks, const qg_unit *units, int n_units,
                    const uint8_t *state)
{
    int n = f->par->size;
    QG_NEW(f->told, f->arena, f->n_tasks);
    QG_NEW(f->computes, f->arena, n);
    QG_NEW(f->peer, f->arena, n);
    for (int r = 0; r < n; r++) {
        f->computes[r] = r > 0 || n < f->options.coordinate_only_from;
        f->peer[r] = (peer){.unit = -1, .heard = f->start};
    }
    return qg_sched_create(&f->sched, f->arena, tasks, f->n_tasks, units, n_units, state, n,
                           f->par->node, f->computes);
}

qg_code qg_farm_run(qg_farm_outcome *out, qg_par *p, const qg_task *tasks, int n_tasks,
                    const qg_unit *units, int n_units, const uint8_t *state,
                    const qg_farm_worker *worker, const qg_farm_owner *owner,
                    const qg_farm_options *options, qg_arena *a)
{
    farm f = {.par = p,
              .arena = a,
              .worker = worker,
              .owner = owner,
              .options = qg_farm_defaults(options),
              .out = out,
              .n_tasks = n_tasks,
              .start = qg_clock()};
    *out = (qg_farm_outcome){0};
    f.last_ping = f.last_check = f.last_progress = f.start;
    qg_stop_catch();
    qg_stop_catch_interrupt();
    qg_code rc = make(&f, tasks, units, n_units, state);
    if (rc == QG_OK)
        rc = loop(&f);
    qg_error why = *qg_error_last();
    if (f.sched) {
        int open, running, done, failed;
        qg_sched_count(f.sched, &open, &running, &done, &failed);
        out->interrupted = open > 0 && f.draining;
        out->seconds = qg_clock() - f.start;
    }
    if (f.peer && (rc != QG_OK ? broadcast(&f, QG_DROP) : QG_OK) == QG_OK && send_home(&f) != QG_OK)
        qg_error_clear();
    free(f.message);
    return rc == QG_OK ? QG_OK : qg_error_restore(&why);
}

void qg_farm_dismiss(qg_par *p)
{
    for (int r = 1; r < p->size; r++)
        if (send_away(p, r) != QG_OK)
            qg_log_error(qg_error_last());
}
