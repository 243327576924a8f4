/*
 * test_probes.c - minimal pairs: how they are read, where cues stand, how pairs and cues are
 * counted. Numbers are closed forms: Wilson's interval as a root of its equation, binomial sums
 * written out, ranks by counting.
 */
#include "dataset_case.h"

#include "qgrid/pair_scores.h"
#include "plan/inputs.h"

#include <math.h>

/* ------------------------------------------------------------------------------------------ cues
 */

static void cues_are_found_whatever_case_and_punctuation(void **state)
{
    (void)state;
    static const struct {
        const char *text, *cue;
        int first, last;
    } row[] = {
        {"Tidak enak", "tidak", 0, 0},
        {"rasanya TIDAK!", "tidak", 1, 1},
        {"(tidak) enak", "Tidak", 0, 0},
        {"Baik-baik saja", "baik-baik", 0, 0},
        {"Baik baik, ya", "baik-baik", 0, 1},
        {"baik-baik saja", "Baik Baik", 0, 0},
        {"baik-baik saja", "baik", -1, -1},
        {"tidaknya siapa", "tidak", -1, -1},
        {"\"Tidak\" -- semua!", "tidak semua", 0, 2},
        {"semua tidak", "tidak semua", -1, -1},
        {"  apa   gak\tenak", "gak", 1, 1},
        {"\xC3\x89nak banget", "\xC3\xA9nak", 0, 0}, /* upper and lower e with an accent */
        {"...", "a", -1, -1},
        {"a b a b", "a", 0, 0},
    };
    qg_arena *a = qg_arena_create(0);
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        qg_cue_place place;
        qt_ok(qg_cue_find(&place, a, row[i].text, strlen(row[i].text), &row[i].cue, 1));
        qt_eq(row[i].text, place.first, row[i].first);
        qt_eq(row[i].text, place.last, row[i].last);
    }
    qg_arena_destroy(a);
}

static void a_cue_takes_its_words_from_those_behind_it(void **state)
{
    (void)state;
    static const char text[] = "Tidak ada yang TIDAK, tidak semua";
    static const char *const cue[] = {"tidak", "tidak", "tidak semua", "tidak", "ada"};
    static const int want[][2] = {{0, 0}, {3, 3}, {4, 5}, {-1, -1}, {1, 1}};
    qg_cue_place place[5];
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_cue_find(place, a, text, strlen(text), cue, 5));
    for (int i = 0; i < 5; i++) {
        qt_eq("first", place[i].first, want[i][0]);
        qt_eq("last", place[i].last, want[i][1]);
    }
    qg_arena_destroy(a);
}

/* ---------------------------------------------------------------------------------------- reading
 */

#define PAIR(text, label, phenomenon, cues, second, other)                                         \
    "{\"text\": \"" text "\", \"label\": \"" label "\", \"phenomenon\": \"" phenomenon             \
    "\", \"cues\": " cues ", \"pair\": {\"text\": \"" second "\", \"label\": \"" other "\"}}\n"

static void both_texts_of_a_pair_are_rows(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "probes"),
               PAIR("tidak enak", "negative", "neg", "[\"tidak\"]", "enak",
                    "positive") "\n{\"id\": \"x7\", \"text\": \"biasa\", \"label\": \"neutral\", "
                                "\"phenomenon\": "
                                "\"none\", \"pair\": {\"text\": \"lumayan\", \"label\": "
                                "\"neutral\"}}\n" PAIR("Enak BANGET!", "positive", "neg",
                                                       "\"banget\"", "banget enak", "positive")));
    qt_eq("rows", ds.n, 6);
    row_is(&ds, 0, "tidak enak", 2, "0", 1);
    row_is(&ds, 1, "enak", 0, "1", 1);
    row_is(&ds, 2, "biasa", 1, "x7", 3);
    row_is(&ds, 3, "lumayan", 1, "x7/pair", 3);
    const qg_minimal_pairs *x = ds.pairs;
    assert_non_null(x);
    qt_eq("pairs", x->n, 3);
    qt_eq("phenomena", x->n_phenomena, 2);
    assert_string_equal(x->phenomenon[0], "neg");
    assert_string_equal(x->phenomenon[1], "none");
    static const int phenomenon[] = {0, 1, 0}, changes[] = {1, 0, 0};
    static const int splits[] = {0, 1, 1, 1, 1, 2, 3};
    for (int i = 0; i < 3; i++) {
        qt_eq("first", x->first[i], 2 * i);
        qt_eq("second", x->second[i], 2 * i + 1);
        qt_eq("phenomenon", x->of_pair[i], phenomenon[i]);
        qt_eq("of its row", x->of_row[2 * i + 1], phenomenon[i]);
        qt_eq("changes", x->changes[i], changes[i]);
    }
    for (int i = 0; i < 7; i++)
        qt_eq("cues", x->cue_splits[i], splits[i]);
    qt_eq("tidak", x->cue[0].first, 0);
    qt_eq("BANGET!", x->cue[1].first, 1);
    qt_eq("banget", x->cue[2].first, 0);
    qg_arena_destroy(a);
}

