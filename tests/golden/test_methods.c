/*
 * test_methods.c - methods by name, from text to scores, through the golden models: captum's,
 * PyTorch's and the reference's numbers in tests/golden/data/xai. Tolerances: data/README.md.
 */
#include "qt.h"

#include "qgrid/explained_model.h"
#include "qgrid/method.h"

#include <math.h>
#include <string.h>

#define XAI "xai/"
enum { MODELS = 2, MOST = 32 };
static const double IG = 2e-5, GRADIENT = 5e-5, ROLLOUT = 1e-5, VALUE = 1e-5;
static const char *const names[MODELS] = {"tiny_a", "tiny_b"};

static const qg_json *need(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

/* A model, and texts of a reference file that are explained together. */
typedef struct rig {
    qg_arena *a;
    const char *name;
    qg_model *packed;
    qg_explained_model *model;
    qg_explainable functions;
    qg_tokenizer *tokenizer;
    qg_explainer explainer;
    int n;
    const qg_json *entry[MOST];
    qg_encoding code[MOST];
    qg_explain_text text[MOST];
    qg_explanation out[MOST];
} rig;

static void start(rig *r, const char *name)
{
    char hex[65], path[100];
    *r = (rig){.a = qg_arena_create(0), .name = name};
    snprintf(path, sizeof path, "model/%s", name);
    const char *dir = qg_arena_strdup(r->a, qt_golden(path));
    qg_model_source src = {.dir = dir};
    qg_precision_spec fp32 = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
    qg_explained_options o = {0};
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&r->packed, &src, hex, &fp32, qt_tmp("cache")));
    qt_ok(qg_explained_model_create(&r->model, &src, &fp32, &o));
    qt_ok(qg_tokenizer_load(&r->tokenizer, r->a, dir));
    r->functions = qg_explained_model_functions(r->model, r->packed);
    r->explainer = (qg_explainer){
        .model = &r->functions, .specials = qg_tokenizer_specials(r->tokenizer), .arena = r->a};
    qt_ok(
        qg_perturber_make(&r->explainer.perturber, r->a, &r->functions, r->explainer.specials, 0));
}

static void end(rig *r)
{
    qg_explained_model_destroy(r->model);
    qg_model_close(r->packed);
    qg_arena_destroy(r->a);
}

static void take(rig *r, const qg_json *e, const char *target)
{
    const char *text = need(e, "text")->string;
    int i = r->n++;
    assert_true(i < MOST);
    r->entry[i] = e;
    qt_ok(qg_tokenizer_encode(&r->code[i], r->tokenizer, r->a, text, strlen(text), 0));
    qt_ok(qg_encoding_forms(&r->code[i], r->a, text, strlen(text)));
    r->text[i] = (qg_explain_text){(uint64_t)i, &r->code[i], 0};
    if (target)
        r->text[i].target = (int32_t)need(e, target)->number;
    const qg_json *ids = qg_json_get(e, "input_ids");
    if (!ids)
        return;
    qt_eq("tokens", ids->count, r->code[i].n);
    const qg_json *id = ids->child;
    for (int t = 0; t < r->code[i].n; t++, id = id->next)
        qt_eq("id", r->code[i].ids[t], (long long)id->number);
}

/* The texts of this model. */
static void take_file(rig *r, const char *file, const char *target)
{
    char path[100];
    snprintf(path, sizeof path, XAI "%s", file);
    const qg_json *all = qt_json(r->a, qt_golden(path));
    r->n = 0;
    for (const qg_json *e = all->child; e; e = e->next)
        if (strcmp(need(e, "model")->string, r->name) == 0)
            take(r, e, target);
    assert_true(r->n > 0);
}

static void explain(rig *r, const char *json)
{
    qg_method_spec s;
    qt_ok(qg_method_spec_parse(&s, r->a, json));
    qt_ok(qg_explain(r->out, &r->explainer, r->text, r->n, &s, 42));
}

