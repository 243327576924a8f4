/*
 * faith_shap.c - Shapley interactions of pairs: the regression of Shapley values with a player more
 * for each pair, which is present where both of its players are.
 */
#include "perturb_methods.h"

#include <string.h>

double qg_shapley_kernel(int n, int s)
{
    double choose = 1;
    for (int i = 1; i <= s; i++)
        choose = choose * (n - s + i) / i;
    return (n - 1) / (choose * s * (n - s));
}

/* Masks [N, n + pairs] of players and pairs. */
static qg_code with_pairs(uint8_t **out, const qg_coalitions *c, int terms, qg_arena *a)
{
    uint8_t *to;
    QG_NEW(*out, a, (size_t)c->N * (size_t)terms);
    to = *out;
    for (int row = 0; row < c->N; row++) {
        const uint8_t *z = c->masks + (size_t)row * (size_t)c->n;
        memcpy(to, z, (size_t)c->n);
        to += c->n;
        for (int i = 0; i < c->n; i++)
            for (int j = i + 1; j < c->n; j++)
                *to++ = z[i] && z[j];
    }
    return QG_OK;
}

qg_code qg_faith_shap(double *single, double *pair, const qg_coalitions *c, qg_arena *a)
{
    int terms = c->n + c->n * (c->n - 1) / 2;
    uint8_t *masks;
    double *phi;
    qg_mark mark = qg_arena_mark(a);
    QG_TRY(with_pairs(&masks, c, terms, a));
    QG_NEW(phi, a, terms);
    qg_coalitions paired = *c;
    paired.masks = masks;
    paired.n = terms;
    QG_TRY(qg_shapley_solve(phi, &paired, a));
    memcpy(single, phi, (size_t)c->n * sizeof *phi);
    memcpy(pair, phi + c->n, (size_t)(terms - c->n) * sizeof *phi);
    qg_arena_release(a, mark);
    return QG_OK;
}