static void texts_of_a_phenomenon_can_be_a_group(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    static const int group[] = {0, 0, 1, 1, 0, 0};
    static const char text[] = PAIR("a", "neutral", "x", "[]", "b", "neutral")
        PAIR("c", "neutral", "y", "[]", "d", "neutral")
            PAIR("e", "neutral", "x", "[]", "f", "neutral");
    qt_ok(LOAD(&ds, a, SPEC(.format = "probes", .group_column = "phenomenon"), text));
    qt_eq("groups", ds.n_groups, 2);
    assert_string_equal(ds.group_name[1], "y");
    for (int i = 0; i < 6; i++)
        qt_eq("group", ds.group[i], group[i]);
    qt_fails(LOAD(&ds, a, SPEC(.format = "probes", .group_column = "topic"), text), QG_EFORMAT,
             "key 'topic' is missing", NULL);
    qg_arena_destroy(a);
}

static void other_formats_have_no_pairs(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qt_ok(LOAD(&ds, a, SPEC(.format = "smsa"), "enak\tpositive\n"));
    assert_null(ds.pairs);
    qg_arena_destroy(a);
}

static void a_wrong_pair_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *line, *says;
    } bad[] = {
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\"}", "'pair' is missing"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"pair\": {\"text\": \"b\", \"label\": "
         "\"neutral\"}}",
         "'phenomenon' is missing"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"pair\": \"b\"}",
         "found a string, an object is expected"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"pair\": {\"text\": "
         "\"b\"}}",
         "'label' is missing"},
        {"{\"text\": \"a\", \"label\": 1, \"phenomenon\": \"x\", \"pair\": {\"text\": \"b\", "
         "\"label\": \"neutral\"}}",
         "found a number, a string is expected"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"cue\": \"a\", "
         "\"pair\": {\"text\": \"b\", \"label\": \"neutral\"}}",
         "unknown key, allowed are: id, text, label, phenomenon, cues, pair"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"all\", \"pair\": "
         "{\"text\": \"b\", \"label\": \"neutral\"}}",
         "and not \"all\""},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"cues\": [\"c\"], "
         "\"pair\": {\"text\": \"b\", \"label\": \"neutral\"}}",
         "neither text has the cue 'c'"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"cues\": [\"?!\"], "
         "\"pair\": {\"text\": \"b\", \"label\": \"neutral\"}}",
         "a cue without a letter or a digit"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"cues\": [1], "
         "\"pair\": {\"text\": \"b\", \"label\": \"neutral\"}}",
         "found a number, a string is expected"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"cues\": [\"a\", "
         "\"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", \"a\", "
         "\"a\", \"a\", \"a\", \"a\"], \"pair\": {\"text\": \"b\", \"label\": \"neutral\"}}",
         "17 cues, at most 16 are allowed"},
        {"{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": \"x\", \"pair\": {\"text\": "
         "\"b\", \"label\": \"gut\"}}",
         "label 'gut' is not one of: positive, neutral, negative"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_dataset ds;
        qg_arena *a = qg_arena_create(0);
        char *text = qg_arena_printf(
            a, PAIR("tidak enak", "negative", "neg", "[\"tidak\"]", "enak", "positive") "%s\n",
            bad[i].line);
        qt_fails(load(&ds, a, SPEC(.format = "probes"), text, strlen(text)), QG_EFORMAT,
                 "data:2:", bad[i].says, NULL);
        qg_arena_destroy(a);
    }
}

