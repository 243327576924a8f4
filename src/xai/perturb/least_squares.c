/*
 * least_squares.c - Cholesky, and cyclic Jacobi eigenvalues where it breaks down.
 */
#include "least_squares.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* A pivot this small against its diagonal, or an eigenvalue against the largest, counts as 0. */
#define SINGULAR 1e-12

enum { SWEEPS = 60 };

/* L [n, n], lower; false where A is not safely positive definite. */
static bool cholesky(double *L, const double *A, int n)
{
    for (int j = 0; j < n; j++) {
        for (int i = j; i < n; i++) {
            double sum = A[i * n + j];
            for (int k = 0; k < j; k++)
                sum -= L[i * n + k] * L[j * n + k];
            if (i > j)
                L[i * n + j] = sum / L[j * n + j];
            else if (sum > SINGULAR * A[j * n + j])
                L[j * n + j] = sqrt(sum);
            else
                return false;
        }
    }
    return true;
}

static void substitute(double *x, const double *L, const double *b, int n)
{
    for (int i = 0; i < n; i++) {
        double sum = b[i];
        for (int k = 0; k < i; k++)
            sum -= L[i * n + k] * x[k];
        x[i] = sum / L[i * n + i];
    }
    for (int i = n - 1; i >= 0; i--) {
        double sum = x[i];
        for (int k = i + 1; k < n; k++)
            sum -= L[k * n + i] * x[k];
        x[i] = sum / L[i * n + i];
    }
}

/* Rotates rows and columns p, q of A (and columns of V) so that A[p][q] becomes 0. */
static void rotate(double *A, double *V, int n, int p, int q)
{
    double theta = (A[q * n + q] - A[p * n + p]) / (2 * A[p * n + q]);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        double kp = A[k * n + p], kq = A[k * n + q];
        A[k * n + p] = c * kp - s * kq;
        A[k * n + q] = s * kp + c * kq;
    }
    for (int k = 0; k < n; k++) {
        double pk = A[p * n + k], qk = A[q * n + k];
        A[p * n + k] = c * pk - s * qk;
        A[q * n + k] = s * pk + c * qk;
    }
    for (int k = 0; k < n; k++) {
        double kp = V[k * n + p], kq = V[k * n + q];
        V[k * n + p] = c * kp - s * kq;
        V[k * n + q] = s * kp + c * kq;
    }
}

/* A becomes diagonal, V [n, n] holds the eigenvectors as columns. */
static void eigen(double *A, double *V, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++) {
        V[i * n + i] = 1;
        most = fmax(most, A[i * n + i]);
    }
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        bool moved = false;
        for (int p = 0; p < n; p++) {
            for (int q = p + 1; q < n; q++) {
                if (fabs(A[p * n + q]) <= DBL_EPSILON * most)
                    continue;
                rotate(A, V, n, p, q);
                moved = true;
            }
        }
        if (!moved)
            return;
    }
}

static void shortest(double *x, const double *lambda, const double *V, const double *b, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fmax(most, lambda[i * n + i]);
    memset(x, 0, (size_t)n * sizeof *x);
    for (int i = 0; i < n; i++) {
        double along = 0;
        if (!(lambda[i * n + i] > SINGULAR * most))
            continue;
        for (int k = 0; k < n; k++)
            along += V[k * n + i] * b[k];
        for (int k = 0; k < n; k++)
            x[k] += V[k * n + i] * (along / lambda[i * n + i]);
    }
}

qg_code qg_solve_symmetric(double *x, const double *A, const double *b, int n, qg_arena *a)
{
    double *L, *V, *D;
    size_t size = (size_t)n * (size_t)n;
    qg_mark mark = qg_arena_mark(a);
    QG_NEW(L, a, size);
    if (cholesky(L, A, n)) {
        substitute(x, L, b, n);
    } else {
        QG_NEW(V, a, size);
        QG_NEW(D, a, size);
        memcpy(D, A, size * sizeof *D);
        eigen(D, V, n);
        shortest(x, D, V, b, n);
    }
    qg_arena_release(a, mark);
    return QG_OK;
}
