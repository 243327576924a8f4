/*
 * test_faithful.c - the perturbed texts behind the measures of faithfulness, on a toy whose
 * probabilities are computed here from its terms.
 */
#include "perturb_rig.h"
#include "qt.h"

#include "qgrid/faithfulness.h"
#include "qgrid/faithfulness_of.h"

#include <math.h>
#include <string.h>

enum { TARGET = 1 };
static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};

typedef struct faithful_rig {
    perturb_rig r;
    qg_explainer e;
} faithful_rig;

static void start(faithful_rig *f)
{
    perturb_rig_start(&f->r, 5, 0);
    f->e = (qg_explainer){&f->r.model, f->r.p, specials, f->r.a};
}

/* [CLS] words [SEP], a letter per token, words parted by spaces; the last `cut` words lost their
 * tokens. */
static qg_encoding *encode(qg_arena *a, const char *text, int cut)
{
    qg_encoding *c = qg_arena_alloc(a, 1, sizeof *c);
    size_t room = strlen(text) + 2;
    c->ids = qg_arena_alloc(a, room, sizeof *c->ids);
    c->word = qg_arena_alloc(a, room, sizeof *c->word);
    int word = 0;
    c->ids[c->n] = specials.cls;
    c->word[c->n++] = -1;
    for (; *text; text++) {
        if (*text == ' ') {
            word++;
            continue;
        }
        c->ids[c->n] = 5 + *text - 'a';
        c->word[c->n++] = word;
    }
    c->n_words = c->n > 1 ? word + 1 + cut : cut;
    c->ids[c->n] = specials.sep;
    c->word[c->n++] = -1;
    qt_ok(qg_encoding_forms(c, a, NULL, 0));
    return c;
}

/* Probability of TARGET with the words of `set` present. */
static double p_with(const faithful_rig *f, const qg_encoding *c, uint32_t set, qg_masking masking)
{
    double z[TOY_CLASSES], sum = 0;
    for (int k = 0; k < TOY_CLASSES; k++) {
        z[k] = (double)f->r.toy.bias[k];
        for (int i = 0; i < c->n; i++) {
            if (c->word[i] < 0 || set >> c->word[i] & 1)
                z[k] += linear_toy_term(&f->r.toy, c->ids[i], k);
            else if (masking == QG_MASKING_MASK)
                z[k] += linear_toy_term(&f->r.toy, specials.mask, k);
        }
        sum += exp(z[k]);
    }
    return exp(z[TARGET]) / sum;
}

static void spec_of(qg_method_spec *out, faithful_rig *f, const char *json)
{
    qt_ok(qg_method_spec_parse(out, f->r.a, json));
}

/* An explanation with the given scores. */
static qg_explanation given(double *word_score)
{
    return (qg_explanation){.word_score = word_score};
}