static void pairs_stay_whole(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    /* whichever text is bad, its pair goes as a whole, and for one reason */
    qt_ok(LOAD(&ds, a, SPEC(.format = "probes", .on_error = 1),
               PAIR("a", "neutral", "x", "[]", "b", "gut")
                   PAIR("c", "neutral", "y", "[]", "d", "neutral")
                       PAIR("e", "gut", "x", "[]", "f", "gut")
                           PAIR("g", "neutral", "x", "[]", " ", "neutral")));
    qt_eq("rows", ds.n, 2);
    row_is(&ds, 0, "c", 1, "2", 2);
    row_is(&ds, 1, "d", 1, "3", 2);
    qt_eq("pairs", ds.pairs->n, 1);
    qt_eq("first", ds.pairs->first[0], 0);
    qt_eq("phenomena", ds.pairs->n_phenomena, 1);
    qt_eq("records", ds.records, 8);
    qt_eq("skipped", ds.skipped, 6);
    qt_eq("empty", ds.empty, 0);
    qt_eq("listed", ds.skipped_listed, 3);
    qt_eq("reasons", ds.n_reasons, 2);
    qt_eq("pairs for the first", ds.reason[0].rows, 2);
    assert_non_null(strstr(ds.reason[0].why, "label 'gut' is not one of: positive, neutral, "
                                             "negative; the other text of its pair is left out"));
    assert_non_null(strstr(ds.reason[1].why, "there is nothing in it; the other text"));
    qt_fails(LOAD(&ds, a, SPEC(.format = "probes", .on_error = 1),
                  PAIR("a", "neutral", "x", "[]", "b", "gut")),
             QG_EFORMAT, "no usable row: 2 records, 2 skipped", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "probes"),
                  PAIR("a", "neutral", "x", "[]", "\u200b", "neutral")),
             QG_EFORMAT, "data:1:1: text: there is nothing in it", NULL);
    qt_fails(LOAD(&ds, a, SPEC(.format = "probes", .sampling.count = 1),
                  PAIR("a", "neutral", "x", "[]", "b", "neutral")),
             QG_EJOB, "would tear minimal pairs apart", NULL);
    qg_arena_destroy(a);
}

static void phenomena_have_a_bound(void **state)
{
    (void)state;
    for (int n = QG_MOST_PHENOMENA; n <= QG_MOST_PHENOMENA + 1; n++) {
        qg_dataset ds;
        qg_arena *a = qg_arena_create(0);
        char *text = qg_arena_strdup(a, "");
        for (int i = 0; i < n; i++)
            text = qg_arena_printf(a,
                                   "%s{\"text\": \"a\", \"label\": \"neutral\", \"phenomenon\": "
                                   "\"p%d\", \"pair\": {\"text\": \"b\", \"label\": "
                                   "\"neutral\"}}\n",
                                   text, i);
        qg_code rc = load(&ds, a, SPEC(.format = "probes"), text, strlen(text));
        if (n == QG_MOST_PHENOMENA)
            qt_ok(rc);
        else
            qt_fails(rc, QG_EFORMAT, "data:65: phenomenon: 'p64'", NULL);
        qg_arena_destroy(a);
    }
}

static qg_code load_two(qg_arena *a, void *ctx)
{
    static const char text[] = PAIR("a b", "neutral", "x", "[\"a\", \"b\"]", "b", "positive")
        PAIR("c", "neutral", "y", "[]", "d", "neutral");
    qg_dataset ds;
    (void)ctx;
    QG_TRY(LOAD(&ds, a, SPEC(.format = "probes"), text));
    qt_eq("pairs", ds.pairs->n, 2);
    return QG_OK;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    qt_torture(load_two, NULL);
}

/* A key hashes whatever determines a result. */
static void cues_and_phenomena_are_part_of_the_hash(void **state)
{
    (void)state;
    static const char *const text[] = {
        PAIR("a b", "neutral", "x", "[\"a\"]", "b", "neutral"),
        PAIR("a b", "neutral", "x", "[\"b\"]", "b", "neutral"),
        PAIR("a b", "neutral", "y", "[\"a\"]", "b", "neutral"),
    };
    char hash[3][65];
    for (int i = 0; i < 3; i++) {
        qg_plan_dataset d = {0};
        qg_arena *a = qg_arena_create(0);
        qg_dataset_spec spec = {.name = "ds", .path = qt_tmp("data"), .format = "probes"};
        qt_write(spec.path, text[i], strlen(text[i]));
        qt_ok(qg_plan_dataset_load(&d, a, &spec, labels));
        memcpy(hash[i], d.hash, 65);
        qg_arena_destroy(a);
    }
    assert_string_not_equal(hash[0], hash[1]);
    assert_string_not_equal(hash[0], hash[2]);
}

