/*
 * test_perturb_golden.c - occlusion through the golden models, and LIME's and SHAP's fits from the
 * masks and values of the reference: tests/golden/data/xai.
 */
#include "qt.h"

#include "xai/perturb/perturb_methods.h"
#include "qgrid/softmax.h"
#include "qgrid/weights.h"

#include <math.h>
#include <string.h>

static const qg_specials specials = {.pad = 0, .unk = 1, .cls = 2, .sep = 3, .mask = 4};
static const char *const model_names[] = {"tiny_a", "tiny_b"};

static const qg_json *need(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

static int number(const qg_json *o, const char *key)
{
    return (int)need(o, key)->number;
}

static bool says(const qg_json *o, const char *key, const char *text)
{
    return strcmp(need(o, key)->string, text) == 0;
}

static int32_t *ints(qg_arena *a, const qg_json *v, int *n)
{
    size_t count;
    double *d = qt_numbers(a, v, &count);
    int32_t *out = qg_arena_alloc(a, count, sizeof *out);
    for (size_t i = 0; i < count; i++)
        out[i] = (int32_t)d[i];
    *n = (int)count;
    return out;
}

/* ------------------------------------------------------------------------------ golden models */

typedef struct golden {
    qg_arena *a;
    qg_model *model;
    qg_explainable explainable;
    qg_perturber *p;
} golden;

static void golden_start(golden *g, const char *name)
{
    char path[100], hex[65];
    snprintf(path, sizeof path, "model/%s", name);
    qg_model_source src = {.dir = qt_golden(path)};
    qg_precision_spec spec = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
    g->a = qg_arena_create(0);
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&g->model, &src, hex, &spec, qt_tmp("cache")));
    g->explainable = qg_explainable_of_model(g->model);
    qt_ok(qg_perturber_make(&g->p, g->a, &g->explainable, specials, 0));
}

static void golden_end(golden *g)
{
    qg_model_close(g->model);
    qg_arena_destroy(g->a);
}

/* One unit per token between the specials. */
static qg_sample by_token(qg_arena *a, const qg_json *e)
{
    qg_sample s = {0};
    s.ids = ints(a, need(e, "input_ids"), &s.n);
    int32_t *unit = qg_arena_alloc(a, (size_t)s.n, sizeof *unit);
    for (int i = 0; i < s.n; i++)
        unit[i] = i == 0 || i == s.n - 1 ? -1 : i - 1;
    s.unit = unit;
    s.units = s.n - 2;
    return s;
}

static const struct {
    qg_masking masking;
    const char *key;
} modes[] = {{QG_MASKING_MASK, "MASK"},
             {QG_MASKING_UNK, "UNK"},
             {QG_MASKING_PAD, "PAD_attended"},
             {QG_MASKING_HIDE, "PAD_masked"},
             {QG_MASKING_DELETE, "delete"}};

static void check_occlusion(golden *g, const qg_json *e, qg_masking masking, const char *key)
{
    const qg_json *f = need(e, "fp64");
    int32_t target = number(e, "target");
    for (int output = QG_EXPLAIN_LOGIT; output <= QG_EXPLAIN_PROBABILITY; output++) {
        bool logit = output == QG_EXPLAIN_LOGIT;
        size_t n;
        qg_attribution out;
        qg_sample s = by_token(g->a, e);
        qg_occlusion_options o = {masking, (qg_explain_output)output, 1, 1};
        qt_ok(qg_occlusion(&out, g->p, &s, &target, 1, &o));
        double *want = qt_numbers(g->a, need(need(f, key), logit ? "drop_logit" : "drop_prob"), &n);
        qt_eq("positions", out.n, (long long)n);
        qt_close_f64(key, out.score, want, n, 0, 1e-5);
        qt_close("full", out.full, need(f, logit ? "logit" : "prob")->number, 0, 1e-5);
    }
}

static void occlusion_in_every_mode(void **state)
{
    (void)state;
    int texts = 0;
    for (int m = 0; m < 2; m++) {
        golden g;
        golden_start(&g, model_names[m]);
        const qg_json *all = qt_json(g.a, qt_golden("xai/occlusion.json"));
        for (const qg_json *e = all->child; e; e = e->next) {
            if (!says(e, "model", model_names[m]))
                continue;
            for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++)
                check_occlusion(&g, e, modes[i].masking, modes[i].key);
            texts++;
        }
        golden_end(&g);
    }
    qt_eq("texts", texts, 8);
}

