/*
 * test_explained_model.c - gradients of a model under every precision: finite differences where the
 * function is smooth, the deployed model's outputs, batches, errors.
 */
#include "qt.h"

#include "xai/gradient/attribution.h"
#include "qgrid/explained_model.h"
#include "qgrid/metrics.h"
#include "qgrid/softmax.h"
#include "qgrid/qat.h"
#include "qgrid/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHAPE                                                                                      \
    "--layers 2 --hidden 32 --heads 4 --ffn 48 --vocab-size 100 --positions 16 --scale 0.2"
enum { C = 32, K = 3, B = 4, T = 30, POSITIONS = 16 };

static const int32_t splits[B + 1] = {0, 7, 8, 14, 30};
static const int32_t target[B] = {0, 1, 2, 1};
static int32_t ids[T];
static const qg_batch batch = {B, ids, splits};

/* A folder with random weights, made once. */
static const char *folder(void)
{
    static char dir[512];
    char command[2048];
    const char *tools = getenv("QGRID_TOOLS");
    if (dir[0])
        return dir;
    snprintf(dir, sizeof dir, "%s", qt_tmp("model"));
    snprintf(command, sizeof command, "'%s/random_model' --seed 5 " SHAPE " -o '%s'",
             tools ? tools : "build/release/tools", dir);
    qt_eq("random_model", system(command), 0);
    qg_rng r = qg_rng_make(1, "ids", 0);
    for (int i = 0; i < T; i++)
        ids[i] = (int32_t)qg_rng_below(&r, 100);
    return dir;
}

static qg_precision_spec spec_of(const char *name, int embeddings)
{
    qg_precision_spec s = {name, qg_precision_find(name), embeddings};
    assert_non_null(s.scheme);
    return s;
}

static qg_explained_model *explained(const char *dir, const qg_precision_spec *s, int tokens)
{
    qg_explained_model *m;
    qg_model_source src = {.dir = dir};
    qg_explained_options o = {.tokens = tokens};
    qt_ok(qg_explained_model_create(&m, &src, s, &o));
    return m;
}

static qg_model *deployed(const char *dir, const qg_precision_spec *s)
{
    char hex[65];
    qg_model *m;
    qg_model_source src = {.dir = dir};
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&m, &src, hex, s, qt_tmp("cache")));
    return m;
}

/* ------------------------------------------------------------------------- finite differences */

/* Derivatives of every text along one random direction each. */
static double along_directions(const qg_explainable *e, qg_explain_output output,
                               qg_explain_layer layer, uint64_t seed)
{
    float x[T * C], dx[T * C], moved[T * C], d[T * C];
    double value[B], up[B], down[B], worst = 0;
    const double h = 1e-2;
    qg_rng r = qg_rng_make(seed, "direction", 0);
    for (int i = 0; i < T * C; i++)
        d[i] = (float)(qg_rng_normal(&r) / sqrt(C));
    qt_ok(e->embed(e->ctx, x, &batch, layer));
    qt_ok(e->gradient(e->ctx, value, dx, x, &batch, target, output, layer));
    for (int i = 0; i < T * C; i++)
        moved[i] = (float)((double)x[i] + h * (double)d[i]);
    qt_ok(e->gradient(e->ctx, up, NULL, moved, &batch, target, output, layer));
    for (int i = 0; i < T * C; i++)
        moved[i] = (float)((double)x[i] - h * (double)d[i]);
    qt_ok(e->gradient(e->ctx, down, NULL, moved, &batch, target, output, layer));
    for (int t = 0; t < B; t++) {
        double want = (up[t] - down[t]) / (2 * h), got = 0, norm = 0;
        for (int i = splits[t] * C; i < splits[t + 1] * C; i++) {
            got += (double)dx[i] * (double)d[i];
            norm += (double)dx[i] * (double)dx[i];
        }
        assert_true(norm > 1e-6);
        worst = fmax(worst, fabs(got - want) / sqrt(norm / C));
    }
    return worst;
}

static void gradients_equal_finite_differences(void **state)
{
    (void)state;
    static const char *const smooth[] = {"fp32", "fp16", "int4_g32", "nf4"};
    double worst = 0;
    const char *dir = folder();
    for (int p = 0; p < 4; p++) {
        qg_precision_spec s = spec_of(smooth[p], p == 2 ? QG_EMBED_INT8 : QG_EMBED_FP32);
        qg_explained_model *m = explained(dir, &s, 0);
        qg_explainable e = qg_explained_model_functions(m, NULL);
        assert_string_equal(qg_explained_model_gradients(m), "exact");
        for (int i = 0; i < 4; i++)
            worst = fmax(worst, along_directions(&e, (qg_explain_output)(i / 2),
                                                 (qg_explain_layer)(i % 2), (uint64_t)(4 * p + i)));
        qg_explained_model_destroy(m);
    }
    print_message("largest difference, in gradients of usual size: %.2g\n", worst);
    qt_close("derivatives", worst, 0, 0, 3e-3);
}