static void tops_and_curves_follow_the_order_of_scores(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    /* A word of two tokens; best first: words 2 0 3 1, by magnitude 1 2 0 3. */
    static const uint32_t by_score[] = {0, 4, 5, 13, 15}, by_magnitude[] = {0, 2, 6, 7, 15};
    double score[] = {0.5, -2, 1, 0.25};
    const qg_encoding *c = encode(f.r.a, "a bc d e", 0);
    qg_explain_text text = {7, c, TARGET};
    qg_explanation x = given(score);
    static const qg_masking maskings[] = {QG_MASKING_MASK, QG_MASKING_DELETE, QG_MASKING_HIDE};
    for (int i = 0; i < 6; i++) {
        qg_masking masking = maskings[i / 2];
        const uint32_t *top = i % 2 ? by_magnitude : by_score;
        qg_faithful_options o = {.n_k = 3,
                                 .k = {1, 0.75, 10},
                                 .masking = masking,
                                 .by_magnitude = i % 2,
                                 .curve_steps = 1000};
        static const int count[] = {1, 3, 4};
        double deletion[5], insertion[5], comprehensiveness = 0, sufficiency = 0;
        qg_faithful got;
        qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, NULL, 42));
        for (int k = 0; k <= 4; k++) {
            deletion[k] = p_with(&f, c, 15 & ~top[k], masking);
            insertion[k] = p_with(&f, c, top[k], masking);
        }
        for (int k = 0; k < 3; k++) {
            double without = deletion[count[k]], only = insertion[count[k]];
            comprehensiveness += (deletion[0] - without) / 3;
            sufficiency += (deletion[0] - only) / 3;
            qt_close("comprehensiveness", got.at_k[QG_FAITHFUL_AT_K_comprehensiveness][k],
                     deletion[0] - without, 0, 1e-12);
            qt_close("sufficiency", got.at_k[QG_FAITHFUL_AT_K_sufficiency][k], deletion[0] - only,
                     0, 1e-12);
            qt_close("confidence", got.at_k[QG_FAITHFUL_AT_K_confidence][k], only, 0, 1e-12);
            qt_close("log odds", got.at_k[QG_FAITHFUL_AT_K_log_odds][k], log(without / deletion[0]),
                     0, 1e-12);
        }
        qt_nan("no fourth k", got.at_k[QG_FAITHFUL_AT_K_confidence][3]);
        qt_close("aopc", got.scalar[QG_FAITHFUL_aopc_comprehensiveness], comprehensiveness, 0,
                 1e-12);
        qt_close("aopc", got.scalar[QG_FAITHFUL_aopc_sufficiency], sufficiency, 0, 1e-12);
        qt_close("deletion", got.scalar[QG_FAITHFUL_deletion_auc], qg_curve_area(deletion, 5), 0,
                 1e-12);
        qt_close("insertion", got.scalar[QG_FAITHFUL_insertion_auc], qg_curve_area(insertion, 5), 0,
                 1e-12);
        qt_nan("infidelity", got.scalar[QG_FAITHFUL_infidelity]);
        qt_nan("scaled", got.scalar[QG_FAITHFUL_infidelity_scaled]);
        qt_nan("sensitivity", got.scalar[QG_FAITHFUL_sensitivity_max]);
    }
    perturb_rig_end(&f.r);
}

/* ------------------------------------------------------------------------------------ infidelity
 */

static void infidelity_of_a_single_word_is_its_drop(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    const qg_encoding *c = encode(f.r.a, "ab", 0);
    double full = p_with(&f, c, 1, QG_MASKING_MASK), none = p_with(&f, c, 0, QG_MASKING_MASK);
    double exact[] = {full - none}, off[] = {full - none + 0.25};
    qg_explain_text text[] = {{7, c, TARGET}, {8, c, TARGET}};
    qg_explanation x[] = {given(exact), given(off)};
    qg_faithful_options o = {
        .n_k = 1, .k = {1}, .curve_steps = 1000, .infidelity = 5, .sensitivity = 3};
    qg_method_spec spec;
    qg_faithful got[2];
    spec_of(&spec, &f, "\"occlusion\"");
    qt_ok(qg_faithful_measure(got, &f.e, text, x, 2, &o, &spec, 42));
    qt_close("exact", got[0].scalar[QG_FAITHFUL_infidelity], 0, 0, 1e-24);
    qt_close("off", got[1].scalar[QG_FAITHFUL_infidelity], 0.0625, 0, 1e-12);
    qt_close("off, scaled", got[1].scalar[QG_FAITHFUL_infidelity_scaled], 0, 0, 1e-24);
    qt_close("comprehensiveness", got[0].at_k[QG_FAITHFUL_AT_K_comprehensiveness][0], full - none,
             0, 1e-12);
    qt_close("sufficiency", got[0].at_k[QG_FAITHFUL_AT_K_sufficiency][0], 0, 0, 0);
    qt_close("deletion", got[0].scalar[QG_FAITHFUL_deletion_auc], (full + none) / 2, 0, 1e-12);
    qt_close("insertion", got[0].scalar[QG_FAITHFUL_insertion_auc], (full + none) / 2, 0, 1e-12);
    qt_nan("sensitivity", got[0].scalar[QG_FAITHFUL_sensitivity_max]);
    perturb_rig_end(&f.r);
}

