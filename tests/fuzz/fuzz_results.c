/*
 * fuzz_results.c - results files: a sound one whose numbers and texts are changed, as the bytes of
 * the input say. What reads them verifies, reports, hashes and goes on, or says what is wrong.
 *
 * The input is pieces of a data set's number (2 bytes), a length n (1 byte) and n bytes of changes
 * of what that data set holds (fuzz_changed). Bytes
 * that libhdf5 reads for itself stay as they are: it dies of some of them, which test_store_hostile
 * looks at in processes of their own.
 */
#include "study.h"

#include "qgrid/file.h"
#include "qgrid/reading.h"
#include "qgrid/report.h"
#include "qgrid/summaries.h"
#include "qgrid/verify.h"
#include "run/changes.h"

#include <stdlib.h>
#include <string.h>

static void bad(void *ctx, const char *cell, const char *field, int64_t first, int64_t count)
{
    (void)ctx, (void)first, (void)count;
    FUZZ_CHECK(cell || field);
}

static void look(const char *path)
{
    qg_arena *a = fuzz_arena();
    qg_verify_counts n;
    qg_reading r;
    char hex[65], *text = NULL;
    size_t size = 0;
    if (fuzz_worked(qg_verify(&n, a, path, bad, NULL)))
        FUZZ_CHECK(n.damaged <= n.done && n.done <= n.units);
    if (fuzz_worked(qg_reading_open(&r, a, path))) {
        FILE *to = open_memstream(&text, &size);
        FUZZ_CHECK(to);
        (void)fuzz_worked(qg_report_print(to, &r, NULL, QG_TO_DO));
        for (int i = 0; i < r.n; i++)
            (void)fuzz_worked(qg_report_print(to, &r, &r.cell[i], QG_SHOW | QG_DIFF));
        fclose(to);
        free(text);
        (void)fuzz_worked(qg_store_digest(hex, r.store, QG_DIGEST_EXCEPT));
        qg_reading_close(&r);
    }
    qg_arena_destroy(a);
}

/* As a run that goes on with the file. */
static void resume(const fuzz_study *s, const char *path)
{
    qg_arena *a = fuzz_arena();
    qg_store *store;
    qg_results r = {0};
    if (fuzz_worked(qg_store_open(&store, path, true))) {
        qg_code rc = qg_check_schema(store, a, path);
        if (rc == QG_OK)
            rc = qg_check_unchanged(store, a, path, &s->plan, &s->layout);
        if (rc == QG_OK)
            rc = qg_results_open(&r, a, &s->plan, store);
        if (rc == QG_OK)
            rc = qg_finish_cells(&r);
        (void)fuzz_worked(rc);
        qg_results_close(&r);
        (void)fuzz_worked(qg_store_close(store));
    }
    qg_arena_destroy(a);
}

static size_t bytes_of(const qg_store_info *d)
{
    size_t n = d->type == QG_STORE_STRING ? d->string_size : 8; /* of the widest number */
    for (int k = 0; k < d->ndim; k++)
        n *= (size_t)d->shape[k];
    return n;
}

static void change(qg_store *s, qg_arena *a, const qg_store_info *d, const uint8_t *data, size_t n)
{
    size_t size = bytes_of(d), kept = size;
    char *bytes = qg_arena_alloc(a, size, 1);
    FUZZ_CHECK(bytes && qg_store_read(s, d->path, d->type, NULL, NULL, bytes) == QG_OK);
    uint8_t *changed = fuzz_changed(&kept, bytes, data, n);
    memcpy(bytes, changed, kept);
    free(changed);
    FUZZ_CHECK(qg_store_write(s, d->path, d->type, NULL, NULL, bytes) == QG_OK);
}

static void change_all(const char *path, const uint8_t *data, size_t size)
{
    enum { HEAD = 3 };
    qg_arena *a = fuzz_arena();
    qg_store *s;
    static qg_store_info *d; /* the same for all inputs */
    static int n;
    FUZZ_CHECK(qg_store_open(&s, path, true) == QG_OK);
    if (!d)
        FUZZ_CHECK(qg_store_list(&d, &n, s, fuzz_study_get()->arena, "/") == QG_OK && n > 0);
    while (size > HEAD) {
        size_t which = ((size_t)data[0] | (size_t)data[1] << 8) % (size_t)n, left = size - HEAD;
        size_t length = data[2] < left ? data[2] : left;
        change(s, a, &d[which], data + HEAD, length);
        data += HEAD + length;
        size -= HEAD + length;
    }
    FUZZ_CHECK(qg_store_close(s) == QG_OK);
    qg_arena_destroy(a);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    const fuzz_study *s = fuzz_study_get();
    const char *path = fuzz_write("changed.h5", s->bytes, s->size);
    change_all(path, data, size < 512 ? size : 512);
    look(path);
    resume(s, path);
    return 0;
}
