/*
 * cue_ranks.c - how high the cue words of a probe rank in an explanation.
 */
#include "qgrid/pair_scores.h"
#include "ranking.h"

#include <math.h>

#define X(name, doc) #name,
const char *const qg_cue_score_names[] = {QG_CUE_SCORE_LIST(X) NULL};
#undef X

qg_code qg_word_ranks(double *rank, int *words, const double *score, int n, qg_arena *scratch)
{
    double *lowness;
    int *from, m = 0;
    qg_mark mark = qg_arena_mark(scratch);
    QG_NEW(lowness, scratch, n);
    QG_NEW(from, scratch, n);
    for (int i = 0; i < n; i++) {
        rank[i] = (double)NAN;
        if (isinf(score[i]))
            return QG_FAIL(QG_ENUMERIC, "the score of word %d is infinite", i);
        if (isnan(score[i]))
            continue;
        from[m] = i;
        lowness[m++] = -fabs(score[i]);
    }
    const double *of = qg_ranks(lowness, m, scratch);
    if (!of)
        return QG_ENOMEM;
    for (int k = 0; k < m; k++)
        rank[from[k]] = of[k];
    *words = m;
    qg_arena_release(scratch, mark);
    return QG_OK;
}

qg_cue_chance qg_cue_by_chance(int cue_words, int words)
{
    double none = 1; /* that all of them are behind the top */
    for (int i = 0; i < cue_words; i++)
        none *= fmax(0, words - QG_TOP_CUES - i) / (words - i);
    return (qg_cue_chance){(double)(words + 1) / (cue_words + 1), 1 - none};
}

void qg_cue_score(double out[QG_CUE_SCORES], const qg_ranked_cue *cue, int64_t n, int phenomenon)
{
    int64_t texts = 0, cues = 0, top = 0, last = -1;
    double words = 0, rank = 0, chance_rank = 0, chance_top = 0;
    for (int64_t i = 0; i < n; i++) {
        const qg_ranked_cue *c = &cue[i];
        if (phenomenon >= 0 && c->phenomenon != phenomenon)
            continue;
        texts += c->text != last;
        last = c->text;
        cues++;
        top += c->rank <= QG_TOP_CUES;
        words += c->words;
        rank += c->rank;
        chance_rank += c->chance.rank;
        chance_top += c->chance.top5;
    }
    double of = cues > 0 ? (double)cues : (double)NAN;
    out[QG_CUE_SCORE_texts] = (double)texts;
    out[QG_CUE_SCORE_cues] = (double)cues;
    out[QG_CUE_SCORE_words] = words / of;
    out[QG_CUE_SCORE_rank] = rank / of;
    out[QG_CUE_SCORE_chance_rank] = chance_rank / of;
    out[QG_CUE_SCORE_top5] = (double)top / of;
    qg_share_interval(&out[QG_CUE_SCORE_ci_low], &out[QG_CUE_SCORE_ci_high], top, cues);
    out[QG_CUE_SCORE_chance_top5] = chance_top / of;
}
