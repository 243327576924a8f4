/*
 * test_gradients.c - integrated gradients against captum, gradients against PyTorch, rollout.
 * Tolerances: tests/golden/data/README.md, relative to the largest value of a text.
 */
#include "qt.h"

#include "xai/gradient/attribution.h"
#include "qgrid/explained_model.h"
#include "qgrid/weights.h"

#include <math.h>
#include <string.h>

#define GOLDEN "xai/"
enum { MODELS = 2, PAD = 0 };
static const double IG = 2e-5, GRADIENT = 5e-5, ROLLOUT = 1e-5;
static const char *const names[MODELS] = {"tiny_a", "tiny_b"};
static const char *const outputs[] = {"logit", "prob"};
static const char *const layers[] = {"word_embeddings", "embeddings"};

static const qg_json *need(const qg_json *o, const char *key)
{
    const qg_json *v = qg_json_get(o, key);
    if (!v)
        fail_msg("reference data lack '%s'", key);
    return v;
}

/* Models by name, and the text of an entry. */
typedef struct rig {
    qg_arena *arena;
    qg_explained_model *model[MODELS];
    qg_explainable of[MODELS];
    qg_weights *tensors;
    /* of the entry */
    qg_batch batch;
    int32_t splits[2], target;
    int n, C;
    qg_question question;
    double worst; /* difference over the largest value */
} rig;

static const char *model_dir(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "model/%s", name);
    return qt_golden(path);
}

static void open_rig(rig *r)
{
    qg_precision_spec fp32 = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
    *r = (rig){.arena = qg_arena_create(0)};
    for (int i = 0; i < MODELS; i++) {
        qg_model_source src = {.dir = model_dir(names[i])};
        qg_explained_options o = {.tokens = 100}; /* less than a call brings */
        qt_ok(qg_explained_model_create(&r->model[i], &src, &fp32, &o));
        r->of[i] = qg_explained_model_functions(r->model[i], NULL);
        assert_string_equal(qg_explained_model_gradients(r->model[i]), "exact");
    }
    qt_ok(qg_weights_open(&r->tensors, qt_golden(GOLDEN "gradients_ig_rollout.safetensors")));
}

static void close_rig(rig *r)
{
    for (int i = 0; i < MODELS; i++)
        qg_explained_model_destroy(r->model[i]);
    qg_weights_close(r->tensors);
    qg_arena_destroy(r->arena);
}

static void *room(rig *r, size_t n, size_t size)
{
    void *p = qg_arena_alloc(r->arena, n, size);
    assert_non_null(p);
    return p;
}

static void take_entry(rig *r, const qg_json *e)
{
    size_t n;
    double *ids = qt_numbers(r->arena, need(e, "input_ids"), &n);
    int32_t *id = room(r, n, sizeof *id);
    for (size_t i = 0; i < n; i++)
        id[i] = (int32_t)ids[i];
    int at = strcmp(need(e, "model")->string, names[1]) == 0;
    r->splits[0] = 0;
    r->splits[1] = r->n = (int)n;
    r->batch = (qg_batch){1, id, r->splits};
    r->C = r->of[at].hidden;
    r->question =
        (qg_question){.model = &r->of[at], .batch = &r->batch, .target = &r->target, .tokens = 300};
    if (qg_json_get(e, "target"))
        r->target = (int32_t)need(e, "target")->number;
}

static void ask(rig *r, int output, int layer)
{
    r->question.output = output ? QG_EXPLAIN_PROBABILITY : QG_EXPLAIN_LOGIT;
    r->question.layer = layer ? QG_EXPLAIN_EMBEDDINGS : QG_EXPLAIN_WORD_EMBEDDINGS;
}

static void compare(rig *r, const char *what, const double *got, const double *want, size_t n,
                    double tol)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        r->worst = fmax(r->worst, fabs(got[i] - want[i]) / most);
    qt_close_f64(what, got, want, n, 0, tol * most);
}

static void compare_json(rig *r, const double *got, const qg_json *o, const char *key, double tol)
{
    size_t n;
    double *want = qt_numbers(r->arena, need(o, key), &n);
    qt_eq("tokens", (long long)n, r->n);
    compare(r, key, got, want, n, tol);
}

static double *stored(rig *r, size_t n, const char *name)
{
    const qg_tensor *t = qg_weights_find(r->tensors, name);
    if (!t)
        fail_msg("reference data lack '%s'", name);
    qt_eq(name, (long long)qg_tensor_count(t), (long long)n);
    assert_int_equal(t->dtype, QG_F64);
    double *v = room(r, n, sizeof *v);
    memcpy(v, t->data, n * sizeof *v);
    return v;
}

/* ----------------------------------------------------------------------- integrated gradients */

typedef struct kind {
    const char *name;
    qg_quadrature rule;
    int steps;
    double delta; /* tolerance */
} kind;