/* ------------------------------------------------------------------------ the deployed function */

static void values_are_those_of_the_deployed_model(void **state)
{
    (void)state;
    static const qg_embeddings others[][2] = {{QG_EMBED_INT8, QG_EMBED_FP16},
                                              {QG_EMBED_BF16, QG_EMBED_FP32},
                                              {QG_EMBED_FP16, QG_EMBED_BF16}};
    const char *dir = folder();
    for (int i = 0; qg_precisions[i / 4]; i++) {
        float x[T * C], logits[B * K], own[B * K], packed[B * K];
        double value[B], prob[K], worst = 0;
        qg_precision_spec s = qg_precision_plain(qg_precisions[i / 4]);
        if (i % 4) {
            s.embeddings = others[i % 4 - 1][0];
            s.vectors = others[i % 4 - 1][1];
        }
        qg_explained_model *m = explained(dir, &s, 0);
        qg_model *d = deployed(dir, &s);
        bool exact = strcmp(qg_explained_model_gradients(m), "exact") == 0;
        qg_explainable e = qg_explained_model_functions(m, NULL);
        qt_ok(qg_model_forward(logits, d, &batch, NULL));
        qt_ok(e.logits(e.ctx, own, &batch));
        e = qg_explained_model_functions(m, d);
        qt_ok(e.logits(e.ctx, packed, &batch));
        qt_same("the deployed model's", packed, logits, B * K, sizeof(float));
        for (int layer = 0; layer < 2; layer++)
            for (int output = 0; output < 2; output++) {
                qt_ok(e.embed(e.ctx, x, &batch, (qg_explain_layer)layer));
                qt_ok(e.gradient(e.ctx, value, NULL, x, &batch, target, (qg_explain_output)output,
                                 (qg_explain_layer)layer));
                for (int t = 0; t < B; t++) {
                    qg_softmax(prob, own + t * K, K);
                    double z = (double)own[t * K + target[t]];
                    qt_close("own", value[t], output ? prob[target[t]] : z, 0, 1e-12);
                }
            }
        for (int k = 0; k < B * K; k++)
            worst = fmax(worst, fabs((double)own[k] - (double)logits[k]));
        print_message("%s, others %d %d: logits differ by %.2g\n", s.name, s.embeddings, s.vectors,
                      worst);
        qt_close(s.name, worst, 0, 0, exact ? 1e-5 : 2e-2);
        qg_explained_model_destroy(m);
        qg_model_close(d);
    }
}

/* Without them the first token of a text stands at place 0, the next at 1, ... */
static void places_count_from_the_beginning_unless_given(void **state)
{
    (void)state;
    int32_t place[T], gap[T];
    float x[T * C], usual[T * C], net[B * K], packed[B * K], plain[B * K];
    qg_precision_spec s = spec_of("fp32", QG_EMBED_FP32);
    qg_explained_model *m = explained(folder(), &s, 8);
    qg_model *d = deployed(folder(), &s);
    qg_explainable e = qg_explained_model_functions(m, NULL);
    qg_batch given = {B, ids, splits, place}, gaps = {3, ids, splits, gap};
    for (int t = 0; t < B; t++)
        for (int i = splits[t]; i < splits[t + 1]; i++) {
            place[i] = i - splits[t];
            gap[i] = place[i] + 3 * (place[i] > 1);
        }
    qt_ok(qg_model_forward(plain, d, &batch, NULL));
    qt_ok(qg_model_forward(packed, d, &given, NULL));
    qt_same("logits", packed, plain, B * K, sizeof(float));
    qt_ok(e.embed(e.ctx, usual, &batch, QG_EXPLAIN_EMBEDDINGS));
    qt_ok(e.embed(e.ctx, x, &given, QG_EXPLAIN_EMBEDDINGS));
    qt_same("vectors", x, usual, T * C, sizeof(float));
    qt_ok(qg_model_forward(packed, d, &gaps, NULL));
    qt_ok(e.logits(e.ctx, net, &gaps));
    qt_close_f32("both models", net, packed, (size_t)gaps.B * K, 0, 1e-5);
    qt_same("a text of one token has no gap", packed + K, plain + K, K, sizeof(float));
    assert_true(fabsf(packed[0] - plain[0]) > 1e-3F);
    qg_explained_model_destroy(m);
    qg_model_close(d);
}

