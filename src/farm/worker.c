/*
 * worker.c - ranks 1..: take an assignment, compute, report; and what both sides share.
 */
#include "messages.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"
#include "qgrid/stop.h"

#include <stdlib.h>
#include <string.h>

enum { BUSY = 5 }; /* rank 0, which may be busy with the file, is given so much more time */
enum { NEWS_SECONDS = 1 };

qg_farm_options qg_farm_defaults(const qg_farm_options *o)
{
    qg_farm_options d = *o;
    if (!(d.heartbeat > 0))
        d.heartbeat = 1;
    if (!(d.silence > 0))
        d.silence = 60;
    if (d.heartbeat > d.silence / 6) /* several signs of life are missed before a rank is lost */
        d.heartbeat = d.silence / 6;
    if (d.coordinate_only_from <= 0)
        d.coordinate_only_from = 17;
    return d;
}

qg_code qg_farm_execute(qg_report_head *head, qg_str *result, const qg_par *p,
                        const qg_farm_worker *w, int64_t unit, const void *input, size_t size,
                        const qg_gang *gang)
{
    double start = qg_clock(), cpu = qg_clock_cpu();
    *head = (qg_report_head){.unit = unit};
    snprintf(head->host, sizeof head->host, "%s", p->host);
    qg_error_clear();
    qg_code rc = w->execute(w->ctx, input, size, result, gang);
    head->seconds = qg_clock() - start;
    head->cpu_seconds = qg_clock_cpu() - cpu;
    head->peak_rss = qg_peak_rss();
    return rc;
}

void qg_farm_nap(double *seconds)
{
    qg_sleep(*seconds);
    *seconds = *seconds < 1e-3 ? 2 * *seconds : 2e-3;
}

typedef struct worker {
    qg_par *par;
    const qg_farm_worker *callbacks;
    qg_farm_options options;
    double last_beat, last_heard, last_news;
    int32_t signals; /* that rank 0 was told of */
    bool leave, drop, wind;
    bool asked;      /* by rank 0 whether it is there */
    uint32_t number; /* of the gang it computes in, 0: none */
    int64_t unit;    /* ... and what it computes */
    char *input;     /* the assignment in hand */
    size_t size, cap;
    bool assigned;
    bool orphan; /* leaves because nobody is there any more */
} worker;

static qg_code reserve(worker *w, size_t size)
{
    if (size <= w->cap)
        return QG_OK;
    char *p = realloc(w->input, size);
    if (!p)
        return QG_FAIL(QG_ENOMEM, "no memory for an assignment of %zu bytes", size);
    w->input = p;
    w->cap = size;
    return QG_OK;
}

/* What a message from rank 0 means, the assignment apart. */
static void hear(worker *w, int tag, const char *data, size_t size)
{
    w->last_heard = qg_clock();
    uint32_t number;
    if (tag == QG_DROP && size == sizeof number) {
        memcpy(&number, data, sizeof number);
        w->drop |= w->number > 0 && (number == 0 || number == w->number);
    }
    w->wind |= tag == QG_WIND;
    w->asked |= tag == QG_PING;
    w->leave |= tag == QG_LEAVE;
    for (size_t r = 0; tag == QG_LEAVE && r < size && r < (size_t)w->par->size; r++) {
        w->par->lost[r] |= data[r] != 0;
        w->par->lost_ranks |= data[r] != 0;
    }
}

/* Takes in everything that has arrived. */
static qg_code listen_all(worker *w)
{
    int from, tag;
    size_t size;
    for (;;) {
        QG_TRY(qg_par_probe(w->par, &from, &tag, &size));
        if (from < 0 || w->assigned)
            return QG_OK; /* one assignment at a time stays in hand */
        QG_TRY(reserve(w, size));
        QG_TRY(qg_par_receive(w->par, from, tag, w->input, size));
        if (tag == QG_ASSIGN) {
            w->size = size;
            w->assigned = true;
        }
        hear(w, tag, w->input, size);
    }
}

/* Rank 0 is dead, and who is on other nodes cannot see it. */
static void pass_on(worker *w)
{
    const qg_par *p = w->par;
    for (int r = 1; r < p->size; r++)
        if (p->node[r] != p->node[0] &&
            qg_par_send(w->par, r, QG_LEAVE, p->lost, (size_t)p->size) != QG_OK)
            qg_error_clear();
    qg_par_flush(w->par, 1);
}

/* The launcher's daemon is gone, rank 0 is dead, or it has been silent for very long. If rank 0 is
 * there it is told, so that what this rank has in hand goes to another. */
static qg_code leave_if_orphaned(worker *w)
{
    bool dead = qg_par_gone(w->par, 0);
    bool silent = qg_clock() - w->last_heard > BUSY * w->options.silence;
    if (w->leave || (!qg_par_orphaned(w->par) && !dead && !silent))
        return QG_OK;
    w->orphan = w->leave = w->par->lost_ranks = true;
    if (dead || silent) {
        qg_warn("rank 0 %s: leaving", dead ? "died" : "has been silent for too long");
        w->par->lost[0] = true;
    }
    if (!dead)
        return qg_par_send(w->par, 0, QG_GONE, NULL, 0);
    pass_on(w);
    return QG_OK;
}