/* Tokens between the specials against want [n] (from the second on), specials 0; words sum up. */
static void check_tokens(const rig *r, int i, const double *want, double tol)
{
    const qg_encoding *c = &r->code[i];
    double most = 0, *word = qg_arena_alloc(r->a, (size_t)c->n_words, sizeof *word);
    assert_non_null(word);
    for (int t = 1; t < c->n - 1; t++) {
        most = fmax(most, fabs(want[t]));
        word[c->word[t]] += want[t];
    }
    qt_close_f64("tokens", r->out[i].token_score + 1, want + 1, (size_t)c->n - 2, 0, tol * most);
    qt_close_f64("words", r->out[i].word_score, word, (size_t)c->n_words, 0, 4 * tol * most);
    qt_same("[CLS]", &r->out[i].token_score[0], &(double){0}, 1, sizeof(double));
    qt_same("[SEP]", &r->out[i].token_score[c->n - 1], &(double){0}, 1, sizeof(double));
}

static double *numbers(const rig *r, int i, const qg_json *o, const char *key, int less)
{
    size_t n;
    double *v = qt_numbers(r->a, need(o, key), &n);
    qt_eq("tokens", (long long)n, r->code[i].n - less);
    return v;
}

static void integrated_gradients_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *options, *output, *rule;
    } kinds[] = {
        {"", "logit.word_embeddings", "gausslegendre"},
        {", \"layer\": \"embeddings\", \"steps\": 300", "logit.embeddings", "gausslegendre_300"},
        {", \"output\": \"probability\", \"rule\": \"riemann_right\"", "prob.word_embeddings",
         "riemann_right"},
        {", \"rule\": \"riemann_trapezoid_captum\"", "logit.word_embeddings", "riemann_trapezoid"},
    };
    for (int m = 0; m < MODELS; m++) {
        rig r;
        start(&r, names[m]);
        take_file(&r, "integrated_gradients.json", "target");
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            explain(&r, qg_arena_printf(r.a, "{\"method\": \"integrated_gradients\"%s}",
                                        kinds[k].options));
            for (int i = 0; i < r.n; i++) {
                const qg_json *all = need(need(r.entry[i], "results"), "fp64");
                const qg_json *of = need(all, kinds[k].output), *want = need(of, kinds[k].rule);
                check_tokens(&r, i, numbers(&r, i, want, "attr", 0), IG);
                qt_close("delta", r.out[i].delta, need(want, "delta")->number, 0, 1e-5);
                qt_close("value", r.out[i].value, need(of, "f_input")->number, 0, 5e-6);
                qt_close("base", r.out[i].base, need(of, "f_baseline")->number, 0, 5e-6);
            }
        }
        end(&r);
    }
}

static void gradients_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *json, *output, *layer, *key;
    } kinds[] = {
        {"\"gradient_x_input\"", "logit", "word_embeddings", "gradxinput"},
        {"{\"method\": \"gradient_x_input\", \"layer\": \"embeddings\"}", "logit", "embeddings",
         "gradxinput"},
        {"{\"method\": \"saliency\", \"output\": \"probability\"}", "prob", "word_embeddings",
         "grad_l2"},
        {"{\"method\": \"smoothgrad\", \"sigma\": 0, \"draws\": 2}", "logit", "word_embeddings",
         "gradxinput"},
    };
    for (int m = 0; m < MODELS; m++) {
        rig r;
        start(&r, names[m]);
        take_file(&r, "gradients.json", "target");
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            explain(&r, kinds[k].json);
            for (int i = 0; i < r.n; i++) {
                const qg_json *of = need(need(r.entry[i], "fp64"), kinds[k].output);
                double *want = numbers(&r, i, need(of, kinds[k].layer), kinds[k].key, 0);
                check_tokens(&r, i, want, GRADIENT);
            }
        }
        end(&r);
    }
}

