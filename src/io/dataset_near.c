/*
 * dataset_near.c - rows of one dataset that are nearly rows of another.
 *
 * Nearly: the sets of their 5-character pieces (bytes of the folded text) have a Jaccard similarity
 * of at least QG_NEAR. Pairs are looked for by MinHash (Broder, "On the resemblance and containment
 * of documents", 1997): 64 minima in 16 bands of 4; texts that agree in a band are compared
 * exactly. A pair at the limit is found with probability 1 - (1 - 0.8^4)^16 = 0.9998, a closer one
 * more surely.
 */
#include "io/dataset_rows.h"
#include "io/text_set.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 5, MINIMA = 64, BAND = 4, BANDS = MINIMA / BAND };

/* The pieces of a text as sorted hashes without repetition. */
typedef struct pieces {
    uint64_t *piece; /* [n] */
    size_t n;
} pieces;

static int by_value(const void *pa, const void *pb)
{
    uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
    return (a > b) - (a < b);
}

/* A text shorter than a piece is one piece. */
static qg_code cut(pieces *s, qg_arena *a, const char *text, size_t len)
{
    size_t count = len > PIECE ? len - PIECE + 1 : 1, size = len < PIECE ? len : PIECE;
    QG_NEW(s->piece, a, count);
    for (size_t i = 0; i < count; i++) {
        uint64_t bytes = 0;
        memcpy(&bytes, text + i, size);
        s->piece[i] = qg_hash_mix(bytes + size);
    }
    qsort(s->piece, count, sizeof *s->piece, by_value);
    s->n = 0;
    for (size_t i = 0; i < count; i++)
        if (i == 0 || s->piece[i] != s->piece[i - 1])
            s->piece[s->n++] = s->piece[i];
    return QG_OK;
}

/* Permutations of pieces: odd multipliers and the upper half of the product. */
static void find_minima(uint32_t minimum[MINIMA], const pieces *s)
{
    for (int k = 0; k < MINIMA; k++) {
        uint64_t factor = qg_hash_mix((uint64_t)k + 1) | 1, add = qg_hash_mix(~(uint64_t)k);
        uint32_t least = UINT32_MAX;
        for (size_t i = 0; i < s->n; i++) {
            uint32_t v = (uint32_t)((s->piece[i] * factor + add) >> 32);
            least = v < least ? v : least;
        }
        minimum[k] = least;
    }
}

static qg_code cut_row(pieces *s, qg_arena *a, const qg_dataset *d, int64_t row)
{
    size_t len;
    const char *text = qg_text_folded(a, d->text[row], d->text_len[row], &len);
    return text ? cut(s, a, text, len) : QG_ENOMEM;
}

static const uint32_t *minima_of(const qg_near_index *x, int64_t row)
{
    return x->minimum + row * MINIMA;
}

qg_code qg_near_index_make(qg_near_index *out, qg_arena *a, const qg_dataset *d)
{
    *out = (qg_near_index){.data = d};
    QG_NEW(out->minimum, a, (size_t)d->n * MINIMA);
    for (int64_t i = 0; i < d->n; i++) {
        pieces s;
        qg_mark mark = qg_arena_mark(a);
        QG_TRY(cut_row(&s, a, d, i));
        find_minima(out->minimum + i * MINIMA, &s);
        qg_arena_release(a, mark);
    }
    return QG_OK;
}

double qg_near_jaccard(const uint64_t *a, size_t n, const uint64_t *b, size_t m)
{
    size_t i = 0, j = 0, both = 0;
    while (i < n && j < m) {
        both += a[i] == b[j];
        uint64_t x = a[i], y = b[j];
        i += x <= y;
        j += y <= x;
    }
    return (double)both / (double)(n + m - both);
}

/* ---------------------------------------------------------------------------------------- bands */

/* Rows of the first dataset by what a band of theirs holds: chains in a hash table. */
typedef struct bands {
    int64_t *first; /* [size] row or -1 */
    int64_t *next;  /* [rows] the next row of the chain or -1 */
    size_t size;
} bands;