/* The file that the repository ships: the 8 phenomena, at least 30 pairs each, 10 of which and more
 * change their label and 9 keep it. */
static void the_shipped_pairs_are_as_they_should_be(void **state)
{
    (void)state;
    static const char *const names[] = {"verbal_neg",  "nominal_neg",    "double_neg",
                                        "scope_neg",   "scalar_intens",  "reduplication",
                                        "contrastive", "epistemic_hedge"};
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qg_dataset_spec spec = {.name = "p", .path = "datasets/probes.jsonl", .format = "probes"};
    qt_ok(qg_dataset_load(&ds, a, &spec, labels));
    int64_t count[8][2] = {{0}};
    qt_eq("phenomena", ds.pairs->n_phenomena, 8);
    qt_eq("duplicates", ds.duplicates, 0);
    assert_true(ds.pairs->n >= 240 && ds.n == 2 * ds.pairs->n);
    for (int64_t i = 0; i < ds.pairs->n; i++)
        count[ds.pairs->of_pair[i]][ds.pairs->changes[i]]++;
    for (int k = 0; k < 8; k++) {
        assert_string_equal(ds.pairs->phenomenon[k], names[k]);
        assert_true(count[k][0] + count[k][1] >= 30 && count[k][0] >= 9 && count[k][1] >= 10);
    }
    for (int64_t i = 0; i < ds.n; i += 2) /* each pair has a cue, in one of its texts */
        assert_true(ds.pairs->cue_splits[i + 2] > ds.pairs->cue_splits[i]);
    qg_arena_destroy(a);
}

/* ----------------------------------------------------------------------------------------- scores
 */

static void wilson_interval_solves_its_equation(void **state)
{
    (void)state;
    static const int64_t ns[] = {1, 2, 3, 9, 30, 254, 100000};
    const double z2 = 1.959963984540054 * 1.959963984540054;
    double end[2];
    for (size_t i = 0; i < sizeof ns / sizeof ns[0]; i++)
        for (int64_t k = 0; k <= ns[i]; k += 1 + ns[i] / 50) {
            double n = (double)ns[i], share = (double)k / n;
            qg_share_interval(&end[0], &end[1], k, ns[i]);
            assert_true(end[0] >= 0 && end[0] <= share && share <= end[1] && end[1] <= 1);
            for (int e = 0; e < 2; e++) { /* (share - p)^2 = z^2 p (1 - p) / n */
                double left = (share - end[e]) * (share - end[e]);
                double right = z2 * end[e] * (1 - end[e]) / n;
                qt_close("root", left, right, 1e-9, 1e-15);
            }
        }
    /* by hand, with z^2 = 3.841458820694124: 10 / (10 + z^2), and 1 minus it */
    double want[] = {0, 0.2775327998628892, 0.7224672001371107, 1};
    double got[4];
    qg_share_interval(&got[0], &got[1], 0, 10);
    qg_share_interval(&got[2], &got[3], 10, 10);
    qt_close_f64("numbers", got, want, 4, 1e-12, 1e-14);
    qg_share_interval(&got[0], &got[1], 0, 0);
    qt_nan("low", got[0]);
    qt_nan("high", got[1]);
}

/* Six pairs of rows 2i and 2i + 1, three phenomena; the last has none. */
static const int64_t first[] = {0, 2, 4, 6, 8, 10}, second[] = {1, 3, 5, 7, 9, 11};
static const int32_t phenomenon[] = {0, 0, 0, 1, 1, 1};
static const uint8_t changes[] = {1, 1, 0, 1, 0, 0};
static const int32_t label[] = {0, 2, 0, 2, 1, 1, 0, 1, 2, 2, 0, 0};
static const qg_pair_set set = {6, first, second, phenomenon, changes, label};
static const int32_t ref[] = {0, 2, 0, 2, 1, 1, 0, 1, 2, 2, 0, 1};
static const int32_t var[] = {0, 2, 0, 0, 1, 1, 0, 0, 2, 2, 0, 0};

