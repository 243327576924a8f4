/*
 * forms.c - which tokens of a text belong to equal words, and to equal runs of word characters.
 */
#include "qgrid/tokenizer.h"
#include "unicode.h"

#include <string.h>

/* Pieces of a text that have tokens, and what makes two of them equal. */
typedef struct pieces {
    const qg_encoding *code;
    const int32_t *of; /* [n] the piece of a token, -1 */
    const char *text;  /* NULL: equal ids make equal pieces */
    const int32_t *byte_start, *byte_end;
} pieces;

/* Whether the pieces that begin at tokens i and j have the same ids. */
static bool same_ids(const pieces *p, int i, int j)
{
    const qg_encoding *e = p->code;
    int32_t of_i = p->of[i], of_j = p->of[j];
    while (i < e->n && j < e->n && p->of[i] == of_i && p->of[j] == of_j)
        if (e->ids[i++] != e->ids[j++])
            return false;
    return (i == e->n || p->of[i] != of_i) && (j == e->n || p->of[j] != of_j);
}

static bool same(const pieces *p, int i, int j)
{
    if (!p->text)
        return same_ids(p, i, j);
    int a = p->of[i], b = p->of[j];
    int32_t size = p->byte_end[a] - p->byte_start[a];
    return size == p->byte_end[b] - p->byte_start[b] &&
           memcmp(p->text + p->byte_start[a], p->text + p->byte_start[b], (size_t)size) == 0;
}

/* form [n]: the number of the first piece that is equal to a token's, -1 where it has none. */
static qg_code number(int32_t **form, qg_arena *a, const pieces *p)
{
    int *first, different = 0, n = p->code->n;
    QG_NEW(*form, a, n);
    QG_NEW(first, a, n);
    for (int i = 0; i < n; i++) {
        int k = 0;
        bool goes_on = i > 0 && p->of[i] == p->of[i - 1];
        (*form)[i] = goes_on ? (*form)[i - 1] : -1;
        if (goes_on || p->of[i] < 0)
            continue;
        while (k < different && !same(p, first[k], i))
            k++;
        if (k == different)
            first[different++] = i;
        (*form)[i] = p->of[first[k]];
    }
    return QG_OK;
}

/* The next run of word characters from *end on, in bytes; false: there is none. */
static bool next_run(size_t *begin, size_t *end, const char *text, size_t len)
{
    int width;
    *begin = *end;
    while (*begin < len && !qg_is_word_character(qg_utf8_decode(text + *begin, &width)))
        *begin += (size_t)width;
    *end = *begin;
    while (*end < len && qg_is_word_character(qg_utf8_decode(text + *end, &width)))
        *end += (size_t)width;
    return *begin < len;
}

/* Pieces are the runs of word characters that tokens touch; a token that touches several belongs to
 * the first. */
static qg_code find_runs(pieces *p, qg_arena *a, size_t len)
{
    const qg_encoding *e = p->code;
    int32_t *run, *start, *last;
    int runs = 0, i = 0;
    QG_NEW(run, a, e->n);
    QG_NEW(start, a, e->n + 1);
    QG_NEW(last, a, e->n + 1);
    for (int k = 0; k < e->n; k++)
        run[k] = -1;
    for (size_t begin, end = 0; next_run(&begin, &end, p->text, len) && i < e->n;) {
        start[runs] = (int32_t)begin;
        last[runs] = (int32_t)end;
        bool touched = false;
        for (; i < e->n && (e->word[i] < 0 || (size_t)e->byte_start[i] < end); i++) {
            if (e->word[i] < 0 || (size_t)e->byte_end[i] <= begin)
                continue;
            run[i] = runs;
            touched = true;
        }
        runs += touched;
    }
    p->of = run;
    p->byte_start = start;
    p->byte_end = last;
    return QG_OK;
}

qg_code qg_encoding_forms(qg_encoding *e, qg_arena *a, const char *text, size_t len)
{
    pieces words = {e, e->word, text, e->word_byte_start, e->word_byte_end}, runs = words;
    QG_TRY(number(&e->word_form, a, &words));
    if (text)
        QG_TRY(find_runs(&runs, a, len));
    return number(&e->run_form, a, &runs);
}