/* [CLS] pieces of words [SEP], one unit per word. */
static qg_sample by_word(qg_arena *a, const qg_json *e)
{
    int n = 2, at = 0, word = 0;
    for (const qg_json *w = need(e, "pieces")->child; w; w = w->next)
        n += w->count;
    int32_t *ids = qg_arena_alloc(a, (size_t)n, sizeof *ids);
    int32_t *unit = qg_arena_alloc(a, (size_t)n, sizeof *unit);
    ids[at] = specials.cls;
    unit[at++] = -1;
    for (const qg_json *w = need(e, "pieces")->child; w; w = w->next, word++) {
        for (const qg_json *p = w->child; p; p = p->next) {
            ids[at] = (int32_t)p->number;
            unit[at++] = word;
        }
    }
    ids[at] = specials.sep;
    unit[at] = -1;
    return (qg_sample){.n = n, .ids = ids, .unit = unit, .units = word};
}

static void kernel_shap_through_the_models(void **state)
{
    (void)state;
    int games = 0;
    for (int m = 0; m < 2; m++) {
        golden g;
        golden_start(&g, model_names[m]);
        const qg_json *all = qt_json(g.a, qt_golden("xai/shap.json"));
        for (const qg_json *e = all->child; e; e = e->next) {
            if (!says(e, "model", model_names[m]) || qg_json_get(e, "sampled"))
                continue;
            size_t n;
            qg_attribution out;
            qg_sample s = by_word(g.a, e);
            int32_t target = number(e, "label");
            qg_kernel_shap_options o = qg_kernel_shap_defaults();
            o.masking = says(e, "mode", "remove") ? QG_MASKING_DELETE : QG_MASKING_MASK;
            o.output = says(e, "output", "logit") ? QG_EXPLAIN_LOGIT : QG_EXPLAIN_PROBABILITY;
            qt_ok(qg_kernel_shap(&out, g.p, &s, &target, 1, &o));
            double *want = qt_numbers(g.a, need(e, "shapley"), &n);
            qt_eq("words", out.n, (long long)n);
            qt_close_f64("shapley", out.score, want, n, 0, 1e-5);
            qt_close("base", out.base, need(e, "v_empty")->number, 0, 1e-5);
            qt_close("full", out.full, need(e, "v_full")->number, 0, 1e-5);
            qt_close("efficiency", out.delta, 0, 0, 1e-12);
            games++;
        }
        golden_end(&g);
    }
    qt_eq("games", games, 20);
}

/* --------------------------------------------------------- fits from the reference's own values */

typedef struct tensors {
    qg_arena *a;
    qg_weights *file;
} tensors;

static const void *tensor(const tensors *t, const char *name, qg_dtype type, int64_t *rows)
{
    const qg_tensor *x = qg_weights_find(t->file, name);
    if (!x || x->dtype != type)
        fail_msg("reference data lack '%s'", name);
    void *copy = qg_arena_alloc(t->a, x->bytes, 1);
    assert_non_null(copy);
    memcpy(copy, x->data, x->bytes);
    if (rows)
        *rows = x->shape[0];
    return copy;
}

static const void *keyed(const tensors *t, const qg_json *e, const char *part, qg_dtype type,
                         int64_t *rows)
{
    char name[100];
    snprintf(name, sizeof name, "%s.%s", need(e, "key")->string, part);
    return tensor(t, name, type, rows);
}

static const struct {
    const char *key;
    int features;
    qg_lime_selection selection;
} fits[] = {{"none_all", 0, QG_LIME_NONE},
            {"auto_10", 10, QG_LIME_AUTO},
            {"auto_6", 6, QG_LIME_AUTO},
            {"highest_weights_5", 5, QG_LIME_HIGHEST_WEIGHTS}};

static void check_fit(qg_arena *a, const qg_json *want, const uint8_t *masks, const double *weight,
                      const double *y, int N, int units, int features, qg_lime_selection selection)
{
    double coef[64], wanted[64] = {0};
    qg_lime_fit f = {.coef = coef};
    qg_lime_options o = qg_lime_defaults();
    o.features = features;
    o.selection = selection;
    qt_ok(qg_lime_solve(&f, masks, weight, y, N, units, &o, a));
    for (const qg_json *c = need(want, "coef")->child; c; c = c->next)
        wanted[(int)c->child->number] = c->child->next->number;
    qt_close_f64("coef", coef, wanted, (size_t)units, 0, 1e-9);
    qt_close("intercept", f.intercept, need(want, "intercept")->number, 0, 1e-9);
    qt_close("score", f.score, need(want, "score")->number, 0, 1e-9);
    qt_close("local", f.local, need(want, "local_pred")->number, 0, 1e-9);
}

