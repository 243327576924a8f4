/*
 * operations.h - how each operation of the kernel table is called and what a call costs.
 *
 * A new operation: one row in operations.c.
 */
#ifndef QGRID_BENCH_OPERATIONS_H
#define QGRID_BENCH_OPERATIONS_H

#include "qgrid/arena.h"
#include "qgrid/kernel.h"

typedef enum qg_sizes {
    QG_SIZES_PRODUCT,  /* y[m, n] = x[m, k] W[n, k]^T */
    QG_SIZES_ROWS,     /* m rows of k values */
    QG_SIZES_ATTENTION /* one text of m tokens, 12 heads of 64 */
} qg_sizes;

/* Weights of a product. */
typedef struct qg_variant {
    const char *precision; /* NULL ends a list */
    qg_panel_format format;
    int group;
} qg_variant;

/* Operands of one call, whatever the operation. */
typedef struct qg_problem {
    void (*fn)(void);
    int m, n, k;
    float *x, *y, *master; /* master: what x is reset to */
    size_t values;         /* of x */
    qg_panels w;
    qg_qrows q;
    uint16_t *half; /* rows as bfloat16 */
    void *table, *scratch;
    int32_t *ids;
} qg_problem;

typedef struct qg_operation {
    const char *name;
    qg_sizes sizes;
    void (*call)(void *problem);
    const qg_variant *variants; /* of products */
    double bytes;               /* of row operations, per value: read and written */
    bool in_place;              /* x is reset before each call */
} qg_operation;

/** The operation of that name, NULL if it is not known here. */
const qg_operation *qg_operation_find(const char *name);

/** Operands in the arena. @errors QG_ENOMEM. */
qg_code qg_problem_make(qg_problem *p, qg_arena *a, const qg_operation *op, const qg_variant *v,
                        int m, int n, int k) QG_MUST_USE;

/** Sets x to its first values. */
void qg_problem_reset(void *problem);

/** Multiplications and additions of a call of a product or of attention, 0 for row operations. */
double qg_problem_flops(const qg_problem *p, const qg_operation *op);

/** Bytes of operands and result of a call. */
double qg_problem_bytes(const qg_problem *p, const qg_operation *op);

#endif
