/*
 * test_explain.c - every registered method on the linear toy in closed form, and what holds for all
 * of them: places, cut words, texts without words, batches, seeds, errors.
 */
#include "qt.h"

#include "perturb_rig.h"

#include "qgrid/method.h"
#include "qgrid/metrics.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

enum { LAYERS = 2, HEADS = 2, FIRST = 5, TARGET = 1, TEXTS = 5 };
static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};

/* Head 0 of every layer looks at token j by its id, whoever looks; head 1 at all alike. */
static double share(const int32_t *ids, int n, int j)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += 1 + ids[i];
    return (1 + ids[j]) / sum;
}

static qg_code attention_of(void *ctx, float *attention, const qg_batch *b)
{
    int n = b->splits[1];
    (void)ctx;
    qt_eq("texts", b->B, 1);
    for (int l = 0; l < LAYERS; l++)
        for (int h = 0; h < HEADS; h++)
            for (int i = 0; i < n; i++)
                for (int j = 0; j < n; j++)
                    *attention++ = (float)(h == 0 ? share(b->ids, n, j) : 1.0 / n);
    return QG_OK;
}

static qg_explainer start(perturb_rig *r)
{
    perturb_rig_start(r, 7, 0);
    r->model.layers = LAYERS;
    r->model.heads = HEADS;
    r->model.attention = attention_of;
    return (qg_explainer){&r->model, r->p, specials, r->a};
}

/* [CLS] a token per letter [SEP]; words are divided by spaces, letters after '|' were cut off.
 * Offsets are not there. */
static qg_explain_text encode(qg_arena *a, const char *letters, uint64_t key)
{
    size_t size = strlen(letters);
    qg_encoding *e = qg_arena_alloc(a, 1, sizeof *e);
    e->ids = qg_arena_alloc(a, size + 2, sizeof *e->ids);
    e->word = qg_arena_alloc(a, size + 2, sizeof *e->word);
    e->ids[0] = specials.cls;
    e->word[0] = -1;
    e->n = 1;
    e->n_words = size > 0 && letters[0] != '|';
    for (const char *c = letters; *c; c++) {
        if (*c == '|')
            e->truncated = true;
        else if (*c == ' ')
            e->n_words++;
        else if (!e->truncated) {
            e->ids[e->n] = FIRST + *c - 'a';
            e->word[e->n++] = e->n_words - 1;
        }
    }
    e->ids[e->n] = specials.sep;
    e->word[e->n++] = -1;
    qt_ok(qg_encoding_forms(e, a, NULL, 0));
    return (qg_explain_text){key, e, TARGET};
}

static qg_method_spec spec(qg_arena *a, const char *json)
{
    qg_method_spec s;
    qt_ok(qg_method_spec_parse(&s, a, json));
    return s;
}

static qg_explanation explain(const qg_explainer *e, const qg_explain_text *t, const char *json)
{
    qg_explanation out;
    qg_method_spec s = spec(e->arena, json);
    qt_ok(qg_explain(&out, e, t, 1, &s, 1));
    return out;
}

/* What token i adds to the logit, over what stands for it (-1: nothing). */
static double term(const perturb_rig *r, const qg_explain_text *t, int i, int over)
{
    return linear_toy_term(&r->toy, t->code->ids[i], t->target) -
           (over < 0 ? 0 : linear_toy_term(&r->toy, over, t->target));
}

/* Token scores are terms; each word's is their sum. Both ends are 0. */
static void check_terms(const perturb_rig *r, const qg_explain_text *t, const qg_explanation *got,
                        int over, double tol)
{
    const qg_encoding *c = t->code;
    double word[16] = {0};
    qt_same("[CLS]", &got->token_score[0], &(double){0}, 1, sizeof(double));
    qt_same("[SEP]", &got->token_score[c->n - 1], &(double){0}, 1, sizeof(double));
    for (int i = 1; i < c->n - 1; i++) {
        qt_close("token", got->token_score[i], term(r, t, i, over), 0, tol);
        word[c->word[i]] += term(r, t, i, over);
    }
    qt_close_f64("word", got->word_score, word, (size_t)c->n_words, 0, 3 * tol);
}