/* A signal that came to this rank alone is a wish all the same. */
static qg_code tell_signals(worker *w)
{
    int32_t n = qg_stop_wanted();
    if (n == w->signals)
        return QG_OK;
    w->signals = n;
    return qg_par_send(w->par, 0, QG_STOP, &n, sizeof n);
}

static qg_code beat(worker *w)
{
    double now = qg_clock(), since = now - w->last_beat;
    QG_TRY(tell_signals(w));
    if (since < w->options.heartbeat && !w->asked)
        return QG_OK;
    w->asked = false;
    if (since >
        w->options.heartbeat + w->options.silence / 6) /* away itself: not rank 0's silence */
        w->last_heard += since;
    w->last_beat = now;
    QG_TRY(leave_if_orphaned(w));
    if (w->leave)
        return QG_OK;
    return qg_par_send(w->par, 0, QG_BEAT, NULL, 0);
}

/* Between forward passes. The assignment's bytes are still needed, so only short messages are
 * taken; a next assignment stays where it is. */
static bool poll(void *ctx)
{
    worker *w = ctx;
    int from, tag;
    size_t size;
    char scrap[64];
    if (beat(w) != QG_OK)
        return true;
    while (qg_par_probe(w->par, &from, &tag, &size) == QG_OK && from >= 0 && tag != QG_ASSIGN &&
           size <= sizeof scrap) {
        if (qg_par_receive(w->par, from, tag, scrap, size) != QG_OK)
            return true;
        hear(w, tag, scrap, size);
    }
    return w->drop || w->leave;
}

static bool ending(void *ctx)
{
    return ((const worker *)ctx)->wind;
}

/* News that could not be sent are not missed. */
static void tell(void *ctx, const qg_gang_news *news)
{
    worker *w = ctx;
    double now = qg_clock();
    qg_news_message m = {.unit = w->unit, .news = *news};
    if (now - w->last_news < NEWS_SECONDS)
        return;
    w->last_news = now;
    if (qg_par_send(w->par, 0, QG_NEWS, &m, sizeof m) != QG_OK)
        qg_error_clear();
}

static qg_code report(worker *w, qg_code rc, const qg_report_head *head, const qg_str *result)
{
    qg_str m = {0};
    qg_error e = *qg_error_last();
    if (e.rank == 0) /* else a gang's other member has told it */
        e.rank = w->par->rank;
    qg_str_addn(&m, head, sizeof *head);
    if (rc == QG_OK)
        qg_str_addn(&m, result->data, result->len);
    else
        qg_str_addn(&m, &e, sizeof e);
    qg_code sent = qg_str_status(&m);
    if (sent == QG_OK)
        sent = qg_par_send(w->par, 0, rc == QG_OK ? QG_DONE : QG_FAILED, m.data, m.len);
    qg_str_fini(&m);
    return sent;
}

static qg_code work(worker *w)
{
    qg_str result = {0};
    qg_report_head head;
    qg_assign_head a;
    QG_ASSERT(w->input && w->size >= sizeof a);
    memcpy(&a, w->input, sizeof a);
    size_t start = sizeof a + qg_farm_ranks_size(a.size);
    QG_ASSERT(a.size > 0 && a.index >= 0 && a.index < a.size && w->size >= start);
    int32_t *ranks = malloc(qg_farm_ranks_size(a.size));
    if (!ranks)
        return QG_FAIL(QG_ENOMEM, "no memory for a gang of %d ranks", (int)a.size);
    memcpy(ranks, w->input + sizeof a, (size_t)a.size * sizeof *ranks);
    qg_gang gang = {.par = w->par,
                    .size = a.size,
                    .index = a.index,
                    .rank = ranks,
                    .number = a.number,
                    .poll = poll,
                    .ending = ending,
                    .tell = tell,
                    .ctx = w};
    w->number = a.number;
    w->unit = a.unit;
    qg_code rc = qg_farm_execute(&head, &result, w->par, w->callbacks, a.unit, w->input + start,
                                 w->size - start, &gang);
    w->assigned = w->drop = false;
    w->number = 0;
    if (a.index > 0)
        qg_str_clear(&result);
    rc = report(w, rc, &head, &result);
    qg_str_fini(&result);
    free(ranks);
    return rc;
}

static qg_code serve(worker *w)
{
    double nap = 5e-5;
    QG_TRY(qg_par_send(w->par, 0, QG_HELLO, NULL, 0));
    while (!w->leave) {
        QG_TRY(listen_all(w));
        if (w->assigned) {
            QG_TRY(work(w));
            nap = 5e-5;
            continue;
        }
        QG_TRY(beat(w));
        qg_farm_nap(&nap);
    }
    return QG_OK;
}

qg_code qg_farm_serve(qg_par *p, const qg_farm_worker *callbacks, const qg_farm_options *options)
{
    worker w = {.par = p,
                .callbacks = callbacks,
                .options = qg_farm_defaults(options),
                .last_heard = qg_clock()};
    w.last_beat = w.last_heard;
    qg_stop_catch(); /* rank 0 is told of them */
    qg_code rc = serve(&w);
    free(w.input);
    if (w.orphan)
        return QG_FAIL(QG_ELOST, "the run has lost rank 0");
    return rc;
}
