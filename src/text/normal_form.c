/*
 * normal_form.c - decomposition and the normalization forms C and KC (Unicode Standard Annex 15).
 *
 * Syllables of Hangul are taken apart and put together by arithmetic, all else by tables.
 */
#include "unicode.h"

#include <stdlib.h>
#include <string.h>

enum {
    S_BASE = 0xac00,
    L_BASE = 0x1100,
    V_BASE = 0x1161,
    T_BASE = 0x11a7,
    L_COUNT = 19,
    V_COUNT = 21,
    T_COUNT = 28,
    S_COUNT = L_COUNT * V_COUNT * T_COUNT
};

/* A code point and the place of what it becomes in the pool. */
typedef struct decomposition {
    int32_t code;
    uint16_t at, n;
} decomposition;

typedef struct class_run {
    int32_t first, last, class;
} class_run;

typedef struct composition {
    int32_t first, second, made;
} composition;

static const decomposition canonical[] = {
#include "unicode_canonical.inc"
};

static const decomposition compatible_only[] = {
#include "unicode_compatible.inc"
};

static const int32_t pool[] = {
#include "unicode_pool.inc"
};

static const class_run classes[] = {
#include "unicode_classes.inc"
};

static const composition compositions[] = {
#include "unicode_compositions.inc"
};

_Static_assert(sizeof pool / sizeof pool[0] <= UINT16_MAX, "places in the pool have 16 bits");

/* ------------------------------------------------------------------------------------- tables */

static int by_code(const void *key, const void *row)
{
    int32_t c = *(const int32_t *)key, code = ((const decomposition *)row)->code;
    return (c > code) - (c < code);
}

static int by_class_run(const void *key, const void *row)
{
    int32_t c = *(const int32_t *)key;
    const class_run *r = row;
    return c < r->first ? -1 : c > r->last;
}

static int by_pair(const void *key, const void *row)
{
    const composition *x = key, *y = row;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->second > y->second) - (x->second < y->second);
}

static int class_of(int32_t c)
{
    const class_run *r = c < 0x300 ? NULL
                                   : bsearch(&c, classes, sizeof classes / sizeof classes[0],
                                             sizeof classes[0], by_class_run);
    return r ? r->class : 0;
}

/* -1: they do not come together. */
static int32_t compose_pair(int32_t a, int32_t b)
{
    bool syllable = a >= S_BASE && a < S_BASE + S_COUNT && (a - S_BASE) % T_COUNT == 0;
    if (a >= L_BASE && a < L_BASE + L_COUNT && b >= V_BASE && b < V_BASE + V_COUNT)
        return S_BASE + ((a - L_BASE) * V_COUNT + (b - V_BASE)) * T_COUNT;
    if (syllable && b > T_BASE && b < T_BASE + T_COUNT)
        return a + (b - T_BASE);
    composition key = {a, b, 0};
    const composition *found =
        bsearch(&key, compositions, sizeof compositions / sizeof compositions[0],
                sizeof compositions[0], by_pair);
    return found ? found->made : -1;
}

/* ------------------------------------------------------------------------------ decomposition */

static int decompose_syllable(int32_t *out, int32_t c)
{
    int s = c - S_BASE, last = s % T_COUNT;
    out[0] = L_BASE + s / (V_COUNT * T_COUNT);
    out[1] = V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT;
    out[2] = T_BASE + last;
    return last ? 3 : 2;
}

static int decompose(int32_t out[QG_MAX_DECOMPOSED], int32_t c, bool compatible)
{
    const decomposition *d = NULL;
    if (c >= S_BASE && c < S_BASE + S_COUNT)
        return decompose_syllable(out, c);
    if (compatible && c >= 0xa0)
        d = bsearch(&c, compatible_only, sizeof compatible_only / sizeof compatible_only[0],
                    sizeof compatible_only[0], by_code);
    if (!d && c >= 0xc0)
        d = bsearch(&c, canonical, sizeof canonical / sizeof canonical[0], sizeof canonical[0],
                    by_code);
    if (!d) {
        out[0] = c;
        return 1;
    }
    memcpy(out, pool + d->at, d->n * sizeof *out);
    return d->n;
}

int qg_decompose(int32_t out[QG_MAX_DECOMPOSED], int32_t c)
{
    return decompose(out, c, false);
}

/* ---------------------------------------------------------------------------------- whole texts */

/* A code point of a decomposed text, and what orders it among marks. */
typedef struct mark {
    int32_t code;
    int class;
    size_t place;
} mark;

static int by_class(const void *a, const void *b)
{
    const mark *x = a, *y = b;
    if (x->class != y->class)
        return x->class < y->class ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

/* Decomposed and in canonical order: runs of marks are sorted by class, equal ones stay. */
static size_t decompose_text(mark *out, const char *text, size_t len, bool compatible)
{
    int32_t part[QG_MAX_DECOMPOSED];
    size_t n = 0, first = 0;
    for (size_t i = 0; i < len;) {
        int width, parts = decompose(part, qg_utf8_decode(text + i, &width), compatible);
        i += (size_t)width;
        for (int k = 0; k < parts; k++, n++)
            out[n] = (mark){part[k], class_of(part[k]), n};
    }
    for (size_t i = 0; i <= n; i++)
        if (i == n || out[i].class == 0) {
            if (i > first + 1)
                qsort(out + first, i - first, sizeof *out, by_class);
            first = i + 1;
        }
    return n;
}

/* What follows a starter joins it where nothing of its class or a higher one lies between. */
static size_t compose(mark *text, size_t n)
{
    size_t kept = 0, starter = SIZE_MAX;
    int last = -1; /* class of what was kept behind the starter; -1: nothing */
    for (size_t i = 0; i < n; i++) {
        mark m = text[i];
        bool open = starter != SIZE_MAX && last < m.class;
        int32_t made = open ? compose_pair(text[starter].code, m.code) : -1;
        if (made >= 0) {
            text[starter].code = made;
            continue;
        }
        if (m.class == 0) {
            starter = kept;
            last = -1;
        } else {
            last = m.class;
        }
        text[kept++] = m;
    }
    return kept;
}

static size_t decomposed_length(const char *text, size_t len, bool compatible)
{
    int32_t part[QG_MAX_DECOMPOSED];
    size_t n = 0;
    for (size_t i = 0; i < len;) {
        int width;
        n += (size_t)decompose(part, qg_utf8_decode(text + i, &width), compatible);
        i += (size_t)width;
    }
    return n;
}

void qg_compose(qg_str *out, const char *text, size_t len, bool compatible)
{
    if (qg_utf8_check(text, len) != len) {
        qg_str_addn(out, text, len);
        return;
    }
    mark *all = calloc(decomposed_length(text, len, compatible) + 1, sizeof *all);
    if (!all) {
        out->failed = true;
        return;
    }
    size_t n = compose(all, decompose_text(all, text, len, compatible));
    for (size_t i = 0; i < n; i++) {
        char bytes[4];
        qg_str_addn(out, bytes, (size_t)qg_utf8_encode(bytes, all[i].code));
    }
    free(all);
}