/* Terms shrunk until p is linear in them but for their squares: occlusion is then exact. */
static void infidelity_of_an_additive_model_is_none(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    const float shrink = 1.0F / 16384;
    for (int k = 0; k < TOY_CLASSES; k++)
        for (int i = 0; i < TOY_HIDDEN; i++)
            f.r.toy.u[k][i] *= shrink;
    memset(f.r.toy.bias, 0, sizeof f.r.toy.bias);
    qg_explain_text text = {7, encode(f.r.a, "a bc d e fgh", 0), TARGET};
    qg_faithful_options o = {.n_k = 1, .k = {1}, .infidelity = 60};
    qg_method_spec spec;
    qg_explanation x;
    qg_faithful got;
    spec_of(&spec, &f, "\"occlusion\"");
    qt_ok(qg_explain(&x, &f.e, &text, 1, &spec, 42));
    double size = 0;
    for (int w = 0; w < 5; w++)
        size += x.word_score[w] * x.word_score[w];
    assert_true(size > 1e-12);
    qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &spec, 42));
    qt_close("exact", got.scalar[QG_FAITHFUL_infidelity], 0, 0, 1e-4 * size);
    for (int w = 0; w < 5; w++)
        x.word_score[w] *= 3;
    qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &spec, 42));
    assert_true(got.scalar[QG_FAITHFUL_infidelity] > 0.1 * size);
    qt_close("scaled", got.scalar[QG_FAITHFUL_infidelity_scaled], 0, 0, 1e-4 * size);
    perturb_rig_end(&f.r);
}

/* Mean of (expected - drop)^2 over counts 1 .. W, equally likely, and all sets of a count. */
static double infidelity_of_all_sets(const faithful_rig *f, const qg_encoding *c, int W,
                                     const double *score, double *fourth)
{
    static const double choose[] = {1, 3, 3, 1};
    uint32_t all = (1U << W) - 1;
    double full = p_with(f, c, all, QG_MASKING_MASK), sum = 0;
    *fourth = 0;
    for (uint32_t away = 1; away <= all; away++) {
        double expected = 0, share = 1 / (W * choose[__builtin_popcount(away)]);
        for (int w = 0; w < W; w++)
            expected += away >> w & 1 ? score[w] : 0;
        double d = expected - (full - p_with(f, c, all & ~away, QG_MASKING_MASK));
        sum += share * d * d;
        *fourth += share * d * d * d * d;
    }
    return sum;
}

static void infidelity_is_a_mean_over_sets_that_the_text_names(void **state)
{
    (void)state;
    enum { DRAWS = 3000 };
    faithful_rig f;
    start(&f);
    const qg_encoding *c = encode(f.r.a, "a b c", 0);
    double score[] = {0.5, -0.25, 0.125}, fourth;
    double mean = infidelity_of_all_sets(&f, c, 3, score, &fourth);
    double error = sqrt((fourth - mean * mean) / DRAWS);
    qg_explain_text text[] = {{7, c, TARGET}, {7, c, TARGET}, {8, c, TARGET}};
    qg_explanation x[] = {given(score), given(score), given(score)};
    qg_faithful_options o = {.n_k = 1, .k = {1}, .infidelity = DRAWS};
    qg_faithful got[3];
    qt_ok(qg_faithful_measure(got, &f.e, text, x, 3, &o, NULL, 42));
    qt_close("infidelity", got[0].scalar[QG_FAITHFUL_infidelity], mean, 0, 4 * error);
    qt_same("same key", &got[0], &got[1], 1, sizeof *got);
    assert_true(got[0].scalar[QG_FAITHFUL_infidelity] != got[2].scalar[QG_FAITHFUL_infidelity]);
    qt_ok(qg_faithful_measure(&got[1], &f.e, text, x, 1, &o, NULL, 43));
    qt_same("another seed", &got[0], &got[1], 1, sizeof *got);
    perturb_rig_end(&f.r);
}

/* ----------------------------------------------------------------------------------- sensitivity
 */

/* Occlusion of a logit scores a word by its own terms: other words change nothing. Of a
 * probability it does. */