static size_t slot_of(const bands *b, const uint32_t *minimum, int band)
{
    uint64_t h = (uint64_t)band;
    for (int k = 0; k < BAND; k++)
        h = qg_hash_mix(h ^ minimum[band * BAND + k]);
    return (size_t)(h & (b->size - 1));
}

static qg_code make_band(bands *b, qg_arena *a, const qg_near_index *x, int band)
{
    int64_t n = x->data->n;
    b->size = 16;
    while (b->size < (size_t)(2 * n))
        b->size *= 2;
    QG_NEW(b->first, a, b->size);
    QG_NEW(b->next, a, n);
    memset(b->first, 0xff, b->size * sizeof *b->first);
    for (int64_t i = n; i-- > 0;) {
        size_t at = slot_of(b, minima_of(x, i), band);
        b->next[i] = b->first[at];
        b->first[at] = i;
    }
    return QG_OK;
}

/* The pair with a row of `x` that this band shows, if it is better than what is known. The pieces
 * of both are cut again: few pairs agree in a band. */
static qg_code look_up(qg_near *best, const bands *b, qg_arena *a, const qg_near_index *x,
                       const qg_near_index *y, int64_t row, int band)
{
    int most = 200; /* texts of which a band says nothing, as very short ones, make long chains */
    const uint32_t *own = minima_of(y, row) + (ptrdiff_t)band * BAND;
    pieces mine = {0}, other;
    qg_mark start = qg_arena_mark(a);
    for (int64_t i = b->first[slot_of(b, minima_of(y, row), band)]; i >= 0 && most > 0;
         i = b->next[i], most--) {
        if (i == best->row ||
            memcmp(minima_of(x, i) + (ptrdiff_t)band * BAND, own, BAND * sizeof *own) != 0)
            continue;
        if (!mine.piece)
            QG_TRY(cut_row(&mine, a, y->data, row));
        qg_mark mark = qg_arena_mark(a);
        QG_TRY(cut_row(&other, a, x->data, i));
        double j = qg_near_jaccard(other.piece, other.n, mine.piece, mine.n);
        if (j >= QG_NEAR && (j > best->similarity || (j == best->similarity && i < best->row)))
            *best = (qg_near){i, j};
        qg_arena_release(a, mark);
    }
    qg_arena_release(a, start);
    return QG_OK;
}

static qg_code find_near(qg_near *out, qg_arena *scratch, const qg_near_index *x,
                         const qg_near_index *y)
{
    for (int64_t i = 0; i < y->data->n; i++)
        out[i] = (qg_near){-1, 0};
    for (int band = 0; band < BANDS; band++) {
        bands table;
        qg_mark start = qg_arena_mark(scratch);
        QG_TRY(make_band(&table, scratch, x, band));
        for (int64_t i = 0; i < y->data->n; i++)
            QG_TRY(look_up(&out[i], &table, scratch, x, y, i, band));
        qg_arena_release(scratch, start);
    }
    return QG_OK;
}

qg_code qg_dataset_near(qg_near *out, const qg_near_index *a, const qg_near_index *b)
{
    qg_arena *scratch = qg_arena_create(0);
    if (!scratch)
        return QG_FAIL(QG_ENOMEM, "no memory to compare two datasets");
    qg_code rc = find_near(out, scratch, a, b);
    qg_arena_destroy(scratch);
    return rc;
}

qg_code qg_dataset_near_rows(qg_near_rows *out, qg_arena *a, const qg_near_index *x,
                             const qg_near_index *y)
{
    qg_near *near;
    qg_mark start = qg_arena_mark(a);
    *out = (qg_near_rows){0};
    QG_NEW(near, a, y->data->n);
    QG_TRY(qg_dataset_near(near, x, y));
    for (int64_t i = 0; i < y->data->n; i++) {
        if (near[i].row < 0 || near[i].similarity >= 1)
            continue;
        if (near[i].similarity > out->similarity)
            *out = (qg_near_rows){out->n, y->data->line[i], x->data->line[near[i].row],
                                  near[i].similarity};
        out->n++;
    }
    qg_arena_release(a, start);
    return QG_OK;
}
