/*
 * view.c - what every way of showing an explanation asks of its scores.
 */
#include "explain.h"

#include "qgrid/metrics.h"

#include <math.h>
#include <stdlib.h>

double qg_explain_most(const qg_explanation *e, int words)
{
    double most = 0;
    for (int w = 0; w < words; w++)
        if (fabs(e->word_score[w]) > most)
            most = fabs(e->word_score[w]);
    return most;
}

int qg_explain_level(double score, double most)
{
    return isnan(score) || most == 0 ? 0 : (int)lround(QG_EXPLAIN_LEVELS * (score / most));
}

char *qg_explain_number(char *out, size_t size, double score, double most)
{
    bool plain = most == 0 || (most >= 0.01 && most < 1000);
    if (isnan(score))
        snprintf(out, size, "-");
    else
        snprintf(out, size, plain ? "%+.4f" : "%+.2e", score);
    return out;
}

typedef struct ranked {
    double magnitude;
    int word;
} ranked;

static int by_magnitude(const void *a, const void *b)
{
    const ranked *x = a, *y = b;
    if (x->magnitude != y->magnitude)
        return x->magnitude < y->magnitude ? 1 : -1;
    return x->word < y->word ? -1 : 1;
}

qg_code qg_explain_order(int **order, int *n, const qg_explanation *e, int words, qg_arena *a)
{
    ranked *r;
    *n = 0;
    QG_NEW(r, a, words);
    QG_NEW(*order, a, words);
    for (int w = 0; w < words; w++)
        if (!isnan(e->word_score[w]))
            r[(*n)++] = (ranked){fabs(e->word_score[w]), w};
    qsort(r, (size_t)*n, sizeof *r, by_magnitude);
    for (int i = 0; i < *n; i++)
        (*order)[i] = r[i].word;
    return QG_OK;
}

qg_code qg_explain_rho(double *rho, const qg_explain_found *t, int a, int b, qg_arena *scratch)
{
    const double *x = t->result[a].scores.word_score, *y = t->result[b].scores.word_score;
    double *p, *q;
    int n = 0;
    QG_NEW(p, scratch, t->code->n_words);
    QG_NEW(q, scratch, t->code->n_words);
    for (int w = 0; w < t->code->n_words; w++)
        if (!isnan(x[w]) && !isnan(y[w])) {
            p[n] = x[w];
            q[n++] = y[w];
        }
    *rho = n > 1 ? qg_spearman(p, q, n, scratch) : (double)NAN;
    return QG_OK;
}
