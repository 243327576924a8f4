/*
 * structure.c - one checksum of all bytes of a file that are no dataset's values.
 *
 * A layout never changes once its file is made, so neither do the bytes between the values: groups,
 * attributes, types and shapes, references to dimension scales, and what lies unused. Most of it
 * HDF5 checks itself when it reads it; this finds the rest, and what was edited. Left out is the
 * superblock, which has a checksum of its own and says whether the file is open for writing.
 *
 *     | superblock | metadata | values | values | metadata | values | metadata |
 *                   `--------'                   `--------'          `--------'
 */
#include "sums.h"

#include "qgrid/file.h"

#include <stdlib.h>

enum { SUPERBLOCK = 48 }; /* of version 2, with addresses of 8 bytes */

typedef struct extent {
    uint64_t from, bytes;
} extent;

static int by_place(const void *a, const void *b)
{
    const extent *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* Where values lie, in order, those of the checksums themselves included. */
static qg_code places(extent **out, int64_t *n, const qg_store *s, qg_arena *a)
{
    const qg_h5_sums *t = &s->sums;
    int64_t k = 0;
    QG_NEW(*out, a, t->n + 2);
    for (int64_t i = 0; i < t->n; i++)
        if (t->bytes[i] > 0)
            (*out)[k++] = (extent){t->offset[i], t->bytes[i]};
    (*out)[k++] = (extent){t->sums_at, (uint64_t)t->n * sizeof *t->sum};
    (*out)[k++] = (extent){t->structure_at, sizeof *t->sum};
    qsort(*out, (size_t)k, sizeof **out, by_place);
    *n = k;
    return QG_OK;
}

/* *apart is false where values overlap, or lie outside of the file. */
static qg_code hash_between(qg_sha256 *h, bool *apart, const qg_store *s, const extent *e,
                            int64_t n)
{
    uint64_t at = SUPERBLOCK;
    for (int64_t i = 0; i < n; i++) {
        *apart = e[i].from >= at && e[i].from <= s->size && e[i].bytes <= s->size - e[i].from;
        if (!*apart)
            return QG_OK;
        QG_TRY(qg_h5_hash_bytes(h, s, at, e[i].from));
        at = e[i].from + e[i].bytes;
    }
    return qg_h5_hash_bytes(h, s, at, s->size);
}

static qg_code compute(uint64_t *out, bool *apart, qg_store *s)
{
    extent *e;
    int64_t n;
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_arena *a = qg_arena_create(0);
    qg_code rc = a ? places(&e, &n, s, a) : QG_FAIL(QG_ENOMEM, "no memory for a checksum");
    if (rc == QG_OK)
        rc = hash_between(&h, apart, s, e, n);
    qg_arena_destroy(a);
    *out = qg_checksum_final(&h);
    return rc;
}

qg_code qg_h5_seal_structure(qg_store *s)
{
    uint64_t sum;
    bool apart;
    QG_TRY(compute(&sum, &apart, s));
    if (!apart)
        return QG_FAIL(QG_EBUG, "values of a new file overlap");
    return qg_h5_write(s, QG_STORE_STRUCTURE, QG_STORE_U64, NULL, NULL, &sum);
}

qg_code qg_store_check_structure(bool *sound, qg_store *s)
{
    uint64_t sum, said;
    *sound = true;
    QG_TRY(qg_h5_sums_load(s));
    if (s->sums.n == 0)
        return QG_OK;
    QG_TRY(qg_h5_read(s, QG_STORE_STRUCTURE, QG_STORE_U64, NULL, NULL, &said));
    QG_TRY(compute(&sum, sound, s));
    *sound = *sound && sum == said;
    return QG_OK;
}
