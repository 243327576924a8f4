/*
 * features.c - the parts of a text that explanations score, and their scores spread over tokens.
 */
#include "qgrid/perturb.h"

const char *const qg_feature_kind_names[] = {"word", "token", "distinct_word", NULL};

/* Whether the words at tokens i and j (their first) have the same tokens. */
static bool same_word(const qg_encoding *e, int i, int j)
{
    int wi = e->word[i], wj = e->word[j];
    while (i < e->n && j < e->n && e->word[i] == wi && e->word[j] == wj) {
        if (e->ids[i++] != e->ids[j++])
            return false;
    }
    return (i == e->n || e->word[i] != wi) && (j == e->n || e->word[j] != wj);
}

/* The first place of the word that begins at token i; first[u] = first token of unit u. */
static int unit_of_word(const qg_encoding *e, int i, const int *first, int units, bool distinct)
{
    if (distinct)
        for (int u = 0; u < units; u++)
            if (same_word(e, first[u], i))
                return u;
    return units;
}

static qg_span span_of(const qg_encoding *e, int token, qg_feature_kind kind)
{
    if (kind == QG_FEATURE_TOKEN)
        return (qg_span){e->start[token], e->end[token], e->byte_start[token], e->byte_end[token]};
    int w = e->word[token];
    return (qg_span){e->word_start[w], e->word_end[w], e->word_byte_start[w], e->word_byte_end[w]};
}

/* Encodings that were made without the text's tokenizer, or sent, have ids and words alone. */
static bool has_places(const qg_encoding *e)
{
    return e->start && e->end && e->byte_start && e->byte_end && e->word_start && e->word_end &&
           e->word_byte_start && e->word_byte_end;
}

qg_code qg_sample_make(qg_sample *out, qg_arena *a, const qg_encoding *e, qg_feature_kind kind,
                       uint64_t key)
{
    int32_t *unit;
    int *first, units = 0;
    qg_span *span = NULL;
    QG_NEW(unit, a, e->n);
    QG_NEW(first, a, e->n);
    if (has_places(e))
        QG_NEW(span, a, e->n);
    for (int i = 0; i < e->n; i++) {
        unit[i] = -1;
        if (e->word[i] < 0)
            continue;
        if (kind != QG_FEATURE_TOKEN && i > 0 && e->word[i] == e->word[i - 1]) {
            unit[i] = unit[i - 1];
            continue;
        }
        unit[i] = unit_of_word(e, i, first, units, kind == QG_UNIT_DISTINCT_WORD);
        if (unit[i] == units) {
            first[units] = i;
            if (span)
                span[units] = span_of(e, i, kind);
            units++;
        }
    }
    *out = (qg_sample){key, e->n, e->ids, unit, units, span};
    return QG_OK;
}

void qg_scores_of_tokens(double *out, const double *score, const qg_sample *s)
{
    for (int i = 0; i < s->n; i++)
        out[i] = s->unit[i] < 0 ? 0 : score[s->unit[i]];
}
