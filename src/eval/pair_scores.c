/*
 * pair_scores.c - minimal pairs under a classifier, and against another one.
 *
 * A pair succeeds when both of its texts are classified right, so that neither a classifier that
 * never changes its mind nor one that always does gets far.
 */
#include "qgrid/metrics.h"
#include "qgrid/pair_scores.h"

#include <math.h>
#include <stdbool.h>

#define X(name, doc) #name,
const char *const qg_pair_score_names[] = {QG_PAIR_SCORE_LIST(X) NULL};
const char *const qg_pair_test_names[] = {QG_PAIR_TEST_LIST(X) NULL};
#undef X

void qg_share_interval(double *low, double *high, int64_t k, int64_t n)
{
    const double z = 1.959963984540054; /* of the normal distribution, 97.5 % */
    double m = (double)n + z * z;
    *low = *high = (double)NAN;
    if (n <= 0)
        return;
    double middle = ((double)k + z * z / 2) / m;
    double half = z / m * sqrt((double)k * (double)(n - k) / (double)n + z * z / 4);
    *low = k == 0 ? 0 : middle - half;
    *high = k == n ? 1 : middle + half;
}

static bool chosen(const qg_pair_set *s, qg_pair_choice choice, int64_t i)
{
    return (choice.phenomenon == QG_ANY_PHENOMENON || s->phenomenon[i] == choice.phenomenon) &&
           (choice.changes == QG_ANY_PAIR || s->changes[i] == choice.changes);
}

static bool is_right(const qg_pair_set *s, int64_t row, const int32_t *predicted)
{
    return predicted[row] == s->label[row];
}

static bool succeeds(const qg_pair_set *s, int64_t i, const int32_t *predicted)
{
    return is_right(s, s->first[i], predicted) && is_right(s, s->second[i], predicted);
}

void qg_pair_score(double out[QG_PAIR_SCORES], const qg_pair_set *s, qg_pair_choice choice,
                   const int32_t *predicted)
{
    int64_t n = 0, successes = 0, first = 0, second = 0, differ = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (!chosen(s, choice, i))
            continue;
        n++;
        successes += succeeds(s, i, predicted);
        first += is_right(s, s->first[i], predicted);
        second += is_right(s, s->second[i], predicted);
        differ += predicted[s->first[i]] != predicted[s->second[i]];
    }
    double of = n > 0 ? (double)n : (double)NAN;
    out[QG_PAIR_SCORE_pairs] = (double)n;
    out[QG_PAIR_SCORE_successes] = (double)successes;
    out[QG_PAIR_SCORE_psr] = (double)successes / of;
    qg_share_interval(&out[QG_PAIR_SCORE_ci_low], &out[QG_PAIR_SCORE_ci_high], successes, n);
    out[QG_PAIR_SCORE_first_right] = (double)first / of;
    out[QG_PAIR_SCORE_second_right] = (double)second / of;
    out[QG_PAIR_SCORE_differ] = (double)differ / of;
}

void qg_pair_test(double out[QG_PAIR_TESTS], const qg_pair_set *s, qg_pair_choice choice,
                  const int32_t *reference, const int32_t *variant)
{
    int64_t count[2][2] = {{0}}; /* by success of the reference, of the variant */
    int64_t n = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (!chosen(s, choice, i))
            continue;
        count[succeeds(s, i, reference)][succeeds(s, i, variant)]++;
        n++;
    }
    int64_t harmed = count[1][0], helped = count[0][1];
    bool any = n > 0;
    out[QG_PAIR_TEST_both] = (double)count[1][1];
    out[QG_PAIR_TEST_only_reference] = (double)harmed;
    out[QG_PAIR_TEST_only_variant] = (double)helped;
    out[QG_PAIR_TEST_neither] = (double)count[0][0];
    out[QG_PAIR_TEST_p] = any ? qg_mcnemar_exact(harmed, helped) : (double)NAN;
    out[QG_PAIR_TEST_p_holm] = out[QG_PAIR_TEST_family] = (double)NAN;
    out[QG_PAIR_TEST_low_power] = any ? harmed + helped < QG_FEW_DISCORDANT : (double)NAN;
}