static double logit(const perturb_rig *r, const qg_explain_text *t)
{
    double z = (double)r->toy.bias[t->target];
    for (int i = 0; i < t->code->n; i++)
        z += term(r, t, i, -1);
    return z;
}

/* -------------------------------------------------------------------------------- gradients */

static void check_path(const qg_explainer *e, const perturb_rig *r, const qg_explain_text *t,
                       const char *options, int over, int steps)
{
    double change = 0;
    qg_explanation got = explain(
        e, t, qg_arena_printf(e->arena, "{\"method\": \"integrated_gradients\"%s}", options));
    check_terms(r, t, &got, over, 1e-6);
    for (int i = 1; i < t->code->n - 1; i++)
        change += term(r, t, i, over);
    qt_close("value", got.value, logit(r, t), 0, 1e-6);
    qt_close("base", got.base, logit(r, t) - change, 0, 1e-6);
    qt_close("delta", got.delta, 0, 0, 1e-6);
    qt_eq("nodes", got.evaluations, steps);
    assert_true(isnan(got.fit));
}

static void integrated_gradients_of_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde ab", 3);
    check_path(&e, &r, &t, "", specials.pad, 50);
    check_path(&e, &r, &t, ", \"rule\": \"riemann_left\", \"steps\": 3", specials.pad, 3);
    check_path(&e, &r, &t, ", \"rule\": \"trapezoid\", \"steps\": 4", specials.pad, 4);
    check_path(&e, &r, &t, ", \"baseline\": \"mask\"", specials.mask, 50);
    check_path(&e, &r, &t, ", \"baseline\": \"zero\", \"layer\": \"embeddings\"", -1, 50);
    perturb_rig_end(&r);
}

/* A token by itself is worth what it is on the common path. */
static void sequential_gradients_of_a_linear_model(void **state)
{
    (void)state;
    static const struct {
        const char *options;
        int over, nodes;
    } kinds[] = {
        {"", 4, 70},
        {", \"unit\": \"word\", \"steps\": 2", 4, 6},
        {", \"unit\": \"distinct_word\", \"baseline\": \"pad\"", 0, 20},
        {", \"baseline\": \"zero\", \"rule\": \"riemann_left\", \"steps\": 1", -1, 7},
    };
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde ab", 3);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        qg_explanation got =
            explain(&e, &t,
                    qg_arena_printf(r.a, "{\"method\": \"sequential_integrated_gradients\"%s}",
                                    kinds[i].options));
        check_terms(&r, &t, &got, kinds[i].over, 1e-6);
        qt_close("value", got.value, logit(&r, &t), 0, 1e-6);
        qt_close("delta", got.delta, 0, 0, 1e-6);
        qt_eq("nodes", got.evaluations, kinds[i].nodes);
        assert_true(isnan(got.base) && isnan(got.fit));
    }
    perturb_rig_end(&r);
}

/* Over one token they are exact; over the vocabulary the mean of all but the 5 specials counts. */
static void expected_gradients_of_a_linear_model(void **state)
{
    (void)state;
    enum { DRAWS = 2000 };
    static const char *const alone[] = {"pad", "mask"};
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde ab", 3);
    for (int i = 0; i < 2; i++) {
        qg_explanation got =
            explain(&e, &t,
                    qg_arena_printf(r.a,
                                    "{\"method\": \"expected_gradients\", \"draws\": 3, "
                                    "\"reference\": \"%s\"}",
                                    alone[i]));
        check_terms(&r, &t, &got, i ? specials.mask : specials.pad, 1e-6);
        qt_close("delta", got.delta, 0, 0, 1e-6);
        qt_eq("draws", got.evaluations, 3);
    }
    double mean = 0, square = 0;
    for (int id = FIRST; id < TOY_VOCAB; id++) {
        double v = linear_toy_term(&r.toy, id, TARGET);
        mean += v / (TOY_VOCAB - FIRST);
        square += v * v / (TOY_VOCAB - FIRST);
    }
    double error = sqrt((square - mean * mean) / DRAWS);
    qg_explanation got = explain(&e, &t, "{\"method\": \"expected_gradients\", \"draws\": 2000}");
    for (int i = 1; i < t.code->n - 1; i++)
        qt_close("token", got.token_score[i], term(&r, &t, i, -1) - mean, 0, 5 * error);
    qt_close("value", got.value, logit(&r, &t), 0, 1e-6);
    qt_close("delta", got.delta, 0, 0, 1e-5);
    assert_true(error < 0.02 && fabs(got.token_score[1] - term(&r, &t, 1, -1) + mean) > 1e-7);
    perturb_rig_end(&r);
}

