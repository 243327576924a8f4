/*
 * qt.h - the only includer of cmocka: comparisons that refuse NaN, tables built at run time,
 * reference data.
 */
#ifndef QT_H
#define QT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "qgrid/arena.h"
#include "qgrid/json.h"

#undef assert_float_equal /* passes NaN */

/** Runs a table; the process' exit status is the number of failures. MPI is not started. */
int qt_run(const char *group, const struct CMUnitTest *tests, size_t n);
#define QT_MAIN(group, tests)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        return qt_run((group), (tests), sizeof(tests) / sizeof(tests)[0]);                         \
    }

/**
 * The same for tests that compare with reference data (qt_golden): over tests/golden/data, then,
 * where it is there, over the larger set of the same make-up, golden/dev below ../shared
 * (QGRID_SHARED). QGRID_GOLDEN names a set to be used in place of both.
 */
int qt_run_golden(const char *group, const struct CMUnitTest *tests, size_t n);
#define QT_GOLDEN_MAIN(group, tests)                                                               \
    int main(void)                                                                                 \
    {                                                                                              \
        return qt_run_golden((group), (tests), sizeof(tests) / sizeof(tests)[0]);                  \
    }

/** |got - want| <= atol + rtol * |want| for all n; NaN and infinities fail. */
void qt_close_f32(const char *what, const float *got, const float *want, size_t n, double rtol,
                  double atol);
void qt_close_f64(const char *what, const double *got, const double *want, size_t n, double rtol,
                  double atol);
void qt_close(const char *what, double got, double want, double rtol, double atol);

/** The number is undefined. */
void qt_nan(const char *what, double got);

/** Equal bits for n elements of `size` bytes; shows the first difference. */
void qt_same(const char *what, const void *got, const void *want, size_t n, size_t size);

/** Equal integers, shown in decimal. */
void qt_eq(const char *what, long long got, long long want);

/** The call returned QG_OK; else fails with the error's text. */
void qt_ok(qg_code rc);

/** The call failed with `code` and the formatted error contains every given piece (NULL ends). */
void qt_fails(qg_code rc, qg_code code, ...);

/** Path in the set of reference data that is used; fails the test when it is absent. */
const char *qt_golden(const char *relative);

/** Path of other people's data below ../shared (QGRID_SHARED); skips the test when it is absent. */
const char *qt_shared(const char *relative);

/** A fresh folder for this process, removed at exit; and a path in it. Static buffers, 8 deep. */
const char *qt_tmp(const char *name);

/** Writes a file in one go (fails the test otherwise). */
void qt_write(const char *path, const void *data, size_t size);

/** Puts U+FFFD in place of each escaped U+0000 of JSON [size]: the program refuses U+0000 in texts,
 * and the rules of BERT drop both alike, so that what a reference says of one holds for the other.
 */
void qt_without_nul(char *json, size_t size);

/** Loads JSON of any size, without U+0000 (fails the test otherwise). */
const qg_json *qt_json(qg_arena *a, const char *path);

/** Numbers of a (nested) JSON array into a new flat array; *n = count. */
double *qt_numbers(qg_arena *a, const qg_json *v, size_t *n);

/** Runs fn with the arena failing at allocation 0, 1, 2 ... until it succeeds; each failure must
 *  be QG_ENOMEM. */
void qt_torture(qg_code (*fn)(qg_arena *a, void *ctx), void *ctx);

#endif
