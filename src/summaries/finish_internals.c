/*
 * finish_internals.c - entropies of attention by layer, and how far they and the states of the
 * first token are from those of fp32.
 */
#include "finish.h"

#include <math.h>

/* What a cell has stored, slot by slot. */
typedef struct insides {
    int64_t slots, L, H, C;
    double *entropy; /* [slots, L, H] */
    float *state;    /* [slots, L + 1, C] */
} insides;

static qg_code read_insides(insides *out, qg_results *r, const qg_cell *c)
{
    const qg_config *m = &r->plan->models[c->model].config;
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_INTERNALS);
    *out = (insides){.slots = r->plan->explained[c->experiment].slots,
                     .L = m->layers,
                     .H = m->heads,
                     .C = m->hidden};
    QG_NEW(out->entropy, r->scratch, out->slots * out->L * out->H);
    QG_NEW(out->state, r->scratch, out->slots * (out->L + 1) * out->C);
    QG_TRY(qg_results_read(r, g, "entropy", QG_STORE_F64, NULL, NULL, out->entropy));
    return qg_results_read(r, g, "first_token", QG_STORE_F32, NULL, NULL, out->state);
}

/* Of x [slots, L, H] the mean over heads, layer by layer summed up over the slots. */
static qg_code write_by_layer(qg_results *r, qg_group_ref g, const char *name, const insides *s,
                              const double *x)
{
    double *mean, *summary;
    QG_NEW(mean, r->scratch, s->slots * s->L);
    QG_NEW(summary, r->scratch, s->L * QG_SUMMARIES);
    for (int64_t i = 0; i < s->slots * s->L; i++) {
        for (int64_t h = 0; h < s->H; h++)
            mean[i] += x[i * s->H + h];
        mean[i] /= (double)s->H;
    }
    for (int64_t l = 0; l < s->L; l++)
        QG_TRY(qg_summarize(summary + l * QG_SUMMARIES, mean + l, s->slots, s->L, &r->resampler,
                            r->scratch));
    return qg_results_write(r, g, name, QG_STORE_F64, NULL, NULL, summary);
}

/* NaN where one of them is undefined, or has no direction. */
static double cosine(const float *a, const float *b, int64_t n)
{
    double ab = 0, aa = 0, bb = 0;
    for (int64_t i = 0; i < n; i++) {
        double x = (double)a[i], y = (double)b[i];
        ab += x * y;
        aa += x * x;
        bb += y * y;
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

static qg_code write_cosines(qg_results *r, qg_group_ref g, const insides *s, const insides *f)
{
    double *of, *summary;
    int64_t layers = s->L + 1;
    QG_NEW(of, r->scratch, s->slots * layers);
    QG_NEW(summary, r->scratch, layers * QG_SUMMARIES);
    for (int64_t i = 0; i < s->slots * layers; i++)
        of[i] = cosine(s->state + i * s->C, f->state + i * s->C, s->C);
    for (int64_t l = 0; l < layers; l++)
        QG_TRY(qg_summarize(summary + l * QG_SUMMARIES, of + l, s->slots, layers, &r->resampler,
                            r->scratch));
    QG_TRY(qg_results_write(r, g, "cosine", QG_STORE_F64, NULL, NULL, of));
    return qg_results_write(r, g, "cosine_by_layer", QG_STORE_F64, NULL, NULL, summary);
}

/* A cell against that of fp32. */
static qg_code compare(qg_results *r, const qg_cell *c, const qg_cell *reference)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_INTERNALS_DRIFT);
    insides s, f;
    double *delta;
    QG_TRY(read_insides(&s, r, c));
    QG_TRY(read_insides(&f, r, reference));
    QG_NEW(delta, r->scratch, s.slots * s.L * s.H);
    for (int64_t i = 0; i < s.slots * s.L * s.H; i++)
        delta[i] = s.entropy[i] - f.entropy[i];
    QG_TRY(qg_results_write(r, g, "entropy_delta", QG_STORE_F64, NULL, NULL, delta));
    QG_TRY(write_by_layer(r, g, "entropy_delta_by_layer", &s, delta));
    return write_cosines(r, g, &s, &f);
}

static const qg_cell *cell_of(const qg_plan *p, const qg_cell *like, int precision)
{
    for (int i = 0; i < p->n_cells; i++)
        if (p->cells[i].kind == QG_CELL_INTERNALS && p->cells[i].precision == precision &&
            p->cells[i].experiment == like->experiment)
            return &p->cells[i];
    return NULL;
}

qg_code qg_finish_internals(qg_results *r, const qg_cell *c)
{
    const qg_plan *p = r->plan;
    int reference = qg_job_reference(p->job);
    const qg_cell *f = cell_of(p, c, reference);
    insides s;
    QG_TRY(read_insides(&s, r, c));
    QG_TRY(write_by_layer(r, qg_cell_group(p, c, QG_GROUP_INTERNALS), "entropy_by_layer", &s,
                          s.entropy));
    if (!qg_finish_task_done(r, f->task))
        return QG_OK;
    for (int i = 0; i < p->job->n_precisions; i++) { /* whichever comes last completes the pair */
        const qg_cell *other = cell_of(p, c, i);
        if (i == reference || (other != c && f != c) || !qg_finish_task_done(r, other->task))
            continue;
        qg_mark m = qg_arena_mark(r->scratch);
        QG_TRY(compare(r, other, f));
        qg_arena_release(r->scratch, m);
    }
    return QG_OK;
}