/* Probabilities are not linear: completeness asks for nodes. */
static void tolerance_doubles_the_nodes(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde ab", 3);
    qg_explanation few = explain(&e, &t,
                                 "{\"method\": \"integrated_gradients\", \"rule\": "
                                 "\"riemann_left\", \"steps\": 2, \"output\": \"probability\"}");
    qg_explanation many = explain(&e, &t,
                                  "{\"method\": \"integrated_gradients\", \"rule\": "
                                  "\"riemann_left\", \"steps\": 2, \"output\": \"probability\", "
                                  "\"tolerance\": 0.01}");
    double change = fabs(many.value - many.base);
    assert_true(few.value > 0 && few.value < 1 && change > 0.05);
    assert_true(fabs(few.delta) > 0.01 * change && fabs(many.delta) <= 0.01 * change);
    qt_eq("few", few.evaluations, 2);
    qt_eq("steps", few.steps, 2);
    qt_eq("no tolerance", few.reached, -1);
    assert_true(many.evaluations > 2 && many.steps == many.evaluations);
    qt_eq("reached", many.reached, 1);
    many =
        explain(&e, &t,
                "{\"method\": \"integrated_gradients\", \"rule\": \"riemann_left\", \"steps\": 2, "
                "\"output\": \"probability\", \"tolerance\": 0.01, \"most_steps\": 5}");
    qt_eq("steps", many.steps, 4);
    qt_eq("not reached", many.reached, 0);
    few = explain(&e, &t, "\"lime\"");
    qt_eq("no path", few.steps, -1);
    qt_eq("no tolerance", few.reached, -1);
    perturb_rig_end(&r);
}

static void gradients_of_a_linear_model(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde ab", 3);
    static const char *const same[] = {
        "\"gradient_x_input\"", "\"attn_lrp\"",
        "{\"method\": \"smoothgrad\", \"draws\": 3, \"sigma\": 0.5}"};
    for (int i = 0; i < 3; i++) { /* the gradient is the same wherever the noise leads */
        qg_explanation got = explain(&e, &t, same[i]);
        check_terms(&r, &t, &got, -1, 1e-6);
        qt_close("value", got.value, logit(&r, &t), 0, 1e-6);
        assert_true(isnan(got.base) && isnan(got.delta) && isnan(got.fit));
        qt_eq("gradients", got.evaluations, i == 2 ? 3 : 1);
    }
    double length = 0;
    for (int c = 0; c < TOY_HIDDEN; c++)
        length += (double)r.toy.u[TARGET][c] * (double)r.toy.u[TARGET][c];
    length = sqrt(length);
    qg_explanation got = explain(&e, &t, "{\"method\": \"saliency\", \"aggregation\": \"mean\"}");
    for (int i = 1; i < t.code->n - 1; i++)
        qt_close("length", got.token_score[i], length, 0, 1e-6);
    for (int w = 0; w < 3; w++)
        qt_close("mean", got.word_score[w], length, 0, 1e-6);
    got = explain(&e, &t, "{\"method\": \"smoothgrad\", \"score\": \"l2\"}");
    qt_close("sum", got.word_score[1], 3 * length, 0, 1e-6);
    perturb_rig_end(&r);
}

/* ---------------------------------------------------------------------------- perturbations */