static void check_lime(const tensors *t, const qg_json *e)
{
    int64_t N;
    int units = need(e, "features")->count, label = number(e, "label");
    const uint8_t *masks = keyed(t, e, "masks", QG_U8, &N);
    const double *probs = keyed(t, e, "probs", QG_F64, NULL);
    const double *distance = keyed(t, e, "distances", QG_F64, NULL);
    const double *weight = keyed(t, e, "weights", QG_F64, NULL);
    double *y = qg_arena_alloc(t->a, (size_t)N, sizeof *y);
    for (int64_t i = 0; i < N; i++) {
        int kept = 0;
        for (int u = 0; u < units; u++)
            kept += masks[i * units + u];
        /* cosine similarity of 1 is 1 - 1e-16 there: 100 times its rounding is left */
        qt_close("distance", qg_lime_distance(kept, units), distance[i], 0, 1e-12);
        qt_close("weight", qg_lime_weight(distance[i], 25), weight[i], 1e-13, 0);
        y[i] = probs[i * 3 + label];
    }
    for (size_t i = 0; i < sizeof fits / sizeof fits[0]; i++)
        check_fit(t->a, need(need(e, "solutions"), fits[i].key), masks, weight, y, (int)N, units,
                  fits[i].features, fits[i].selection);
}

static void tensors_open(tensors *t, const char *path)
{
    t->a = qg_arena_create(0);
    qt_ok(qg_weights_open(&t->file, qt_golden(path)));
}

static void tensors_close(tensors *t)
{
    qg_weights_close(t->file);
    qg_arena_destroy(t->a);
}

static void lime_fits(void **state)
{
    (void)state;
    tensors t;
    int texts = 0;
    tensors_open(&t, "xai/lime.safetensors");
    const qg_json *all = qt_json(t.a, qt_golden("xai/lime.json"));
    for (const qg_json *e = all->child; e; e = e->next, texts++)
        check_lime(&t, e);
    qt_eq("texts", texts, 8);
    tensors_close(&t);
}

static void check_exact(const tensors *t, const qg_json *e)
{
    size_t n;
    double phi[16];
    int64_t sets;
    const double *v = tensor(t, need(e, "v_key")->string, QG_F64, &sets);
    double *want = qt_numbers(t->a, need(e, "shapley"), &n);
    qt_eq("coalitions", sets, 1LL << n);
    qg_shapley_exact(phi, v, (int)n);
    qt_close_f64("shapley", phi, want, n, 0, 1e-12);
    /* least squares over all coalitions with the Shapley kernel's weights gives the same */
    uint8_t *masks = qg_arena_alloc(t->a, (size_t)sets * n, 1);
    double *weight = qg_arena_alloc(t->a, (size_t)sets, sizeof *weight);
    for (int64_t set = 1; set < sets - 1; set++) {
        int s = __builtin_popcountll((unsigned long long)set), N = (int)n;
        weight[set] =
            (N - 1) / (exp(lgamma(N + 1) - lgamma(s + 1) - lgamma(N - s + 1)) * s * (N - s));
        for (int u = 0; u < N; u++)
            masks[set * N + u] = (uint8_t)(set >> u & 1);
    }
    qt_ok(qg_shapley_solve(
        phi, &(qg_coalitions){masks, weight, v, (int)sets, (int)n, v[0], v[sets - 1]}, t->a));
    want = qt_numbers(t->a, need(e, "shap_kernel"), &n);
    qt_close_f64("shap_kernel", phi, want, n, 0, 1e-9);
}

static void check_sampled(const tensors *t, const qg_json *e)
{
    size_t n;
    double phi[32];
    int64_t N;
    const uint8_t *masks = tensor(t, need(e, "masks_key")->string, QG_U8, &N);
    const double *v = tensor(t, need(e, "v_key")->string, QG_F64, NULL);
    double *want = qt_numbers(t->a, need(e, "phi"), &n);
    double empty = need(e, "v_empty")->number, full = need(e, "v_full")->number;
    qt_ok(
        qg_shapley_solve(phi, &(qg_coalitions){masks, NULL, v, (int)N, (int)n, empty, full}, t->a));
    qt_close_f64("phi", phi, want, n, 0, 1e-9);
}