static void sensitivity_compares_the_other_words(void **state)
{
    (void)state;
    enum { W = 4 };
    faithful_rig f;
    start(&f);
    const qg_encoding *c = encode(f.r.a, "a bc d e", 0);
    qg_explain_text text = {7, c, TARGET};
    qg_faithful_options o = {.n_k = 1, .k = {1}, .sensitivity = 10};
    qg_method_spec logit, probability;
    qg_explanation x;
    qg_faithful got;
    spec_of(&logit, &f, "{\"method\": \"occlusion\", \"output\": \"logit\"}");
    spec_of(&probability, &f, "\"occlusion\"");
    qt_ok(qg_explain(&x, &f.e, &text, 1, &logit, 42));
    qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &logit, 42));
    qt_close("logit", got.scalar[QG_FAITHFUL_sensitivity_max], 0, 0, 0);

    double score[W], near[W][W];
    uint32_t all = (1U << W) - 1;
    for (int u = 0; u < W; u++)
        score[u] =
            p_with(&f, c, all, QG_MASKING_MASK) - p_with(&f, c, all & ~(1U << u), QG_MASKING_MASK);
    for (int m = 0; m < W; m++)
        for (int u = 0; u < W; u++) {
            uint32_t left = all & ~(1U << m);
            near[m][u] = u == m ? score[u]
                                : p_with(&f, c, left, QG_MASKING_MASK) -
                                      p_with(&f, c, left & ~(1U << u), QG_MASKING_MASK);
        }
    double want = qg_sensitivity_max(score, near[0], W, W);
    assert_true(want > 0.01);
    qt_ok(qg_explain(&x, &f.e, &text, 1, &probability, 42));
    /* Of more texts nearby than words there are those of all words, of one any word's. */
    int found[W] = {0};
    for (text.key = 0; text.key < 40; text.key++) {
        o.sensitivity = 10;
        qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &probability, 42));
        qt_close("all", got.scalar[QG_FAITHFUL_sensitivity_max], want, 1e-9, 0);
        o.sensitivity = 1;
        qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &probability, 42));
        for (int m = 0; m < W; m++)
            found[m] += fabs(got.scalar[QG_FAITHFUL_sensitivity_max] -
                             qg_sensitivity_max(score, near[m], 1, W)) < 1e-12;
    }
    for (int m = 0; m < W; m++)
        assert_true(found[m] > 0);
    qt_eq("one each", found[0] + found[1] + found[2] + found[3], 40);
    perturb_rig_end(&f.r);
}

/* The neighbours have the key of their text: scores that look at no text do not move. */
static void texts_nearby_share_the_draws_of_the_method(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    qg_explain_text text = {7, encode(f.r.a, "a b c d", 0), TARGET};
    qg_faithful_options o = {.n_k = 1, .k = {1}, .sensitivity = 2};
    qg_method_spec spec;
    qg_explanation x;
    qg_faithful got;
    spec_of(&spec, &f, "\"random\"");
    qt_ok(qg_explain(&x, &f.e, &text, 1, &spec, 42));
    qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &spec, 42));
    qt_close("same seed", got.scalar[QG_FAITHFUL_sensitivity_max], 0, 0, 0);
    qt_ok(qg_faithful_measure(&got, &f.e, &text, &x, 1, &o, &spec, 43));
    assert_true(got.scalar[QG_FAITHFUL_sensitivity_max] > 0.1);
    perturb_rig_end(&f.r);
}

/* ----------------------------------------------------------------------------------------- texts
 */

static void all_undefined(const qg_faithful *f)
{
    for (int i = 0; i < QG_FAITHFULS; i++)
        qt_nan(qg_faithful_names[i], f->scalar[i]);
    for (int i = 0; i < QG_FAITHFULS_AT_K; i++)
        qt_nan(qg_faithful_at_k_names[i], f->at_k[i][0]);
}