static const kind kinds[] = {
    {"gausslegendre", QG_GAUSS_LEGENDRE, 50, 1e-5},
    {"gausslegendre_300", QG_GAUSS_LEGENDRE, 300, 1e-5},
    {"riemann_right", QG_RIEMANN_RIGHT, 50, 1e-5},
    {"riemann_left", QG_RIEMANN_LEFT, 50, 1e-5},
    {"riemann_middle", QG_RIEMANN_MIDDLE, 50, 1e-5},
    {"riemann_trapezoid", QG_TRAPEZOID_CAPTUM, 50, 1e-5},
    {"trapezoid_true_51pts", QG_TRAPEZOID, 51, 1e-5},
};

static qg_ig_result result(rig *r, bool full)
{
    return (qg_ig_result){.score = room(r, (size_t)r->n, sizeof(double)),
                          .full = full ? room(r, (size_t)(r->n * r->C), sizeof(double)) : NULL,
                          .value = room(r, 1, sizeof(double)),
                          .base = room(r, 1, sizeof(double)),
                          .delta = room(r, 1, sizeof(double)),
                          .steps = room(r, 1, sizeof(int32_t))};
}

static void check_kind(rig *r, const qg_json *want, const kind *k)
{
    const qg_json *one = qg_json_get(want, k->name);
    qg_ig_result got = result(r, false);
    qg_ig_options o = {.rule = k->rule, .steps = k->steps, .token = PAD};
    if (!one) { /* the true trapezoid is there for one layer */
        assert_int_equal(k->rule, QG_TRAPEZOID);
        return;
    }
    qt_ok(qg_integrated_gradients(&got, &r->question, &o, r->arena));
    compare_json(r, got.score, one, "attr", IG);
    qt_close("delta", *got.delta, need(one, "delta")->number, 0, k->delta);
    qt_close("value", *got.value, need(want, "f_input")->number, 0, 5e-6);
    qt_close("base", *got.base, need(want, "f_baseline")->number, 0, 5e-6);
    qt_eq("steps", *got.steps, k->steps);
}

static void integrated_gradients_equal_captum(void **state)
{
    (void)state;
    rig r;
    int checked = 0;
    open_rig(&r);
    const qg_json *all = qt_json(r.arena, qt_golden(GOLDEN "integrated_gradients.json"));
    for (const qg_json *e = all->child; e; e = e->next) {
        take_entry(&r, e);
        for (int i = 0; i < 4; i++) {
            char key[64];
            snprintf(key, sizeof key, "%s.%s", outputs[i / 2], layers[i % 2]);
            ask(&r, i / 2, i % 2);
            const qg_json *want = need(need(need(e, "results"), "fp64"), key);
            for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++, checked++)
                check_kind(&r, want, &kinds[k]);
        }
    }
    qt_eq("entries", checked, 8 * 4 * 7);
    print_message("largest difference over the text's largest score: %.2g\n", r.worst);
    close_rig(&r);
}

static void every_number_of_it_equals_captum(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const qg_json *all = qt_json(r.arena, qt_golden(GOLDEN "integrated_gradients.json"));
    for (int m = 0; m < MODELS; m++)
        for (int i = 0; i < 4; i++) {
            char key[100], name[200];
            const kind *k = &kinds[i / 2 ? 2 : 0];
            snprintf(key, sizeof key, "%s.0", names[m]);
            take_entry(&r, need(all, key));
            ask(&r, 0, i % 2);
            qg_ig_result got = result(&r, true);
            qg_ig_options o = {.rule = k->rule, .steps = k->steps, .token = PAD};
            qt_ok(qg_integrated_gradients(&got, &r.question, &o, r.arena));
            snprintf(name, sizeof name, "%s.ig.%s.%s.full_fp64", key, layers[i % 2], k->name);
            size_t n = (size_t)(r.n * r.C);
            compare(&r, name, got.full, stored(&r, n, name), n, IG);
        }
    close_rig(&r);
}

/* -------------------------------------------------------------------------------- gradients */

static void check_smoothgrad(rig *r, const qg_json *e, int output)
{
    const qg_json *s = qg_json_get(e, "smoothgrad");
    size_t n;
    if (!s)
        return;
    const qg_tensor *t = qg_weights_find(r->tensors, need(s, "noise_key")->string);
    assert_non_null(t);
    n = (size_t)qg_tensor_count(t);
    float *noise = room(r, n, sizeof *noise);
    qg_tensor_to_f32(noise, t);
    qg_smoothgrad_options o = {.draws = (int)need(s, "samples")->number, .noise = noise};
    double *got = room(r, (size_t)r->n, sizeof *got);
    const qg_json *want = need(need(s, "fp64"), outputs[output]);
    qt_eq("noise", (long long)n, (long long)o.draws * r->n * r->C);
    qt_ok(qg_smoothgrad(got, &r->question, &o, r->arena));
    compare_json(r, got, want, "gradxinput", GRADIENT);
    o.score = QG_SCORE_L2;
    qt_ok(qg_smoothgrad(got, &r->question, &o, r->arena));
    compare_json(r, got, want, "grad_l2", GRADIENT);
}