/* LIME's features are the distinct runs of word characters. */
static void check_features(const qg_json *e, const qg_sample *s)
{
    const char *text = need(e, "text")->string;
    int u = 0;
    qt_eq("features", s->units, need(e, "features")->count);
    for (const qg_json *word = need(e, "features")->child; word; word = word->next, u++) {
        size_t n = strlen(word->string);
        qt_eq("bytes", s->span[u].byte_end - s->span[u].byte_start, (long long)n);
        qt_same(word->string, text + s->span[u].byte_start, word->string, n, 1);
    }
}

static void check_cut_texts(golden *g, const tensors *t, const qg_json *e, const qg_tokenizer *tok)
{
    int64_t N;
    static int64_t slot[1000];
    const char *text = need(e, "text")->string;
    const uint8_t *masks = keyed(t, e, "masks", QG_U8, &N);
    const double *probs = keyed(t, e, "probs", QG_F64, NULL);
    qg_encoding enc;
    qg_sample s;
    qt_ok(qg_tokenizer_encode(&enc, tok, g->a, text, strlen(text), 0));
    qt_ok(qg_encoding_forms(&enc, g->a, text, strlen(text)));
    qt_ok(qg_sample_make(&s, g->a, &enc, QG_FEATURE_DISTINCT_RUN, 0));
    check_features(e, &s);
    qt_eq("samples", N, 1000);
    for (int64_t i = 0; i < N; i++)
        qt_ok(qg_perturb_add(&slot[i], g->p, &s, masks + i * s.units, QG_MASKING_DELETE));
    qt_ok(qg_perturb_run(g->p));
    for (int64_t i = 0; i < N; i++)
        for (int k = 0; k < 3; k++)
            qt_close("probability", qg_perturb_value(g->p, slot[i], k, QG_EXPLAIN_PROBABILITY),
                     probs[i * 3 + k], 0, 1e-5);
}

/* From the text on: words cut out of it, tokens, batches, probabilities. */
static void lime_cuts_words_out(void **state)
{
    (void)state;
    tensors t;
    int texts = 0;
    tensors_open(&t, "xai/lime.safetensors");
    const qg_json *all = qt_json(t.a, qt_golden("xai/lime.json"));
    for (int m = 0; m < 2; m++) {
        golden g;
        char dir[100];
        int here = 0;
        qg_tokenizer *tok;
        golden_start(&g, model_names[m]);
        snprintf(dir, sizeof dir, "model/%s", model_names[m]);
        qt_ok(qg_tokenizer_load(&tok, g.a, qt_golden(dir)));
        for (const qg_json *e = all->child; e; e = e->next) {
            if (!says(e, "model", model_names[m]) || !need(e, "bow")->boolean)
                continue;
            check_cut_texts(&g, &t, e, tok);
            here++;
        }
        /* equal texts once, and batches full but for the last of each text */
        qg_perturb_counts c = qg_perturb_count(g.p);
        assert_true(2 * c.distinct < c.asked);
        assert_true((c.batches - here) * (QG_PERTURB_TOKENS - 32) <= c.tokens);
        texts += here;
        golden_end(&g);
    }
    qt_eq("texts", texts, 4);
    tensors_close(&t);
}

static void shapley_values_of_given_games(void **state)
{
    (void)state;
    tensors t;
    int exact = 0, sampled = 0;
    tensors_open(&t, "xai/shap.safetensors");
    const qg_json *all = qt_json(t.a, qt_golden("xai/shap.json"));
    for (const qg_json *e = all->child; e; e = e->next) {
        if (qg_json_get(e, "sampled")) {
            check_sampled(&t, e);
            sampled++;
        } else {
            check_exact(&t, e);
            exact++;
        }
    }
    qt_eq("exact", exact, 20);
    qt_eq("sampled", sampled, 2);
    tensors_close(&t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(occlusion_in_every_mode),
    cmocka_unit_test(kernel_shap_through_the_models),
    cmocka_unit_test(lime_fits),
    cmocka_unit_test(lime_cuts_words_out),
    cmocka_unit_test(shapley_values_of_given_games),
};

QT_GOLDEN_MAIN("perturbation methods, golden", tests)