/* Each token of a unit has the unit's score, and so has its word. */
static void check_units(const perturb_rig *r, const qg_explain_text *t, const qg_explanation *got,
                        int over, bool distinct, double tol)
{
    const qg_encoding *c = t->code;
    double word[16] = {0};
    for (int i = 1; i < c->n - 1; i++)
        word[c->word[i]] += term(r, t, i, over);
    if (distinct) /* the first word and the last are the same */
        word[0] = word[c->n_words - 1] = 2 * word[0];
    qt_close_f64("word", got->word_score, word, (size_t)c->n_words, 0, tol);
    for (int i = 0; i < c->n; i++)
        qt_close("token", got->token_score[i], c->word[i] < 0 ? 0 : word[c->word[i]], 0, tol);
}

static void perturbations_of_a_linear_model(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int over;
        bool distinct;
        int evaluations;
    } kinds[] = {
        {"{\"method\": \"occlusion\", \"output\": \"logit\"}", 4, false, 6},
        {"{\"method\": \"occlusion\", \"output\": \"logit\", \"masking\": \"pad\"}", 0, false, 6},
        {"{\"method\": \"occlusion\", \"output\": \"logit\", \"unit\": \"distinct_word\"}", 4, true,
         5},
        {"{\"method\": \"shap\", \"output\": \"logit\"}", 4, false, 12},
        {"{\"method\": \"kernel_shap\", \"output\": \"logit\"}", 4, false, 18},
        {"{\"method\": \"kernel_shap\", \"output\": \"logit\", \"exact_units\": 0, "
         "\"coalitions\": 100}",
         4, false, 102},
        {"{\"method\": \"lime\", \"output\": \"logit\", \"ridge\": 0, \"samples\": 60}", -1, true,
         62},
    };
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde f ab", 3);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        qg_explanation got = explain(&e, &t, kinds[i].json);
        check_units(&r, &t, &got, kinds[i].over, kinds[i].distinct, 1e-9);
        qt_close("value", got.value, logit(&r, &t), 0, 1e-12);
        qt_close("delta", got.delta, 0, 0, 1e-9);
        qt_eq(kinds[i].json, got.evaluations, kinds[i].evaluations);
        if (strstr(kinds[i].json, "lime"))
            qt_close("fit", got.fit, 1, 0, 1e-9);
        else
            assert_true(isnan(got.fit));
    }
    perturb_rig_end(&r);
}

static void shapley_values_share_what_the_probability_gains(void **state)
{
    (void)state;
    static const char *const names[] = {"\"shap\"", "\"kernel_shap\""};
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde f ab", 3);
    for (int i = 0; i < 2; i++) {
        qg_explanation got = explain(&e, &t, names[i]);
        double sum = 0;
        for (int w = 0; w < 4; w++)
            sum += got.word_score[w];
        qt_close("efficiency", sum, got.value - got.base, 0, 1e-12);
        assert_true(got.value > 0 && got.value < 1 && fabs(got.value - got.base) > 0.05);
    }
    perturb_rig_end(&r);
}

static void tokens_as_units_add_up_to_words(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde f ab", 3);
    qg_explanation got =
        explain(&e, &t, "{\"method\": \"occlusion\", \"output\": \"logit\", \"unit\": \"token\"}");
    check_terms(&r, &t, &got, specials.mask, 1e-12);
    qt_eq("windows", got.evaluations, 8 + 2);
    double most = 0;
    for (int i = 3; i <= 5; i++)
        if (fabs(term(&r, &t, i, specials.mask)) > fabs(most))
            most = term(&r, &t, i, specials.mask);
    got = explain(&e, &t,
                  "{\"method\": \"occlusion\", \"output\": \"logit\", \"unit\": \"token\", "
                  "\"aggregation\": \"max\"}");
    qt_close("largest", got.word_score[1], most, 0, 1e-12);
    perturb_rig_end(&r);
}

/* -------------------------------------------------------------------------------- attention */

/* With a = share, u = 1/n and m = (a + u) / 2 the mean of the heads: (1 m' + I)/2 twice is
 * (3 1 m' + I) / 4. */
