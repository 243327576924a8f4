/*
 * quadrature.c - nodes and weights on [0, 1].
 */
#include "attribution.h"

#include <math.h>

const char *const qg_quadrature_names[] = {
    "gausslegendre",
    "riemann_right",
    "riemann_left",
    "riemann_middle",
    "trapezoid",
    "riemann_trapezoid_captum",
    NULL,
};

/* The Legendre polynomial of degree n and its derivative at x in (-1, 1). */
static double legendre(double *slope, double x, int n)
{
    double before = 1, p = x;
    for (int k = 2; k <= n; k++) {
        double next = ((2 * k - 1) * x * p - (k - 1) * before) / k;
        before = p;
        p = next;
    }
    *slope = n * (x * p - before) / (x * x - 1);
    return p;
}

/* Newton's method from Tricomi's guess; Golub, Welsch, Math. Comp. 23, 1969, has the rule. */
static void gauss(double *node, double *weight, int n)
{
    enum { ROUNDS = 20 };
    for (int i = 0; i < (n + 1) / 2; i++) {
        double slope, x = cos(acos(-1) * (i + 0.75) / (n + 0.5));
        if (2 * i + 1 == n)
            x = 0;
        for (int r = 0; r < ROUNDS; r++) {
            double p = legendre(&slope, x, n), step = p / slope;
            x -= step;
            if (fabs(step) < 1e-16)
                break;
        }
        (void)legendre(&slope, x, n);
        double w = 1 / ((1 - x * x) * slope * slope);
        node[i] = (1 - x) / 2;
        node[n - 1 - i] = (1 + x) / 2;
        weight[i] = weight[n - 1 - i] = w;
    }
}

void qg_quadrature_rule(double *node, double *weight, int n, qg_quadrature rule)
{
    bool ends = rule == QG_TRAPEZOID || rule == QG_TRAPEZOID_CAPTUM;
    double shift = rule == QG_RIEMANN_RIGHT ? 1 : rule == QG_RIEMANN_MIDDLE ? 0.5 : 0;
    if (rule == QG_GAUSS_LEGENDRE) {
        gauss(node, weight, n);
        return;
    }
    for (int i = 0; i < n; i++) {
        node[i] = ends ? (double)i / (n - 1) : (i + shift) / n;
        weight[i] = rule == QG_TRAPEZOID ? 1.0 / (n - 1) : 1.0 / n;
        if (ends && (i == 0 || i == n - 1))
            weight[i] /= 2;
    }
}