static void occlusion_by_name(void **state)
{
    (void)state;
    static const char *const masks[][2] = {{"mask", "MASK"},
                                           {"unk", "UNK"},
                                           {"pad", "PAD_attended"},
                                           {"hide", "PAD_masked"},
                                           {"delete", "delete"}};
    for (int m = 0; m < MODELS; m++) {
        rig r;
        start(&r, names[m]);
        take_file(&r, "occlusion.json", "target");
        for (size_t k = 0; k < sizeof masks / sizeof *masks; k++) {
            explain(&r, qg_arena_printf(r.a,
                                        "{\"method\": \"occlusion\", \"unit\": \"token\", "
                                        "\"masking\": \"%s\"}",
                                        masks[k][0]));
            for (int i = 0; i < r.n; i++) {
                const qg_json *want = need(need(r.entry[i], "fp64"), masks[k][1]);
                double *drop = numbers(&r, i, want, "drop_prob", 2);
                qt_close_f64("drop", r.out[i].token_score + 1, drop, (size_t)r.code[i].n - 2, 0,
                             VALUE);
                qt_close("value", r.out[i].value, need(need(r.entry[i], "fp64"), "prob")->number, 0,
                         VALUE);
            }
        }
        end(&r);
    }
}

static void kernel_shap_by_name(void **state)
{
    (void)state;
    int games = 0;
    for (int m = 0; m < MODELS; m++) {
        rig r;
        start(&r, names[m]);
        const qg_json *all = qt_json(r.a, qt_golden(XAI "shap.json"));
        for (const qg_json *e = all->child; e; e = e->next) {
            if (strcmp(need(e, "model")->string, names[m]) != 0 || qg_json_get(e, "sampled"))
                continue;
            size_t n;
            r.n = 0;
            take(&r, e, "label");
            bool removed = strcmp(need(e, "mode")->string, "remove") == 0;
            bool logit = strcmp(need(e, "output")->string, "logit") == 0;
            explain(&r,
                    qg_arena_printf(r.a,
                                    "{\"method\": \"kernel_shap\", \"masking\": \"%s\", "
                                    "\"output\": \"%s\"}",
                                    removed ? "delete" : "mask", logit ? "logit" : "probability"));
            double *want = qt_numbers(r.a, need(e, "shapley"), &n);
            qt_eq("words", r.code[0].n_words, (long long)n);
            qt_close_f64("shapley", r.out[0].word_score, want, n, 0, VALUE);
            qt_close("base", r.out[0].base, need(e, "v_empty")->number, 0, VALUE);
            qt_close("efficiency", r.out[0].delta, 0, 0, 1e-12);
            games++;
        }
        end(&r);
    }
    qt_eq("games", games, 20);
}

static void rollout_by_name(void **state)
{
    (void)state;
    for (int m = 0; m < MODELS; m++) {
        rig r;
        start(&r, names[m]);
        take_file(&r, "rollout.json", NULL);
        explain(&r, "\"attention_rollout\"");
        for (int i = 0; i < r.n; i++)
            check_tokens(&r, i, numbers(&r, i, r.entry[i], "cls_row", 0), ROLLOUT);
        end(&r);
    }
}

/* All methods with defaults: the texts together and the last one alone, by another engine. */
static void texts_do_not_depend_on_each_other(void **state)
{
    (void)state;
    rig r, alone;
    start(&r, names[0]);
    start(&alone, names[0]);
    take_file(&r, "integrated_gradients.json", "target");
    int last = r.n - 1;
    alone.n = 1;
    alone.text[0] = r.text[last];
    for (const qg_method *const *m = qg_methods; *m; m++) {
        const char *json = qg_arena_printf(r.a, "\"%s\"", (*m)->name);
        const qg_encoding *c = &r.code[last];
        explain(&r, json);
        explain(&alone, json);
        qt_same((*m)->name, alone.out[0].token_score, r.out[last].token_score, (size_t)c->n,
                sizeof(double));
        qt_same((*m)->name, alone.out[0].word_score, r.out[last].word_score, (size_t)c->n_words,
                sizeof(double));
    }
    end(&alone);
    end(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integrated_gradients_by_name),
    cmocka_unit_test(gradients_by_name),
    cmocka_unit_test(occlusion_by_name),
    cmocka_unit_test(kernel_shap_by_name),
    cmocka_unit_test(rollout_by_name),
    cmocka_unit_test(texts_do_not_depend_on_each_other),
};
QT_GOLDEN_MAIN("methods, golden", tests)
