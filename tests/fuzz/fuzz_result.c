/*
 * fuzz_result.c - results of units as rank 0 takes them: the first byte chooses one of the study,
 * the others change it (fuzz_changed). It is stored or refused; what is stored can be verified.
 */
#include "study.h"

#include "qgrid/verify.h"

#include <stdlib.h>

static void ignore(void *ctx, const char *cell, const char *field, int64_t first, int64_t count)
{
    (void)ctx, (void)cell, (void)field, (void)first, (void)count;
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    const fuzz_study *s = fuzz_study_get();
    if (size == 0)
        return 0;
    qg_arena *a = fuzz_arena();
    const char *path = fuzz_write("stored.h5", s->bytes, s->size);
    int unit = data[0] % s->plan.n_units;
    size_t n = s->result[unit].len;
    uint8_t *bytes = fuzz_changed(&n, s->result[unit].data, data + 1, size - 1);
    qg_store *store;
    qg_results r;
    qg_verify_counts counts;
    FUZZ_CHECK(qg_store_open(&store, path, true) == QG_OK);
    FUZZ_CHECK(qg_results_open(&r, a, &s->plan, store) == QG_OK);
    qg_work_result result = {bytes, n, "fuzz"};
    bool stored = qg_results_put(&r, unit, &result) == QG_OK;
    FUZZ_CHECK(stored || qg_error_last()->msg[0]);
    qg_error_clear();
    qg_results_close(&r);
    FUZZ_CHECK(qg_store_close(store) == QG_OK);
    if (stored) {
        FUZZ_CHECK(qg_verify(&counts, a, path, ignore, NULL) == QG_OK);
        FUZZ_CHECK(counts.damaged == 0);
    }
    free(bytes);
    qg_arena_destroy(a);
    return 0;
}