static void attention_in_closed_form(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde f ab", 3);
    const int32_t *ids = t.code->ids;
    int n = t.code->n;
    double entropy = 0;
    for (int j = 0; j < n; j++)
        entropy -= share(ids, n, j) * log(share(ids, n, j)) / log(n);
    qg_explanation rollout = explain(&e, &t, "\"attention_rollout\"");
    qg_explanation sharp = explain(&e, &t, "\"attention_entropy\"");
    for (int j = 0; j < n; j++) {
        bool inside = j > 0 && j < n - 1;
        double a = share(ids, n, j), mean = (a + 1.0 / n) / 2;
        qt_close("rollout", rollout.token_score[j], inside ? 0.75 * mean : 0, 0, 1e-7);
        qt_close("entropy", sharp.token_score[j], inside ? (1 - entropy) * a / 2 : 0, 0, 1e-7);
    }
    qt_close("word", rollout.word_score[2], rollout.token_score[6], 0, 0);
    qt_close("word", sharp.word_score[0], sharp.token_score[1] + sharp.token_score[2], 0, 1e-15);
    assert_true(isnan(rollout.value) && isnan(rollout.delta));
    qt_eq("passes", rollout.evaluations, 1);
    perturb_rig_end(&r);
}

/* ---------------------------------------------------------------------------- all methods */

/* A repeated word, one word, no words, cut words (in the middle of one), and all words cut. */
static void some_texts(qg_arena *a, qg_explain_text *t)
{
    static const char *const letters[TEXTS] = {"ab cde f ab", "abc", "", "ab cd|e fg h", "ab c|"};
    for (int i = 0; i < TEXTS; i++)
        t[i] = encode(a, letters[i], 100 + (uint64_t)i);
    t[1].target = 0;
}

static void check_shape(const qg_explain_text *t, const qg_explanation *x)
{
    const qg_encoding *c = t->code;
    bool seen[16] = {false};
    for (int i = 0; i < c->n; i++) {
        assert_true(isfinite(x->token_score[i]));
        if (c->word[i] < 0)
            qt_same("special", &x->token_score[i], &(double){0}, 1, sizeof(double));
        else
            seen[c->word[i]] = true;
    }
    for (int w = 0; w < c->n_words; w++)
        assert_true(seen[w] ? isfinite(x->word_score[w]) : isnan(x->word_score[w]));
}

static void same(const qg_explain_text *t, const qg_explanation *x, const qg_explanation *y)
{
    const double a[] = {x->value, x->base, x->delta, x->fit};
    const double b[] = {y->value, y->base, y->delta, y->fit};
    qt_same("token", x->token_score, y->token_score, (size_t)t->code->n, sizeof(double));
    qt_same("word", x->word_score, y->word_score, (size_t)t->code->n_words, sizeof(double));
    qt_same("numbers", a, b, 4, sizeof(double));
    qt_eq("evaluations", x->evaluations, y->evaluations);
}

static qg_method_spec defaults(qg_arena *a, const qg_method *m)
{
    return spec(a, qg_arena_printf(a, "\"%s\"", m->name));
}

/* Attention says where a model looks and random scores look at no model: neither knows that the
 * output is always the same. */
static bool looks_at_the_output(const qg_method *m)
{
    return !(m->needs & QG_NEEDS_ATTENTION) && strcmp(m->name, "random") != 0;
}

/* Where draws of other tokens would hide what is asked. */
static qg_method_spec without_other_tokens(qg_arena *a, const qg_method *m)
{
    return strcmp(m->name, "expected_gradients") == 0
               ? spec(a, "{\"method\": \"expected_gradients\", \"reference\": \"mask\"}")
               : defaults(a, m);
}

static void texts_are_explained_alike_in_every_batch(void **state)
{
    (void)state;
    for (const qg_method *const *m = qg_methods; *m; m++) {
        perturb_rig all, alone;
        qg_explain_text t[TEXTS];
        qg_explanation together[TEXTS], one;
        qg_explainer e = start(&all);
        some_texts(all.a, t);
        qg_method_spec s = defaults(all.a, *m);
        qt_ok(qg_explain(together, &e, t, TEXTS, &s, 5));
        for (int i = TEXTS - 1; i >= 0; i--) {
            qg_explainer other = start(&alone);
            check_shape(&t[i], &together[i]);
            qt_ok(qg_explain(&one, &other, &t[i], 1, &s, 5));
            same(&t[i], &one, &together[i]);
            perturb_rig_end(&alone);
        }
        perturb_rig_end(&all);
    }
}