static void texts_without_words_are_undefined_and_others_unmoved(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    double none[] = {NAN, NAN}, cut[] = {0.5, 1, 0.25, NAN, NAN}, other[] = {0.25, -1, 2, 1};
    double hole[] = {0.5, 1, NAN, 0.25}; /* a word that has no tokens */
    qg_explain_text text[] = {{1, encode(f.r.a, "", 0), TARGET},
                              {7, encode(f.r.a, "a b c", 2), TARGET},
                              {2, encode(f.r.a, "", 2), TARGET},
                              {7, encode(f.r.a, "a b  c", 0), TARGET},
                              {9, encode(f.r.a, "d ef g h", 0), TARGET}};
    qg_explanation x[] = {given(none), given(cut), given(none), given(hole), given(other)};
    qg_faithful_options o = {.n_k = 2,
                             .k = {1, 0.5},
                             .masking = QG_MASKING_DELETE,
                             .curve_steps = 1000,
                             .leave_one_out = true,
                             .normalised = true,
                             .soft = 3,
                             .infidelity = 20,
                             .sensitivity = 2};
    qg_method_spec spec;
    qg_faithful got[5], alone;
    spec_of(&spec, &f, "\"occlusion\"");
    qt_ok(qg_faithful_measure(got, &f.e, text, x, 5, &o, &spec, 42));
    all_undefined(&got[0]);
    all_undefined(&got[2]);
    for (int i = 0; i < QG_FAITHFULS; i++) { /* bounds come from elsewhere */
        bool bounded = i == QG_FAITHFUL_normalised_comprehensiveness ||
                       i == QG_FAITHFUL_normalised_sufficiency;
        qt_eq(qg_faithful_names[i], isfinite(got[1].scalar[i]), !bounded);
    }
    qt_same("words without tokens", &got[1], &got[3], 1, sizeof *got);
    qt_ok(qg_faithful_measure(&alone, &f.e, &text[1], &x[1], 1, &o, &spec, 42));
    qt_same("alone", &alone, &got[1], 1, sizeof *got);
    qt_ok(qg_faithful_measure(&alone, &f.e, &text[4], &x[4], 1, &o, &spec, 42));
    qt_same("the last alone", &alone, &got[4], 1, sizeof *got);
    o.n_k = 0;
    qt_ok(qg_faithful_measure(&alone, &f.e, &text[1], &x[1], 1, &o, &spec, 42));
    all_undefined(&alone);
    perturb_rig_end(&f.r);
}

static void all_is_scored_in_one_round_and_kept(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    double score[] = {0.5, 1, 0.25};
    qg_explain_text text[] = {{7, encode(f.r.a, "a b c", 0), TARGET},
                              {8, encode(f.r.a, "d e f", 0), TARGET}};
    qg_explanation x[] = {given(score), given(score)};
    qg_faithful_options o = {.n_k = 2, .k = {1, 2}, .curve_steps = 1000, .infidelity = 100};
    qg_faithful got[2];
    qt_ok(qg_faithful_measure(got, &f.e, text, x, 2, &o, NULL, 42));
    qt_eq("calls", f.r.toy.calls, 1);
    qt_eq("each set of words once; none is the same for both", f.r.toy.texts, 2 * 7 + 1);
    qt_ok(qg_faithful_measure(got, &f.e, text, x, 2, &o, NULL, 42));
    qt_eq("calls", f.r.toy.calls, 1);
    perturb_rig_end(&f.r);
}

static qg_code measure(qg_arena *a, void *ctx)
{
    faithful_rig *f = ctx;
    qg_perturber *p;
    double score[] = {0.5, 1, 0.25};
    qg_explain_text text = {7, encode(f->r.a, "a b c", 0), TARGET};
    qg_explanation x = given(score);
    qg_faithful_options o = {.n_k = 1,
                             .k = {1},
                             .curve_steps = 1000,
                             .leave_one_out = true,
                             .normalised = true,
                             .soft = 2,
                             .infidelity = 3,
                             .sensitivity = 2};
    qg_method_spec spec;
    qg_faithful got;
    QG_TRY(qg_perturber_make(&p, a, &f->r.model, specials, 0));
    QG_TRY(qg_method_spec_parse(&spec, a, "\"occlusion\""));
    qg_explainer e = {&f->r.model, p, specials, a};
    return qg_faithful_measure(&got, &e, &text, &x, 1, &o, &spec, 42);
}

static void errors_come_through(void **state)
{
    (void)state;
    faithful_rig f;
    start(&f);
    qt_torture(measure, &f);
    f.r.toy.fail_at = (int)f.r.toy.calls + 2; /* when the texts nearby are explained */
    qt_fails(measure(f.r.a, &f), QG_ELOST, "told to fail", NULL);
    perturb_rig_end(&f.r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tops_and_curves_follow_the_order_of_scores),
    cmocka_unit_test(infidelity_of_a_single_word_is_its_drop),
    cmocka_unit_test(infidelity_of_an_additive_model_is_none),
    cmocka_unit_test(infidelity_is_a_mean_over_sets_that_the_text_names),
    cmocka_unit_test(sensitivity_compares_the_other_words),
    cmocka_unit_test(texts_nearby_share_the_draws_of_the_method),
    cmocka_unit_test(texts_without_words_are_undefined_and_others_unmoved),
    cmocka_unit_test(all_is_scored_in_one_round_and_kept),
    cmocka_unit_test(errors_come_through),
};
QT_MAIN("faithful", tests)