static void scores_are(qg_pair_choice c, const int32_t *predicted, int pairs, int successes,
                       int first_right, int second_right, int differ)
{
    double got[QG_PAIR_SCORES], low, high, n = pairs;
    qg_pair_score(got, &set, c, predicted);
    qg_share_interval(&low, &high, successes, pairs);
    const double want[QG_PAIR_SCORES] = {n,    successes,       successes / n,    low,
                                         high, first_right / n, second_right / n, differ / n};
    qt_close_f64("numbers", got, want, QG_PAIR_SCORES, 1e-15, 0);
}

static void a_pair_succeeds_when_both_texts_are_right(void **state)
{
    (void)state;
    scores_are((qg_pair_choice){QG_ANY_PHENOMENON, QG_ANY_PAIR}, ref, 6, 5, 6, 5, 4);
    scores_are((qg_pair_choice){QG_ANY_PHENOMENON, QG_ANY_PAIR}, var, 6, 4, 6, 4, 1);
    scores_are((qg_pair_choice){QG_ANY_PHENOMENON, 1}, var, 3, 1, 3, 1, 1);
    scores_are((qg_pair_choice){QG_ANY_PHENOMENON, 0}, var, 3, 3, 3, 3, 0);
    scores_are((qg_pair_choice){0, QG_ANY_PAIR}, var, 3, 2, 3, 2, 1);
    scores_are((qg_pair_choice){1, 0}, ref, 2, 1, 2, 1, 1);
    double none[QG_PAIR_SCORES];
    qg_pair_score(none, &set, (qg_pair_choice){2, QG_ANY_PAIR}, ref);
    qt_eq("pairs", (long long)none[QG_PAIR_SCORE_pairs], 0);
    for (int i = QG_PAIR_SCORE_psr; i < QG_PAIR_SCORES; i++)
        assert_true(isnan(none[i]));
}

/* n pairs, of which the reference alone gets `harmed` right and the variant alone `helped`. */
static void test_of(double out[QG_PAIR_TESTS], int n, int harmed, int helped)
{
    int64_t a[64], b[64];
    int32_t any[64] = {0}, truth[128], r[128] = {0}, v[128] = {0};
    uint8_t change[64] = {0};
    for (int i = 0; i < n; i++) {
        a[i] = 2 * i;
        b[i] = 2 * i + 1;
        truth[a[i]] = truth[b[i]] = r[a[i]] = v[a[i]] = 1;
        r[b[i]] = i < harmed || i >= harmed + helped;
        v[b[i]] = i >= harmed;
    }
    const qg_pair_set s = {n, a, b, any, change, truth};
    qg_pair_test(out, &s, (qg_pair_choice){QG_ANY_PHENOMENON, QG_ANY_PAIR}, r, v);
}

static void mcnemar_is_exact(void **state)
{
    (void)state;
    /* sums of binomial coefficients / 2^n, doubled: (1 + 11 + 55) * 2 / 2^11, ... */
    static const struct {
        int harmed, helped, few;
        double p;
    } row[] = {
        {9, 2, 0, 0.0654296875},
        {2, 9, 0, 0.0654296875},
        {0, 5, 1, 0.0625},
        {1, 0, 1, 1},
        {8, 8, 0, 1},
        {12, 3, 0, 0.03515625},
        {0, 0, 1, 1},
        {5, 4, 1, 1},
        {5, 5, 0, 1},
        {10, 0, 0, 0.001953125},
    };
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        double got[QG_PAIR_TESTS], p = row[i].p;
        test_of(got, 30, row[i].harmed, row[i].helped);
        qt_eq("both", (long long)got[QG_PAIR_TEST_both], 30 - row[i].harmed - row[i].helped);
        qt_eq("harmed", (long long)got[QG_PAIR_TEST_only_reference], row[i].harmed);
        qt_eq("helped", (long long)got[QG_PAIR_TEST_only_variant], row[i].helped);
        qt_eq("neither", (long long)got[QG_PAIR_TEST_neither], 0);
        qt_eq("low power", (long long)got[QG_PAIR_TEST_low_power], row[i].few);
        qt_close("p", got[QG_PAIR_TEST_p], p, 1e-13, 0);
    }
    double none[QG_PAIR_TESTS];
    test_of(none, 0, 0, 0);
    assert_true(isnan(none[QG_PAIR_TEST_p]) && isnan(none[QG_PAIR_TEST_low_power]));
}