static void a_text_without_words_has_its_value(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "", 9), space = encode(r.a, "|ab cd", 10);
    qt_eq("words", t.code->n_words, 0);
    qt_eq("words", space.code->n_words, 1); /* all cut off */
    for (const qg_method *const *m = qg_methods; *m; m++) {
        qg_explanation out[2];
        qg_explain_text both[] = {t, space};
        qg_method_spec s = defaults(r.a, *m);
        bool looks = looks_at_the_output(*m);
        qt_ok(qg_explain(out, &e, both, 2, &s, 5));
        for (int i = 0; i < 2; i++) {
            check_shape(&both[i], &out[i]);
            qt_eq((*m)->name, isfinite(out[i].value) != 0, looks);
            if (isfinite(out[i].delta))
                qt_close("delta", out[i].delta, 0, 0, 1e-9);
        }
    }
    perturb_rig_end(&r);
}

/* Each place of a repeated word has a score; where places differ, so may these. */
static void repeated_words_have_a_score_at_each_place(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab cde f ab", 3);
    for (const qg_method *const *m = qg_methods; *m; m++) {
        qg_explanation out;
        qg_method_spec s = without_other_tokens(r.a, *m);
        qt_ok(qg_explain(&out, &e, &t, 1, &s, 5));
        if (strcmp((*m)->name, "random") == 0)
            assert_true(out.word_score[0] != out.word_score[3]);
        else /* the toy does not look at places, and halves of four words are alike */
            qt_close((*m)->name, out.word_score[0], out.word_score[3],
                     strcmp((*m)->name, "shap") == 0 ? 0.5 : 1e-6, 1e-9);
        assert_true(out.word_score[0] != 0);
    }
    perturb_rig_end(&r);
}

static qg_method_spec with_output(qg_arena *a, const qg_method *m, const char *output)
{
    for (const qg_opt *o = m->options; o->key; o++)
        if (strcmp(o->key, "output") == 0)
            return spec(
                a, qg_arena_printf(a, "{\"method\": \"%s\", \"output\": \"%s\"}", m->name, output));
    return defaults(a, m);
}

/* A score of 1e-31 would have a rank. Probabilities here are no binary fractions. */
static void a_constant_output_has_no_scores(void **state)
{
    (void)state;
    static const char *const letters[] = {"ab cde f ab", "abc", "a b c d e f g h i j k l m n"};
    for (const qg_method *const *m = qg_methods; *m; m++) {
        if (!looks_at_the_output(*m))
            continue;
        for (int i = 0; i < 12; i++) {
            perturb_rig r;
            qg_explanation out;
            qg_explainer e = start(&r);
            qg_explain_text t = encode(r.a, letters[i % 3], 3 + (uint64_t)i);
            qg_method_spec s = with_output(r.a, *m, i % 2 ? "logit" : "probability");
            memset(r.toy.u, 0, sizeof r.toy.u);
            r.toy.bias[i % TOY_CLASSES] = 0.1F * (float)i;
            qt_ok(qg_explain(&out, &e, &t, 1, &s, 5));
            for (int k = 0; k < t.code->n; k++)
                qt_close((*m)->name, out.token_score[k], 0, 0, 0);
            for (int w = 0; w < t.code->n_words; w++)
                qt_close((*m)->name, out.word_score[w], 0, 0, 0);
            perturb_rig_end(&r);
        }
    }
}

