/*
 * kt.h - support of kernel tests: memory that ends at a forbidden page, test data, one case for
 * each implementation.
 */
#ifndef KT_H
#define KT_H

#include "qt.h"

#include "qgrid/kernel.h"

enum { KT_CASES = 256 };

/** Zeroed memory whose last byte is followed by a page that may not be touched. Rounded up so that
 *  the start is aligned to `align` bytes; freed by kt_release. */
void *kt_new(size_t count, size_t size, size_t align);
void kt_release(void);

/** Normal numbers of the stream, times `scale`. */
float *kt_floats(size_t n, uint64_t stream, float scale);

/** Uniform integers in [lo, hi]. */
int8_t *kt_bytes(size_t n, uint64_t stream, int lo, int hi);

/** Rows of codes with scale and, if `affine`, offsets; columns k.. are zero. */
qg_qrows kt_qrows(int m, int k, uint64_t stream, bool affine);

/** Packed random weights of a format; `group` for 4-bit ones. Freed by kt_release. */
qg_panels kt_panels(qg_panel_format f, int n, int k, int group, uint64_t stream);

void *kt_scratch(size_t bytes);

/** Appends one case for each implementation of `op` but __ref, named op__isa_claim; state is its
 * qg_kernel_info. */
size_t kt_add(struct CMUnitTest *tests, size_t n, const char *op, const char *claim,
              CMUnitTestFunction fn);

/** The implementation of a case (skips when this CPU lacks it), and __ref of the same operation. */
void (*kt_fn(void **state))(void);
void (*kt_ref(const char *op))(void);

#endif