static void words_rank_by_magnitude_and_ties_share(void **state)
{
    (void)state;
    const double nan = (double)NAN;
    const double score[] = {0.1, -3, nan, 0.1, 2, 0}, want[] = {3.5, 1, 2, 5};
    double rank[6], zero[7] = {0};
    int words;
    qg_arena *a = qg_arena_create(0);
    qt_ok(qg_word_ranks(rank, &words, score, 6, a));
    qt_eq("words", words, 5);
    assert_true(isnan(rank[2]));
    const double got[] = {rank[0], rank[1], rank[4], rank[5]};
    qt_close_f64("numbers", got, want, 4, 0, 0);
    assert_true(rank[3] == rank[0]);
    qt_ok(qg_word_ranks(zero, &words, (double[7]){0}, 7, a));
    for (int i = 0; i < 7; i++)
        qt_close("shared rank", zero[i], 4, 0, 0);
    qt_fails(qg_word_ranks(rank, &words, (double[]){1, -INFINITY}, 2, a), QG_ENUMERIC, "infinite",
             NULL);
    qg_arena_destroy(a);
}

/* Over all sets of places that the words of a cue can have. */
static void chance_is_that_of_all_orders(void **state)
{
    (void)state;
    for (int n = 1; n <= 9; n++)
        for (int w = 1; w <= n; w++) {
            double sets = 0, rank = 0, top = 0;
            for (int m = 1; m < 1 << n; m++) {
                if (__builtin_popcount((unsigned)m) != w)
                    continue;
                int best = __builtin_ctz((unsigned)m) + 1;
                sets++;
                rank += best;
                top += best <= QG_TOP_CUES;
            }
            qg_cue_chance c = qg_cue_by_chance(w, n);
            const double got[] = {c.rank, c.top5}, want[] = {rank / sets, top / sets};
            qt_close_f64("numbers", got, want, 2, 1e-14, 0);
        }
}

static void cues_are_counted_by_phenomenon(void **state)
{
    (void)state;
    static const qg_ranked_cue cue[] = {
        {0, 0, 8, 1, {4.5, 0.625}},
        {0, 0, 8, 6, {4.5, 0.625}},
        {3, 1, 20, 5, {10.5, 0.25}},
        {4, 0, 4, 5.5, {2.5, 1}},
    };
    double got[QG_CUE_SCORES], low, high;
    qg_cue_score(got, cue, 4, -1);
    qg_share_interval(&low, &high, 2, 4);
    const double all[QG_CUE_SCORES] = {3, 4, 10, 17.5 / 4, 5.5, 0.5, low, high, 0.625};
    qt_close_f64("numbers", got, all, QG_CUE_SCORES, 1e-15, 0);
    qg_cue_score(got, cue, 4, 0);
    qg_share_interval(&low, &high, 1, 3);
    const double one[QG_CUE_SCORES] = {2,       3,   20.0 / 3, 12.5 / 3, 11.5 / 3,
                                       1.0 / 3, low, high,     0.75};
    qt_close_f64("numbers", got, one, QG_CUE_SCORES, 1e-15, 0);
    qg_cue_score(got, cue, 4, 2);
    qt_eq("cues", (long long)got[QG_CUE_SCORE_cues], 0);
    for (int i = QG_CUE_SCORE_words; i < QG_CUE_SCORES; i++)
        assert_true(isnan(got[i]));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cues_are_found_whatever_case_and_punctuation),
    cmocka_unit_test(a_cue_takes_its_words_from_those_behind_it),
    cmocka_unit_test(both_texts_of_a_pair_are_rows),
    cmocka_unit_test(texts_of_a_phenomenon_can_be_a_group),
    cmocka_unit_test(other_formats_have_no_pairs),
    cmocka_unit_test(a_wrong_pair_is_refused_with_its_place),
    cmocka_unit_test(pairs_stay_whole),
    cmocka_unit_test(phenomena_have_a_bound),
    cmocka_unit_test(every_failing_allocation_is_reported),
    cmocka_unit_test(cues_and_phenomena_are_part_of_the_hash),
    cmocka_unit_test(the_shipped_pairs_are_as_they_should_be),
    cmocka_unit_test(wilson_interval_solves_its_equation),
    cmocka_unit_test(a_pair_succeeds_when_both_texts_are_right),
    cmocka_unit_test(mcnemar_is_exact),
    cmocka_unit_test(words_rank_by_magnitude_and_ties_share),
    cmocka_unit_test(chance_is_that_of_all_orders),
    cmocka_unit_test(cues_are_counted_by_phenomenon),
};
QT_MAIN("probes", tests)