static void gradient_of(double *g, const qg_explainable *e)
{
    float x[T * C], dx[T * C];
    double value[B];
    qt_ok(e->embed(e->ctx, x, &batch, QG_EXPLAIN_WORD_EMBEDDINGS));
    qt_ok(e->gradient(e->ctx, value, dx, x, &batch, target, QG_EXPLAIN_LOGIT,
                      QG_EXPLAIN_WORD_EMBEDDINGS));
    for (int i = 0; i < T * C; i++)
        g[i] = (double)dx[i];
}

/* The function is a staircase; its straight-through gradient follows the smooth one. */
static void gradients_pass_straight_through_rounded_inputs(void **state)
{
    (void)state;
    static const char *const rounded[] = {"bf16_a16", "int8", "int8_tensor"};
    static double smooth[T * C], got[T * C];
    const char *dir = folder();
    qg_precision_spec fp32 = spec_of("fp32", QG_EMBED_FP32);
    qg_explained_model *m = explained(dir, &fp32, 0);
    qg_explainable e = qg_explained_model_functions(m, NULL);
    gradient_of(smooth, &e);
    qg_explained_model_destroy(m);
    for (int p = 0; p < 3; p++) {
        qg_precision_spec s = spec_of(rounded[p], QG_EMBED_FP32);
        m = explained(dir, &s, 0);
        e = qg_explained_model_functions(m, NULL);
        assert_string_equal(qg_explained_model_gradients(m), "ste");
        gradient_of(got, &e);
        double cosine = qg_cosine(got, smooth, T * C);
        print_message("%s: cosine with fp32 %.6f\n", s.name, cosine);
        assert_true(cosine > 0.99 && cosine < 1 - 1e-9);
        qg_explained_model_destroy(m);
    }
}

/* A copy whose step sizes were trained. */
static void trained_step_sizes_are_those_of_the_deployed_model(void **state)
{
    (void)state;
    qg_params p;
    float *values, own[B * K], logits[B * K], plain[B * K];
    qg_arena *a = qg_arena_create(0);
    qg_precision_spec s = spec_of("int4_g32", QG_EMBED_FP32);
    qg_model_source src = {.dir = folder()};
    char dir[512];
    snprintf(dir, sizeof dir, "%s", qt_tmp("trained"));
    qt_ok(qg_params_load(&p, &values, a, &src, NULL, s.scheme));
    for (int i = p.n - p.scales; i < p.n; i++)
        for (int k = 0; k < p.param[i].rows * p.param[i].columns; k++)
            values[p.param[i].offset + (size_t)k] *= 0.7F + 0.01F * (float)(k % 7);
    qt_ok(qg_params_save(dir, &p, values));
    qg_explained_model *m = explained(dir, &s, 0), *without = explained(src.dir, &s, 0);
    qg_model *d = deployed(dir, &s);
    qg_explainable e = qg_explained_model_functions(m, NULL);
    qg_explainable f = qg_explained_model_functions(without, NULL);
    qt_ok(e.logits(e.ctx, own, &batch));
    qt_ok(f.logits(f.ctx, plain, &batch));
    qt_ok(qg_model_forward(logits, d, &batch, NULL));
    qt_close_f32("logits", own, logits, B * K, 0, 1e-5);
    assert_true(fabs((double)plain[0] - (double)own[0]) > 1e-3);
    qg_explained_model_destroy(m);
    qg_explained_model_destroy(without);
    qg_model_close(d);
    qg_arena_destroy(a);
}

/* ------------------------------------------------------------------------------------- batches */

static void bits_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    static const char *const schemes[] = {"fp32", "int8", "int8_tensor"};
    const char *dir = folder();
    for (int p = 0; p < 3; p++) {
        float x[T * C], dx[T * C], small[T * C], alone[T * C];
        double value[B], each[B], one_value;
        qg_precision_spec s = spec_of(schemes[p], QG_EMBED_FP32);
        qg_explained_model *m = explained(dir, &s, 0), *cut = explained(dir, &s, 8);
        qg_explainable e = qg_explained_model_functions(m, NULL);
        qg_explainable f = qg_explained_model_functions(cut, NULL);
        for (int layer = 0; layer < 2; layer++) {
            qg_explain_layer at = (qg_explain_layer)layer;
            qt_ok(e.embed(e.ctx, x, &batch, at));
            qt_ok(f.embed(f.ctx, small, &batch, at));
            qt_same("vectors", small, x, T * C, sizeof(float));
            qt_ok(e.gradient(e.ctx, value, dx, x, &batch, target, QG_EXPLAIN_PROBABILITY, at));
            qt_ok(f.gradient(f.ctx, each, small, x, &batch, target, QG_EXPLAIN_PROBABILITY, at));
            qt_same("gradients", small, dx, T * C, sizeof(float));
            qt_same("values", each, value, B, sizeof(double));
            for (int t = 0; t < B; t++) {
                int32_t n = splits[t + 1] - splits[t], ends[] = {0, n};
                qg_batch one = {1, NULL, ends};
                qt_ok(e.gradient(e.ctx, &one_value, alone, x + splits[t] * C, &one, target + t,
                                 QG_EXPLAIN_PROBABILITY, at));
                qt_same("alone", alone, dx + splits[t] * C, (size_t)(n * C), sizeof(float));
                qt_same("alone", &one_value, value + t, 1, sizeof(double));
            }
        }
        qg_explained_model_destroy(m);
        qg_explained_model_destroy(cut);
    }
}