static void seeds_and_keys_matter_where_something_is_drawn(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    for (const qg_method *const *m = qg_methods; *m; m++) {
        /* LIME and KernelSHAP need more words than they have draws */
        qg_explain_text t = encode(r.a, "a b c d e f g h i j k l m n", 3), other = t;
        qg_explanation first, again, seed, key;
        qg_str json = {0};
        qg_str_addf(&json, "{\"method\": \"%s\"", (*m)->name);
        for (const qg_opt *o = (*m)->options; o->key; o++)
            if (strcmp(o->key, "output") == 0) /* not linear: noise is seen in the gradients */
                qg_str_add(&json, ", \"output\": \"probability\"");
        qg_str_add(&json, "}");
        qg_method_spec s = spec(r.a, json.data);
        qg_str_fini(&json);
        other.key = 4;
        qt_ok(qg_explain(&first, &e, &t, 1, &s, 5));
        qt_ok(qg_explain(&again, &e, &t, 1, &s, 5));
        qt_ok(qg_explain(&seed, &e, &t, 1, &s, 6));
        qt_ok(qg_explain(&key, &e, &other, 1, &s, 5));
        same(&t, &first, &again);
        size_t size = 14 * sizeof(double);
        qt_eq((*m)->name, memcmp(first.word_score, seed.word_score, size) != 0, (*m)->random);
        qt_eq((*m)->name, memcmp(first.word_score, key.word_score, size) != 0, (*m)->random);
    }
    perturb_rig_end(&r);
}

static qg_explanation drawn(qg_explainer *e, const qg_explain_text *t, const char *json,
                            uint64_t seed)
{
    qg_explanation x;
    qg_method_spec s = spec(e->arena, json);
    qt_ok(qg_explain(&x, e, t, 1, &s, seed));
    return x;
}

/* Two repeats of LIME and KernelSHAP on a linear model, each with few draws, are estimates of one
 * truth that err independently of each other and of the stored explanation: over many texts' keys,
 * the errors of any two of the three are uncorrelated. */
static void repeats_err_independently_of_the_explanation_and_of_each_other(void **state)
{
    (void)state;
    static const char *const methods[] = {
        "{\"method\": \"lime\", \"samples\": 12, \"output\": \"probability\"}",
        "{\"method\": \"kernel_shap\", \"coalitions\": 10, \"exact_units\": 1, "
        "\"output\": \"probability\"}",
        "\"random\""};
    enum { KEYS = 400, WORDS = 6 };
    for (int m = 0; m < 3; m++) {
        static double x[3][KEYS];
        perturb_rig r;
        qg_explainer e = start(&r);
        for (int k = 0; k < KEYS; k++) {
            qg_explain_text t = encode(r.a, "a b c d e f", (uint64_t)k);
            for (int i = 0; i < 3; i++) {
                uint64_t seed = i < 2 ? qg_explain_repeat_seed(42, i) : 42;
                x[i][k] = drawn(&e, &t, methods[m], seed).word_score[2];
            }
        }
        for (int i = 0; i < 3; i++) {
            double rho = qg_pearson(x[i], x[(i + 1) % 3], KEYS);
            qt_close(methods[m], rho, 0, 0, 4 / sqrt(KEYS));
        }
        perturb_rig_end(&r);
    }
    assert_true(qg_explain_repeat_seed(42, 0) != qg_explain_repeat_seed(42, 1));
    assert_true(qg_explain_repeat_seed(42, 0) != qg_explain_repeat_seed(43, 0));
    for (int i = 0; i < 2; i++) /* no seed that a job may name */
        assert_true(qg_explain_repeat_seed(42, i) > (uint64_t)1 << 53);
}

/* ----------------------------------------------------------------------------------- errors */

static void models_may_lack_what_a_method_needs(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab c", 3);
    r.model.gradient = NULL;
    r.model.attention = NULL;
    for (const qg_method *const *m = qg_methods; *m; m++) {
        qg_explanation out;
        qg_method_spec s = defaults(r.a, *m);
        qg_code rc = qg_explain(&out, &e, &t, 1, &s, 5);
        if ((*m)->needs)
            qt_fails(rc, QG_EUNSUPPORTED, (*m)->name, "the model gives none",
                     (*m)->needs == QG_NEEDS_ATTENTION ? "attention" : "gradients", NULL);
        else
            qt_ok(rc);
    }
    perturb_rig_end(&r);
}

