/*
 * course.c - figures of how a run went.
 */
#include "read.h"

enum { MOST_RANKS = 100000 };

/* Work of the units: what kind, by whom, how long. */
typedef struct work {
    const char **cell;
    double *rank, *seconds, *bytes;
    int64_t n;
} work;

static qg_code read_work(work *out, qg_reading *r)
{
    int64_t n[3];
    QG_TRY(qg_names_read(&out->cell, &out->n, r, "/units/cell"));
    QG_TRY(qg_numbers_read(&out->rank, &n[0], r, "/timing/units/rank"));
    QG_TRY(qg_numbers_read(&out->seconds, &n[1], r, "/timing/units/seconds"));
    QG_TRY(qg_numbers_read(&out->bytes, &n[2], r, "/timing/units/peak_rss"));
    for (int i = 0; i < 3; i++)
        out->n = n[i] < out->n ? n[i] : out->n;
    return QG_OK;
}

/* Ranks from 0 up to the last one that has done something. */
static int ranks_of(const work *w)
{
    double most = -1;
    for (int64_t i = 0; i < w->n; i++)
        if (w->seconds[i] >= 0 && w->rank[i] < MOST_RANKS)
            most = fmax(most, w->rank[i]);
    return (int)most + 1;
}

static qg_code name_ranks(qg_figure *out, qg_panel *p, int n)
{
    QG_NEW(p->y.name, out->arena, n);
    p->y.n_names = p->y.room = n;
    for (int i = 0; i < n; i++)
        if (!(p->y.name[i] = qg_arena_printf(out->arena, "rank %d", i)))
            return QG_ENOMEM;
    return QG_OK;
}

/* Seconds [ranks, kinds], summed over units. */
static qg_code sum_seconds(double **out, qg_axis *kinds, qg_figure *f, qg_reading *r, const work *w,
                           int ranks)
{
    double place;
    for (int i = 0; i < r->n; i++)
        QG_TRY(qg_axis_place(&place, f, kinds, r->cell[i].kind));
    QG_TRY(qg_axis_place(&place, f, kinds, "packing"));
    QG_NEW(*out, r->arena, (size_t)ranks * (size_t)kinds->n_names);
    for (int64_t i = 0; i < w->n; i++) {
        const qg_read_cell *c = qg_reading_cell(r, w->cell[i]);
        if (!(w->seconds[i] >= 0) || !(w->rank[i] >= 0 && w->rank[i] < ranks))
            continue;
        QG_TRY(qg_axis_place(&place, f, kinds, c ? c->kind : "packing"));
        (*out)[(int)w->rank[i] * kinds->n_names + (int)place] += w->seconds[i];
    }
    return QG_OK;
}

qg_code qg_figure_ranks(qg_figure *out, qg_reading *r)
{
    qg_axis kinds = {0};
    work w;
    qg_panel *p;
    double *sum;
    out->of_timing = true;
    QG_TRY(read_work(&w, r));
    int ranks = ranks_of(&w);
    if (ranks == 0)
        return QG_OK;
    QG_TRY(qg_figure_panel(&p, out, NULL));
    p->x.title = "seconds at work";
    p->x.zero = true;
    QG_TRY(name_ranks(out, p, ranks));
    QG_TRY(sum_seconds(&sum, &kinds, out, r, &w, ranks));
    for (int i = 0; i < ranks; i++) {
        double at = 0;
        for (int k = 0; k < kinds.n_names; k++) {
            double seconds = sum[i * kinds.n_names + k];
            qg_datum d = QG_DATUM(seconds, i);
            qg_plot_series *s;
            if (seconds == 0)
                continue;
            d.low = at;
            d.high = at += seconds;
            d.detail = qg_arena_printf(out->arena, "%.2f s", seconds);
            if (!d.detail)
                return QG_ENOMEM;
            QG_TRY(qg_panel_series(&s, out, p, kinds.name[k], QG_SPANS));
            QG_TRY(qg_series_add(out, s, d));
        }
    }
    return QG_OK;
}

qg_code qg_figure_memory(qg_figure *out, qg_reading *r)
{
    work w;
    qg_panel *p;
    qg_plot_series *bars;
    double *most;
    out->of_timing = true;
    QG_TRY(read_work(&w, r));
    int ranks = ranks_of(&w);
    if (ranks == 0)
        return QG_OK;
    QG_TRY(qg_figure_panel(&p, out, NULL));
    p->x.title = "MiB";
    QG_TRY(name_ranks(out, p, ranks));
    QG_NEW(most, r->arena, ranks);
    for (int64_t i = 0; i < w.n; i++)
        if (w.seconds[i] >= 0 && w.rank[i] >= 0 && w.rank[i] < ranks)
            most[(int)w.rank[i]] = fmax(most[(int)w.rank[i]], w.bytes[i]);
    QG_TRY(qg_panel_series(&bars, out, p, "", QG_BARS));
    for (int i = 0; i < ranks; i++)
        QG_TRY(qg_series_add(out, bars, QG_DATUM(most[i] / (1024 * 1024), i)));
    return QG_OK;
}