static void gradients_equal_pytorch(void **state)
{
    (void)state;
    rig r;
    int smooth = 0;
    open_rig(&r);
    const qg_json *all = qt_json(r.arena, qt_golden(GOLDEN "gradients.json"));
    qt_eq("entries", all->count, 8);
    for (const qg_json *e = all->child; e; e = e->next) {
        take_entry(&r, e);
        double *got = room(&r, (size_t)r.n, sizeof *got);
        for (int i = 0; i < 4; i++) {
            const qg_json *want = need(need(need(e, "fp64"), outputs[i / 2]), layers[i % 2]);
            ask(&r, i / 2, i % 2);
            qt_ok(qg_gradient_scores(got, NULL, &r.question, QG_SCORE_TIMES_INPUT, r.arena));
            compare_json(&r, got, want, "gradxinput", GRADIENT);
            if (i % 2 == 1)
                continue;
            qt_ok(qg_gradient_scores(got, NULL, &r.question, QG_SCORE_L2, r.arena));
            compare_json(&r, got, want, "grad_l2", GRADIENT);
            check_smoothgrad(&r, e, i / 2);
        }
        smooth += qg_json_get(e, "smoothgrad") != NULL;
    }
    qt_eq("smoothgrad", smooth, 4);
    print_message("largest difference over the text's largest score: %.2g\n", r.worst);
    close_rig(&r);
}

static void every_number_of_the_gradient_equals_pytorch(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const qg_json *all = qt_json(r.arena, qt_golden(GOLDEN "gradients.json"));
    for (int m = 0; m < MODELS; m++)
        for (int output = 0; output < 2; output++) {
            char key[100], name[200];
            snprintf(key, sizeof key, "%s.0", names[m]);
            take_entry(&r, need(all, key));
            ask(&r, output, 0);
            size_t n = (size_t)(r.n * r.C);
            float *x = room(&r, n, sizeof *x), *dx = room(&r, n, sizeof *dx);
            double value, *got = room(&r, n, sizeof *got);
            const qg_explainable *e = r.question.model;
            qt_ok(e->embed(e->ctx, x, &r.batch, r.question.layer));
            qt_ok(e->gradient(e->ctx, &value, dx, x, &r.batch, &r.target, r.question.output,
                              r.question.layer));
            for (size_t i = 0; i < n; i++)
                got[i] = (double)dx[i];
            snprintf(name, sizeof name, "%s.grad.word_embeddings.%s_fp64", key, outputs[output]);
            compare(&r, name, got, stored(&r, n, name), n, GRADIENT);
        }
    close_rig(&r);
}

/* -------------------------------------------------------------------------------- attention */

static qg_model *packed(const char *name)
{
    char hex[65];
    qg_model *m;
    qg_model_source src = {.dir = model_dir(name)};
    qg_precision_spec s = {"fp32", qg_precision_find("fp32"), QG_EMBED_FP32};
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&m, &src, hex, &s, qt_tmp("cache")));
    return m;
}

static void check_rollout(rig *r, const qg_json *e, const float *attention, int L, int H)
{
    size_t n = (size_t)r->n, size = n * n;
    char name[200];
    double *got = room(r, size, sizeof *got), *by_layer = room(r, (size_t)L * size, sizeof *got);
    qt_ok(qg_attention_rollout(got, by_layer, attention, L, H, r->n, r->arena));
    compare_json(r, got, e, "cls_row", ROLLOUT);
    snprintf(name, sizeof name, "%s.rollout.per_layer_fp64", e->key);
    compare(r, name, by_layer, stored(r, (size_t)L * size, name), (size_t)L * size, ROLLOUT);
}

static void rollout_equals_the_reference(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const qg_json *all = qt_json(r.arena, qt_golden(GOLDEN "rollout.json"));
    qt_eq("entries", all->count, 4);
    for (const qg_json *e = all->child; e; e = e->next) {
        char name[200];
        float logits[8];
        take_entry(&r, e);
        qg_model *m = packed(need(e, "model")->string);
        int L = qg_model_config(m)->layers, H = qg_model_config(m)->heads;
        size_t size = (size_t)(L * H * r.n * r.n);
        float *attention = room(&r, size, sizeof *attention);
        qg_capture capture = {.attentions = attention};
        qt_ok(qg_model_forward(logits, m, &r.batch, &capture));
        check_rollout(&r, e, attention, L, H);
        snprintf(name, sizeof name, "%s.rollout.attentions_fp64", e->key);
        double *want = stored(&r, size, name);
        for (size_t i = 0; i < size; i++)
            attention[i] = (float)want[i];
        check_rollout(&r, e, attention, L, H);
        qg_model_close(m);
    }
    print_message("largest difference over the largest share: %.2g\n", r.worst);
    close_rig(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(integrated_gradients_equal_captum),
    cmocka_unit_test(every_number_of_it_equals_captum),
    cmocka_unit_test(gradients_equal_pytorch),
    cmocka_unit_test(every_number_of_the_gradient_equals_pytorch),
    cmocka_unit_test(rollout_equals_the_reference),
};
QT_GOLDEN_MAIN("gradients", tests)