/* -------------------------------------------------------------------------------------- errors */

static bool always(void *ctx)
{
    (void)ctx;
    return true;
}

static void what_the_model_cannot_take_is_an_error(void **state)
{
    (void)state;
    float x[(POSITIONS + 1) * C] = {0}, dx[(POSITIONS + 1) * C];
    double value[1];
    int32_t bad[POSITIONS + 1] = {2, 100, 3}, three[] = {0, 3}, none[] = {0, 0};
    int32_t many[] = {0, POSITIONS + 1}, k[] = {0}, wrong[] = {K};
    qg_precision_spec s = spec_of("fp32", QG_EMBED_FP32);
    qg_explained_model *m = explained(folder(), &s, 0);
    qg_model *d = deployed(folder(), &s);
    qg_explainable e = qg_explained_model_functions(m, NULL);
    qg_batch b = {1, bad, three}, empty = {1, bad, none}, longer = {1, bad, many};
    qt_fails(e.embed(e.ctx, x, &b, QG_EXPLAIN_EMBEDDINGS), QG_EMODEL, "100", NULL);
    for (int i = 0; i < 2; i++) {
        int32_t outside = i ? POSITIONS : -1, place[] = {0, outside, 2}, in[] = {2, 5, 3};
        const char *text = i ? "place 16" : "place -1";
        qg_batch far = {1, in, three, place};
        qt_fails(e.logits(e.ctx, x, &far), QG_EMODEL, text, "16 of the model", NULL);
        qt_fails(qg_model_forward(x, d, &far, NULL), QG_EMODEL, text, "16 of the model", NULL);
    }
    qt_fails(e.embed(e.ctx, x, &empty, QG_EXPLAIN_EMBEDDINGS), QG_EMODEL, "0 tokens", NULL);
    qt_fails(e.gradient(e.ctx, value, dx, x, &longer, k, QG_EXPLAIN_LOGIT, QG_EXPLAIN_EMBEDDINGS),
             QG_EMODEL, "17 tokens", "1 to 16", NULL);
    qt_fails(e.gradient(e.ctx, value, dx, x, &b, wrong, QG_EXPLAIN_LOGIT, QG_EXPLAIN_EMBEDDINGS),
             QG_EMODEL, "3", "3 classes", NULL);
    x[0] = NAN;
    qt_fails(e.gradient(e.ctx, value, dx, x, &b, k, QG_EXPLAIN_LOGIT, QG_EXPLAIN_EMBEDDINGS),
             QG_ENUMERIC, "logit", NULL);
    qg_explained_model_destroy(m);
    qg_model_close(d);

    qg_model_source src = {.dir = folder()};
    qg_explained_options o = {.poll = always};
    x[0] = 0;
    qt_ok(qg_explained_model_create(&m, &src, &s, &o));
    e = qg_explained_model_functions(m, NULL);
    qt_fails(e.gradient(e.ctx, value, dx, x, &b, k, QG_EXPLAIN_LOGIT, QG_EXPLAIN_EMBEDDINGS),
             QG_ELOST, NULL);
    qg_explained_model_destroy(m);

    char packed[512];
    snprintf(packed, sizeof packed, "%s", qt_tmp("packed"));
    qt_ok(qg_model_pack(&src, &s, packed));
    src.dir = packed;
    qt_fails(qg_explained_model_create(&m, &src, &s, &o), QG_EUNSUPPORTED, "packed", NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gradients_equal_finite_differences),
    cmocka_unit_test(values_are_those_of_the_deployed_model),
    cmocka_unit_test(places_count_from_the_beginning_unless_given),
    cmocka_unit_test(gradients_pass_straight_through_rounded_inputs),
    cmocka_unit_test(trained_step_sizes_are_those_of_the_deployed_model),
    cmocka_unit_test(bits_do_not_depend_on_the_batch),
    cmocka_unit_test(what_the_model_cannot_take_is_an_error),
};
QT_MAIN("explained_model", tests)
