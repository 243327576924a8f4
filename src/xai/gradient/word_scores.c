/*
 * word_scores.c - from tokens to words.
 */
#include "attribution.h"

#include <math.h>

const char *const qg_aggregation_names[] = {"sum", "mean", "max", NULL};

/* Whether token i adds to its word: the first token of a unit does. */
static bool counts(const int32_t *unit, const int32_t *word_of, int i)
{
    bool goes_on = unit && i > 0 && unit[i] == unit[i - 1] && word_of[i] == word_of[i - 1];
    return !unit || (unit[i] >= 0 && !goes_on);
}

static double score_of(int word, const double *token, const int32_t *word_of, const int32_t *unit,
                       int n, qg_aggregation how)
{
    double score = (double)NAN;
    int tokens = 0;
    for (int i = 0; i < n; i++) {
        if (word_of[i] != word)
            continue;
        if (!counts(unit, word_of, i)) {
            score = tokens == 0 ? 0 : score;
            continue;
        }
        if (tokens++ == 0)
            score = token[i];
        else if (how != QG_AGGREGATE_MAX)
            score += token[i];
        else if (fabs(token[i]) > fabs(score))
            score = token[i];
    }
    return how == QG_AGGREGATE_MEAN && tokens > 0 ? score / tokens : score;
}

void qg_word_scores(double *word, int words, const double *token, const int32_t *word_of,
                    const int32_t *unit, int n, qg_aggregation how)
{
    for (int w = 0; w < words; w++)
        word[w] = score_of(w, token, word_of, unit, n, how);
}
