/*
 * fuzz_results.c - results files: a sound one whose numbers and texts are changed, as the bytes of
 * the input say. What reads them verifies, reports, hashes and goes on, or says what is wrong.
 *
 * The input is pieces of a number (2 bytes), a length n (1 byte) and n bytes of changes
 * (fuzz_changed) of the values of data set `number`, or, if bit 13 of the number is set, of an
 * attribute of that object. Bit 15 of any of them: in the end the file gets the checksums of fields
 * and structure that it would have had if it had been made so; bit 14: so do its units, so that
 * readers behind the checksums are reached. Bytes that libhdf5 reads for itself stay as they are:
 * it dies of some of them, which test_store_hostile looks at in processes of their own.
 */
#include "study.h"

#include "qgrid/file.h"
#include "qgrid/mend.h"
#include "qgrid/reading.h"
#include "qgrid/report.h"
#include "qgrid/summaries.h"
#include "qgrid/verify.h"
#include "run/changes.h"
#include "store/sums.h"

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
            rc = qg_results_mend(&r, &s->layout);
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

/* Attribute `which` of an object; those that hold addresses stay as they are. */
static void change_attribute(qg_store *s, qg_arena *a, const char *path, unsigned which,
                             const uint8_t *data, size_t n)
{
    FUZZ_CHECK(qg_h5_before_write(s) == QG_OK);
    hid_t object = H5Oopen(s->file, path, H5P_DEFAULT);
    int count = H5Aget_num_attrs(object);
    hid_t id = count > 0 ? H5Aopen_by_idx(object, ".", H5_INDEX_NAME, H5_ITER_INC,
                                          which % (unsigned)count, H5P_DEFAULT, H5P_DEFAULT)
                         : -1;
    hid_t type = id >= 0 ? H5Aget_type(id) : -1;
    H5T_class_t class = type >= 0 ? H5Tget_class(type) : H5T_NO_CLASS;
    if ((class == H5T_STRING || class == H5T_INTEGER) && H5Tis_variable_str(type) == 0) {
        size_t size = (size_t)H5Aget_storage_size(id), kept = size;
        char *bytes = qg_arena_alloc(a, size, 1);
        FUZZ_CHECK(bytes && H5Aread(id, type, bytes) >= 0);
        uint8_t *changed = fuzz_changed(&kept, bytes, data, n);
        memcpy(bytes, changed, kept);
        free(changed);
        FUZZ_CHECK(H5Awrite(id, type, bytes) >= 0);
    }
    if (type >= 0)
        H5Tclose(type);
    if (id >= 0)
        H5Aclose(id);
    H5Oclose(object);
}

/* What is done keeps its state, and has the checksum of what is there now. */
static void seal_units(qg_store *store, qg_arena *a, const fuzz_study *s)
{
    qg_results r = {0};
    qg_code rc = qg_results_open(&r, a, &s->plan, store);
    for (int u = 0; rc == QG_OK && u < s->plan.n_units; u++)
        if (r.unit_state[u] == QG_STATE_DONE)
            rc = qg_results_checksum(&r.checksum[u], &r, u);
    if (rc == QG_OK)
        rc = qg_store_write(store, "/units/checksum", QG_STORE_U64, NULL, NULL, r.checksum);
    (void)fuzz_worked(rc);
    qg_results_close(&r);
}

static void change_all(const char *path, const fuzz_study *study, const uint8_t *data, size_t size)
{
    enum { HEAD = 3, SEAL = 0x8000, UNITS = 0x4000, ATTRIBUTE = 0x2000, NUMBER = 0x1fff };
    qg_arena *a = fuzz_arena();
    qg_store *s;
    unsigned flags = 0;
    static qg_store_info *d; /* the same for all inputs */
    static int n;
    FUZZ_CHECK(qg_store_open(&s, path, true) == QG_OK);
    if (!d)
        FUZZ_CHECK(qg_store_list(&d, &n, s, study->arena, "/") == QG_OK && n > 0);
    while (size > HEAD) {
        unsigned word = (unsigned)data[0] | (unsigned)data[1] << 8;
        size_t left = size - HEAD, length = data[2] < left ? data[2] : left;
        unsigned which = (word & NUMBER) % (unsigned)n;
        if (!(word & ATTRIBUTE))
            change(s, a, &d[which], data + HEAD, length);
        else if (length > 0) /* of the root more often than of all others */
            change_attribute(s, a, which < 64 ? "/" : d[which].path, data[HEAD], data + HEAD + 1,
                             length - 1);
        flags |= word;
        data += HEAD + length;
        size -= HEAD + length;
    }
    if (flags & UNITS)
        seal_units(s, a, study);
    if (flags & SEAL && fuzz_worked(qg_store_seal_all(s))) {
        FUZZ_CHECK(qg_store_flush(s, false) == QG_OK);
        if (qg_h5_seal_structure(s) != QG_OK) /* the tables of places themselves were changed */
            qg_error_clear();
    }
    FUZZ_CHECK(qg_store_close(s) == QG_OK);
    qg_arena_destroy(a);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    const fuzz_study *s = fuzz_study_get();
    const char *path = fuzz_write("changed.h5", s->bytes, s->size);
    change_all(path, s, data, size < 512 ? size : 512);
    look(path);
    resume(s, path);
    return 0;
}
