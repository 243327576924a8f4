/*
 * ranking.c - critical differences: variants ranked on every text.
 */
#include "read.h"

#include "rank_test.h"

/* Numbers [n, k] of variants, small is good. */
typedef struct ranked {
    double *x;
    int64_t n;
    int k;
    const char **name; /* [k] */
} ranked;

/* Mean ranks as points with half the critical difference to both sides, the best one first. */
static qg_code add_ranks(qg_figure *out, qg_reading *r, const char *title, const ranked *of)
{
    qg_rank_test t;
    qg_panel *p;
    QG_TRY(qg_rank_test_of(&t, of->x, of->n, of->k, r->arena));
    if (t.n == 0)
        return QG_OK;
    QG_TRY(qg_figure_panel(&p, out, title));
    p->x.title = "mean rank, 1 is best";
    p->note =
        qg_arena_printf(out->arena, "Friedman p = %.4f, critical difference %.3f, n = %.0f texts",
                        t.p, t.difference, (double)t.n);
    if (!p->note)
        return QG_ENOMEM;
    for (int i = 0; i < of->k; i++) {
        int best = -1;
        double place;
        for (int j = 0; j < of->k; j++) {
            bool taken = false;
            for (int m = 0; m < p->y.n_names; m++)
                taken = taken || p->y.name[m] == of->name[j];
            if (!taken && (best < 0 || t.mean[j] < t.mean[best]))
                best = j;
        }
        QG_TRY(qg_axis_place(&place, out, &p->y, of->name[best]));
        qg_datum d = QG_DATUM(t.mean[best], place);
        d.low = d.x - t.difference / 2;
        d.high = d.x + t.difference / 2;
        d.n = (double)t.n;
        QG_TRY(qg_put_row(out, p, "", QG_POINTS, of->name[best], d));
    }
    return QG_OK;
}

/* Negative log likelihood of the label of each text, as column `at` of [n, k]. */
static qg_code read_nll(ranked *of, int at, qg_reading *r, const qg_read_cell *c)
{
    double *label, *p;
    int64_t rows, n;
    QG_TRY(qg_numbers_of(&label, &rows, r, c, "/datasets/{dataset}/label"));
    QG_TRY(qg_numbers_of(&p, &n, r, c, "/predictions/{model}/{dataset}/{precision}/probabilities"));
    if (!label || !p || rows != of->n || rows < 1 || n % rows != 0)
        return QG_OK;
    int64_t classes = n / rows;
    for (int64_t i = 0; i < rows; i++)
        if (label[i] >= 0 && label[i] < (double)classes)
            of->x[i * of->k + at] = -p[i * classes + (int64_t)label[i]];
    return QG_OK;
}

/* Room for n numbers of each precision of an experiment's cells of a kind, all NaN. */
static qg_code make_ranked(ranked *out, qg_figure *f, qg_reading *r, const qg_read_cell *like,
                           int64_t n, bool with_reference)
{
    qg_axis names = {0};
    double place;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (qg_is_drawn(c, like->kind) && strcmp(c->experiment, like->experiment) == 0 &&
            (with_reference || !qg_is_reference(c->precision)))
            QG_TRY(qg_axis_place(&place, f, &names, c->precision));
    }
    *out = (ranked){.n = n, .k = names.n_names, .name = names.name};
    QG_NEW(out->x, r->arena, (size_t)n * (size_t)names.n_names);
    for (int64_t i = 0; i < n * names.n_names; i++)
        out->x[i] = (double)NAN;
    return QG_OK;
}

static int place_of(const ranked *of, const char *name)
{
    for (int i = 0; i < of->k; i++)
        if (strcmp(of->name[i], name) == 0)
            return i;
    return -1;
}

/* Whether a cell is the first drawn one of its kind and experiment. */
static bool is_first(const qg_reading *r, int at)
{
    const qg_read_cell *c = &r->cell[at];
    for (int i = 0; i < at; i++)
        if (qg_is_drawn(&r->cell[i], c->kind) && strcmp(r->cell[i].experiment, c->experiment) == 0)
            return false;
    return true;
}

qg_code qg_figure_critical_difference(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        double *label;
        int64_t n;
        ranked of;
        if (!qg_is_drawn(c, "predict") || !is_first(r, i))
            continue;
        QG_TRY(qg_numbers_of(&label, &n, r, c, "/datasets/{dataset}/label"));
        QG_TRY(make_ranked(&of, out, r, c, n, true));
        for (int k = i; k < r->n; k++)
            if (qg_is_drawn(&r->cell[k], "predict") &&
                strcmp(r->cell[k].experiment, c->experiment) == 0)
                QG_TRY(read_nll(&of, place_of(&of, r->cell[k].precision), r, &r->cell[k]));
        QG_TRY(add_ranks(out, r, c->experiment, &of));
    }
    return QG_OK;
}

/* Sums of rho over methods, negative: small is good. A method that is undefined for a text leaves
 * it out. */
static void add_rho(ranked *of, int at, const double *rho, bool first)
{
    for (int64_t i = 0; i < of->n; i++)
        of->x[i * of->k + at] = (first ? 0 : of->x[i * of->k + at]) - rho[i];
}

qg_code qg_figure_drift_ranks(qg_figure *out, qg_reading *r)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        double *rho;
        int64_t n, rows;
        ranked of;
        if (!qg_is_drawn(c, "explain") || !is_first(r, i))
            continue;
        QG_TRY(qg_numbers_of(&rho, &rows, r, c, "/explained/{model}/{dataset}/row"));
        QG_TRY(make_ranked(&of, out, r, c, rows, false));
        bool *begun;
        QG_NEW(begun, r->arena, of.k);
        for (int k = i; k < r->n; k++) {
            const qg_read_cell *d = &r->cell[k];
            int at = place_of(&of, d->precision);
            if (!qg_is_drawn(d, "explain") || strcmp(d->experiment, c->experiment) != 0 ||
                strcmp(d->method, "random") == 0 || at < 0)
                continue;
            QG_TRY(qg_numbers_of(&rho, &n, r, d, QG_DRIFT_PATH "/spearman"));
            if (!rho || n != rows)
                continue;
            add_rho(&of, at, rho, !begun[at]);
            begun[at] = true;
        }
        QG_TRY(add_ranks(out, r, c->experiment, &of));
    }
    return QG_OK;
}
