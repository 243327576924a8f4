/*
 * features.c - the parts of a text that explanations score, and their scores spread over tokens.
 */
#include "qgrid/perturb.h"

const char *const qg_feature_kind_names[] = {"word", "token", "distinct_word", "distinct_run",
                                             NULL};

/* What tells the pieces of a kind apart: tokens of equal numbers are of one piece (several places
 * of it, if they are distinct ones); below 0: of none. NULL: each token is one. */
static const int32_t *pieces_of(const qg_encoding *e, qg_feature_kind kind)
{
    switch (kind) {
    case QG_FEATURE_WORD:
        return e->word;
    case QG_FEATURE_DISTINCT_WORD:
        return e->word_form;
    case QG_FEATURE_DISTINCT_RUN:
        return e->run_form;
    default:
        return NULL;
    }
}

/* The unit whose first token is of the same piece as token i, else the next one. */
static int unit_of(const int32_t *piece, int i, const int *first, int units)
{
    int u = 0;
    while (u < units && !(piece && piece[first[u]] == piece[i]))
        u++;
    return u;
}

/* From token i to the end of its piece. */
static qg_span span_of(const qg_encoding *e, int i, const int32_t *piece)
{
    int last = i;
    while (piece && last + 1 < e->n && piece[last + 1] == piece[i] &&
           e->word[last + 1] == e->word[i])
        last++;
    return (qg_span){e->start[i], e->end[last], e->byte_start[i], e->byte_end[last]};
}

/* Encodings that were made without the text's tokenizer, or sent, have ids and words alone. */
static bool has_places(const qg_encoding *e)
{
    return e->start && e->end && e->byte_start && e->byte_end;
}

qg_code qg_sample_make(qg_sample *out, qg_arena *a, const qg_encoding *e, qg_feature_kind kind,
                       uint64_t key)
{
    int32_t *unit;
    int *first, units = 0;
    qg_span *span = NULL;
    const int32_t *piece = pieces_of(e, kind);
    QG_ASSERT(piece || kind == QG_FEATURE_TOKEN);
    QG_NEW(unit, a, e->n);
    QG_NEW(first, a, e->n);
    if (has_places(e))
        QG_NEW(span, a, e->n);
    for (int i = 0; i < e->n; i++) {
        unit[i] = -1;
        if (e->word[i] < 0 || (piece && piece[i] < 0))
            continue;
        unit[i] = unit_of(piece, i, first, units);
        if (unit[i] == units) {
            first[units] = i;
            if (span)
                span[units] = span_of(e, i, piece);
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