static void scores_that_are_no_numbers_name_the_text(void **state)
{
    (void)state;
    for (const qg_method *const *m = qg_methods; *m; m++) {
        perturb_rig r;
        qg_explainer e = start(&r);
        qg_explain_text t[] = {encode(r.a, "ab c", 3), encode(r.a, "ab xc", 4)};
        qg_explanation out[2];
        qg_method_spec s = without_other_tokens(r.a, *m);
        r.toy.e[FIRST + 'x' - 'a'][0] = NAN; /* a text without this letter is well */
        qg_code rc = qg_explain(out, &e, t, 2, &s, 5);
        if (((*m)->needs & QG_NEEDS_ATTENTION) || strcmp((*m)->name, "random") == 0)
            qt_ok(rc); /* they look at no vectors */
        else
            qt_fails(rc, QG_ENUMERIC, "text 1: ", NULL);
        perturb_rig_end(&r);
    }
}

static void errors_of_the_model_come_through(void **state)
{
    (void)state;
    perturb_rig r;
    qg_explainer e = start(&r);
    qg_explain_text t = encode(r.a, "ab c", 3);
    qg_explanation out;
    qg_method_spec s = spec(r.a, "\"occlusion\"");
    r.toy.fail_at = 1;
    qt_fails(qg_explain(&out, &e, &t, 1, &s, 5), QG_ELOST, "told to fail", NULL);
    perturb_rig_end(&r);
}

static qg_code explain_two(qg_arena *a, void *ctx)
{
    const qg_method *m = ctx;
    perturb_rig r = {.a = a};
    qg_explain_text t[] = {{3, NULL, 0}, {4, NULL, 1}};
    qg_explanation out[2];
    qg_method_spec s;
    char name[64];
    int32_t ids[] = {2, 5, 6, 7, 3}, word[] = {-1, 0, 0, 1, -1};
    qg_encoding code = {.n = 5, .ids = ids, .word = word, .n_words = 3};
    t[0].code = t[1].code = &code;
    r.model = linear_toy_make(&r.toy, 7);
    r.model.layers = LAYERS;
    r.model.heads = HEADS;
    r.model.attention = attention_of;
    snprintf(name, sizeof name, "\"%s\"", m->name);
    QG_TRY(qg_perturber_make(&r.p, a, &r.model, specials, 0));
    QG_TRY(qg_method_spec_parse(&s, a, name));
    QG_TRY(qg_encoding_forms(&code, a, NULL, 0));
    qg_explainer e = {&r.model, r.p, specials, a};
    return qg_explain(out, &e, t, 2, &s, 5);
}

static void memory_may_end_in_every_method(void **state)
{
    (void)state;
    for (const qg_method *const *m = qg_methods; *m; m++)
        qt_torture(explain_two, (void *)(uintptr_t)*m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integrated_gradients_of_a_linear_model),
    cmocka_unit_test(sequential_gradients_of_a_linear_model),
    cmocka_unit_test(expected_gradients_of_a_linear_model),
    cmocka_unit_test(tolerance_doubles_the_nodes),
    cmocka_unit_test(gradients_of_a_linear_model),
    cmocka_unit_test(perturbations_of_a_linear_model),
    cmocka_unit_test(shapley_values_share_what_the_probability_gains),
    cmocka_unit_test(tokens_as_units_add_up_to_words),
    cmocka_unit_test(attention_in_closed_form),
    cmocka_unit_test(texts_are_explained_alike_in_every_batch),
    cmocka_unit_test(a_text_without_words_has_its_value),
    cmocka_unit_test(repeated_words_have_a_score_at_each_place),
    cmocka_unit_test(a_constant_output_has_no_scores),
    cmocka_unit_test(seeds_and_keys_matter_where_something_is_drawn),
    cmocka_unit_test(repeats_err_independently_of_the_explanation_and_of_each_other),
    cmocka_unit_test(models_may_lack_what_a_method_needs),
    cmocka_unit_test(scores_that_are_no_numbers_name_the_text),
    cmocka_unit_test(errors_of_the_model_come_through),
    cmocka_unit_test(memory_may_end_in_every_method),
};
QT_MAIN("explaining by name", tests)
