/*
 * shapley.c - Shapley values of a game: by definition, and by least squares over coalitions.
 */
#include "perturb_methods.h"

#include "least_squares.h"

#include <math.h>

/* 1 / (n (n - 1 over s)): the share of orders in which a player comes after s given others. */
static double order_share(int n, int s)
{
    double choose = 1;
    for (int i = 1; i <= s; i++)
        choose = choose * (n - i) / i;
    return 1 / (n * choose);
}

void qg_shapley_exact(double *phi, const double *v, int n)
{
    double share[32];
    for (int s = 0; s < n; s++)
        share[s] = order_share(n, s);
    for (int i = 0; i < n; i++) {
        phi[i] = 0;
        for (uint32_t set = 0; set < 1U << n; set++)
            if (!(set >> i & 1))
                phi[i] += share[__builtin_popcount(set)] * (v[set | 1U << i] - v[set]);
    }
}

/* Z'WZ and Z'W(v - v_empty). */
static void normal_equations(double *A, double *b, const qg_coalitions *c)
{
    int n = c->n;
    for (int row = 0; row < c->N; row++) {
        const uint8_t *z = c->masks + (size_t)row * (size_t)n;
        double w = c->weight ? c->weight[row] : 1, y = w * (c->v[row] - c->v_empty);
        for (int i = 0; i < n; i++) {
            if (!z[i])
                continue;
            b[i] += y;
            for (int j = 0; j < n; j++)
                A[i * n + j] += z[j] ? w : 0;
        }
    }
}

static double mean(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

/* PAP with P = 1 - 11'/n, in place; what is lost along 1 is put back so that PAP can be inverted.
 */
static void project(double *A, int n, double *row_mean)
{
    double all, trace = 0;
    for (int i = 0; i < n; i++)
        row_mean[i] = mean(A + i * n, n);
    all = mean(row_mean, n);
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++)
            A[i * n + j] += all - row_mean[i] - row_mean[j];
        trace += A[i * n + i];
    }
    for (int i = 0; i < n * n; i++)
        A[i] += trace / n / n;
}

/* phi = c / n + u with u orthogonal to 1, which leaves a problem without constraint for u. */
qg_code qg_shapley_solve(double *phi, const qg_coalitions *c, qg_arena *a)
{
    int n = c->n;
    double *A, *b, *row_mean, each = (c->v_full - c->v_empty) / n;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(A, a, (size_t)n * (size_t)n);
    QG_NEW(b, a, n);
    QG_NEW(row_mean, a, n);
    normal_equations(A, b, c);
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++)
            b[i] -= A[i * n + j] * each;
    double middle = mean(b, n);
    for (int i = 0; i < n; i++)
        b[i] -= middle;
    project(A, n, row_mean);
    QG_TRY(qg_solve_symmetric(phi, A, b, n, a));
    middle = mean(phi, n);
    for (int i = 0; i < n; i++)
        phi[i] += each - middle;
    qg_arena_release(a, mark);
    return QG_OK;
}
