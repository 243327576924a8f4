/*
 * test_model.c - logits, hidden states and attentions against Hugging Face; quantized models
 * against the reference of each scheme.
 */
#include "golden_model.h"

#include "nn/forward/model_internal.h"
#include "qgrid/file.h"
#include "qgrid/softmax.h"
#include "qgrid/weights.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const models[] = {"tiny_a", "tiny_b"};

static texts forward_texts(qg_arena *a, const char *model)
{
    char path[200];
    snprintf(path, sizeof path, "model/%s/forward.json", model);
    const qg_json *f = qt_json(a, qt_golden(path));
    return read_texts(a, need(f, "input_ids"), need(f, "attention_mask"));
}

static const char *model_dir(const char *model)
{
    char path[200];
    snprintf(path, sizeof path, "model/%s", model);
    return qt_golden(path);
}

static void logits_equal_hugging_face(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        size_t n;
        char path[200];
        qg_arena *a = qg_arena_create(0);
        snprintf(path, sizeof path, "model/%s/forward.json", models[i]);
        const qg_json *f = qt_json(a, qt_golden(path));
        texts t = forward_texts(a, models[i]);
        qg_model *m = open_model(model_dir(models[i]), "fp32");
        int K = qg_model_config(m)->classes;
        float *batch = run(a, m, &t, false), *single = run(a, m, &t, true);
        double *want = qt_numbers(a, need(f, "logits_single_fp64"), &n);
        qt_eq("values", (long long)n, t.n * K);
        for (size_t k = 0; k < n; k++)
            qt_close("logit", (double)batch[k], want[k], 0, 5e-5);
        qt_same("alone and in a batch", batch, single, n, sizeof *batch);
        double *pred = qt_numbers(a, need(f, "pred"), &n);
        for (int r = 0; r < t.n; r++)
            qt_eq("prediction", qg_argmax_f32(batch + r * K, K), (long long)pred[r]);
        qg_model_close(m);
        qg_arena_destroy(a);
    }
}

static void check_tensor(qg_weights *w, qg_arena *a, const char *name, const float *got, double tol)
{
    const qg_tensor *t = qg_weights_find(w, name);
    assert_non_null(t);
    float *want = qg_arena_alloc(a, (size_t)qg_tensor_count(t), sizeof *want);
    qg_tensor_to_f32(want, t);
    qt_close_f32(name, got, want, (size_t)qg_tensor_count(t), 0, tol);
}

static void hidden_states_and_attentions_equal_hugging_face(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        char path[200];
        qg_weights *w;
        qg_arena *a = qg_arena_create(0);
        snprintf(path, sizeof path, "model/%s/forward.safetensors", models[i]);
        qt_ok(qg_weights_open(&w, qt_golden(path)));
        const qg_tensor *ids = qg_weights_find(w, "input_ids");
        assert_non_null(ids);
        size_t n = (size_t)qg_tensor_count(ids);
        float *as_float = qg_arena_alloc(a, n, sizeof *as_float);
        int32_t *id = qg_arena_alloc(a, n, sizeof *id), splits[] = {0, (int32_t)n};
        qg_tensor_to_f32(as_float, ids);
        for (size_t k = 0; k < n; k++)
            id[k] = (int32_t)as_float[k];
        qg_model *m = open_model(model_dir(models[i]), "fp32");
        const qg_config *c = qg_model_config(m);
        size_t L = (size_t)c->layers, C = (size_t)c->hidden, H = (size_t)c->heads;
        qg_capture capture = {.hidden = qg_arena_alloc(a, (L + 1) * n * C, sizeof(float)),
                              .attentions = qg_arena_alloc(a, L * H * n * n, sizeof(float))};
        float logits[16];
        qg_batch b = {1, id, splits};
        qt_ok(qg_model_forward(logits, m, &b, &capture));
        check_tensor(w, a, "hidden_all_fp64", capture.hidden, 5e-5);
        check_tensor(w, a, "attentions_fp64", capture.attentions, 1e-5);
        qg_weights_close(w);
        qg_model_close(m);
        qg_arena_destroy(a);
    }
}

/* A folder with another checkpoint file and the same configuration. */
static const char *folder_with(const char *model, const char *file, const char *as)
{
    static char dir[512];
    char from[600], to[600];
    snprintf(dir, sizeof dir, "%s", qt_tmp(file));
    qt_ok(qg_mkdirs(dir));
    for (int i = 0; i < 2; i++) {
        const char *name = i ? "vocab.txt" : "config.json";
        snprintf(from, sizeof from, "%s/%s", model_dir(model), name);
        snprintf(to, sizeof to, "%s/%s", dir, name);
        qt_ok(qg_file_copy(to, from));
    }
    snprintf(from, sizeof from, "model/tiny_a/%s", file);
    if (strstr(file, "model_fp16") || strstr(file, "model_bf16"))
        snprintf(from, sizeof from, "quant/%s", file);
    snprintf(to, sizeof to, "%s/%s", dir, as);
    qt_ok(qg_file_copy(to, qt_golden(from)));
    return dir;
}

static void torch_files_give_the_bits_of_safetensors(void **state)
{
    (void)state;
    static const char *const files[] = {"pytorch_model.bin", "pytorch_model.legacy.bin"};
    qg_arena *a = qg_arena_create(0);
    texts t = forward_texts(a, "tiny_a");
    qg_model *m = open_model(model_dir("tiny_a"), "fp32");
    float *want = run(a, m, &t, false);
    size_t n = (size_t)(t.n * qg_model_config(m)->classes);
    qg_model_close(m);
    for (int i = 0; i < 2; i++) {
        m = open_model(folder_with("tiny_a", files[i], "pytorch_model.bin"), "fp32");
        qt_same(files[i], run(a, m, &t, false), want, n, sizeof *want);
        qg_model_close(m);
    }
    qg_arena_destroy(a);
}

static void half_precision_checkpoints_equal_hugging_face(void **state)
{
    (void)state;
    static const char *const files[] = {"tiny_a.model_fp16.safetensors",
                                        "tiny_a.model_bf16.safetensors"};
    static const char *const keys[] = {"fp16_all_parameters", "bf16_all_parameters"};
    qg_arena *a = qg_arena_create(0);
    const qg_json *ref = need(qt_json(a, qt_golden("quant/logits.json")), "tiny_a");
    texts t = forward_texts(a, "tiny_a");
    for (int i = 0; i < 2; i++) {
        size_t n;
        qg_model *m = open_model(folder_with("tiny_a", files[i], "model.safetensors"), "fp32");
        float *got = run(a, m, &t, false);
        double *want = qt_numbers(a, need(need(ref, keys[i]), "logits_fp64"), &n);
        for (size_t k = 0; k < n; k++)
            qt_close(keys[i], (double)got[k], want[k], 0, 5e-5);
        qg_model_close(m);
    }
    qg_arena_destroy(a);
}

/* Schemes whose logits are reproducible; for the others the stated amplification is allowed. */
static const struct {
    const char *precision;
    const char *key, *field;
    double tolerance;
    bool linear; /* weights of Linear layers alone */
} schemes[] = {
    {"fp16", "fp16_all_parameters", "logits_fp64", 5e-5},
    {"bf16", "bf16_all_parameters", "logits_fp64", 5e-5},
    {"fp16", "fp16_linear_weights_only", "logits_fp64", 5e-5, true},
    {"bf16", "bf16_linear_weights_only", "logits_fp64", 5e-5, true},
    {"int4", "int4_pt_weight_only", "logits_fp64", 5e-5},
    {"int4_g32", "int4_g32_weight_only", "logits_fp64", 5e-5},
    {"nf4", "nf4_b64_weight_only", "logits_fp64", 5e-5},
    {"int8", "w8a8_dynamic_pc_pertoken", "logits_fp32", 0.18},
    {"int8_tensor", "torch_dynamic_qint8_qnnpack_per_tensor", "logits_single_fp32", 0.17},
};

static void quantized_logits_equal_their_reference(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const qg_json *all = qt_json(a, qt_golden("quant/logits.json"));
    for (int i = 0; i < 2; i++) {
        texts t = forward_texts(a, models[i]);
        for (size_t s = 0; s < sizeof schemes / sizeof schemes[0]; s++) {
            size_t n;
            qg_precision_spec spec = qg_precision_plain(qg_precision_find(schemes[s].precision));
            if (schemes[s].linear)
                spec.embeddings = spec.vectors = QG_EMBED_FP32;
            qg_model *m = open_model_under(model_dir(models[i]), &spec);
            float *got = run(a, m, &t, false), *single = run(a, m, &t, true);
            double *want = qt_numbers(
                a, need(need(need(all, models[i]), schemes[s].key), schemes[s].field), &n);
            double worst = 0;
            for (size_t k = 0; k < n; k++) {
                qt_close(schemes[s].precision, (double)got[k], want[k], 0, schemes[s].tolerance);
                worst = fmax(worst, fabs((double)got[k] - want[k]));
            }
            print_message("%s %s: %.2g\n", models[i], schemes[s].precision, worst);
            qt_same("alone and in a batch", got, single, n, sizeof *got);
            qg_model_close(m);
        }
    }
    qg_arena_destroy(a);
}

static float *tensor_f32(qg_arena *a, qg_weights *w, const char *name, size_t *n)
{
    const qg_tensor *t = qg_weights_find(w, name);
    if (!t)
        return NULL;
    *n = (size_t)qg_tensor_count(t);
    float *v = qg_arena_alloc(a, *n, sizeof *v);
    qg_tensor_to_f32(v, t);
    return v;
}

/* Codes, scales and values of one matrix under a scheme; `scales` as the reference stores them. */
static void check_scheme(qg_arena *a, qg_weights *w, const char *base, const char *suffix,
                         const char *precision, const float *x, int n, int k)
{
    const qg_precision *p = qg_precision_find(precision);
    int group = qg_precision_group(p, k), groups = (k + group - 1) / group;
    size_t count = (size_t)n * (size_t)k, m = 0;
    char name[300];
    int8_t *codes = qg_arena_alloc(a, count * 4, 1);
    float *scales = qg_arena_alloc(a, (size_t)n * (size_t)groups, sizeof *scales);
    qg_precision_quantize(codes, scales, x, n, k, p);
    snprintf(name, sizeof name, "%s.codes%s", base, suffix);
    float *want = tensor_f32(a, w, name, &m);
    for (size_t i = 0; want && i < count; i++)
        qt_eq(name, p->format == QG_PANEL_NF4 ? ((uint8_t *)codes)[i] : codes[i],
              (long long)want[i]);
    snprintf(name, sizeof name, "%s.scales%s", base, suffix);
    want = tensor_f32(a, w, name, &m);
    assert_non_null(want);
    for (size_t i = 0; i < (size_t)n * (size_t)groups; i++) {
        size_t at = m == 1 ? 0 : p->format == QG_PANEL_NF4 ? i * (size_t)group / 64 : i;
        qt_same(name, &scales[i], &want[at], 1, sizeof(float));
    }
    snprintf(name, sizeof name, "%s.dequant%s", base, suffix);
    want = tensor_f32(a, w, name, &m);
    for (size_t i = 0; want && i < count; i++) {
        size_t r = i / (size_t)k, g = i % (size_t)k / (size_t)group;
        float s = scales[r * (size_t)groups + (p->format == QG_PANEL_S8 ? 0 : g)];
        float v = p->format == QG_PANEL_NF4 ? qg_nf4_levels[((uint8_t *)codes)[i]] * s
                                            : (float)codes[i] * s;
        qt_close(name, (double)v, (double)want[i], 0, 0);
    }
}

static void codes_and_scales_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *precision, *key;
    } kinds[] = {
        {"int8", "int8_pc"}, {"int4", "int4_pt"}, {"int4_g32", "int4_g32"}, {"nf4", "nf4_b64"}};
    qg_arena *a = qg_arena_create(0);
    qg_weights *unit, *codes;
    size_t n;
    qt_ok(qg_weights_open(&unit, qt_golden("quant/unit.safetensors")));
    qt_ok(qg_weights_open(&codes, qt_golden("quant/codes.safetensors")));
    float *w = tensor_f32(a, unit, "w", &n);
    for (int s = 0; s < 4; s++)
        check_scheme(a, unit, kinds[s].key, "", kinds[s].precision, w, 8, 72);
    for (int i = 0; i < 2; i++) {
        int count;
        char path[200], base[64], suffix[128], name[160];
        qg_config c;
        qg_weights *m;
        snprintf(path, sizeof path, "model/%s/model.safetensors", models[i]);
        qt_ok(qg_config_load(&c, a, model_dir(models[i])));
        qt_ok(qg_weights_open(&m, qt_golden(path)));
        qg_module *l;
        qt_ok(qg_modules_of(&l, &count, a, &c, QG_OBJECTIVE_CLASSIFICATION));
        for (int k = 0; k < count; k++)
            for (int s = 0; s < 4 && l[k].kind == QG_MODULE_LINEAR; s++) {
                snprintf(name, sizeof name, "%s.weight", l[k].name);
                snprintf(base, sizeof base, "%s.%s", models[i], kinds[s].key);
                snprintf(suffix, sizeof suffix, ".%s", l[k].name);
                check_scheme(a, codes, base, suffix, kinds[s].precision, tensor_f32(a, m, name, &n),
                             l[k].rows, l[k].columns);
            }
        qg_weights_close(m);
    }
    qg_weights_close(unit);
    qg_weights_close(codes);
    qg_arena_destroy(a);
}

/* Every Linear of the reference's layer-by-layer W8A8 run, through our kernels. */
static void int8_layers_are_exact(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_weights *ref;
    qt_ok(qg_weights_open(&ref, qt_golden("quant/codes.safetensors")));
    for (int i = 0; i < 2; i++) {
        int count, seen = 0;
        qg_model *m = open_model(model_dir(models[i]), "int8");
        qg_module *l;
        qt_ok(qg_modules_of(&l, &count, a, qg_model_config(m), QG_OBJECTIVE_CLASSIFICATION));
        for (int k = 0; k < count; k++) {
            char name[200];
            size_t n;
            if (l[k].kind != QG_MODULE_LINEAR)
                continue;
            qg_panels w = ((const qg_dense *)qg_model_place(m, &l[k]))->w;
            w.act = QG_ACT_NONE;
#define REF(part)                                                                                  \
    (snprintf(name, sizeof name, "%s.layer_w8a8.%s." part, models[i], l[k].name),                  \
     tensor_f32(a, ref, name, &n))
            float *x = REF("x");
            if (!x)
                continue;
            int rows = (int)n / w.k, ld = (w.k + 63) / 64 * 64;
            qg_qrows q = {qg_arena_alloc(a, (size_t)(rows * ld), 1), ld,
                          qg_arena_alloc(a, (size_t)rows, sizeof(float)), NULL};
            float *out = qg_arena_alloc(a, (size_t)(rows * w.n), sizeof *out);
            m->kernels->quantize_rows(&q, x, w.k, rows, w.k);
            m->kernels->gemm_s8(out, w.n, &q, rows, &w);
            float *scale = REF("x_scale"), *codes = REF("x_codes");
            assert_true(scale && codes);
            qt_same("activation scale", q.scale, scale, (size_t)rows, sizeof *scale);
            for (int r = 0; r < rows; r++)
                for (int c = 0; c < w.k; c++)
                    qt_eq("activation code", q.codes[r * ld + c], (long long)codes[r * w.k + c]);
            float *want = REF("y_fp64");
            float largest = 0;
            for (size_t e = 0; e < n; e++)
                largest = fmaxf(largest, fabsf(want[e]));
            qt_close_f32(name, out, want, n, 1e-6, 1e-6 * (double)largest);
            seen++;
        }
        assert_true(seen > 6);
        qg_model_close(m);
    }
    qg_weights_close(ref);
    qg_arena_destroy(a);
}

static void trained_model_keeps_its_predictions(void **state)
{
    (void)state;
    static const struct {
        const char *precision, *key;
        int allowed; /* flipped predictions */
        double tolerance;
    } kinds[] = {
        {"fp32", "fp32", 0, 5e-5},
        {"fp16", "fp16_all_parameters", 0, 5e-4},
        {"int4", "int4_pt_weight_only", 0, 5e-5},
        {"int4_g32", "int4_g32_weight_only", 0, 5e-5},
        {"nf4", "nf4_b64_weight_only", 0, 5e-5},
        {"int8", "w8a8_dynamic_pc_pertoken_fp32", 2, 0.05},
        {"int8_tensor", "torch_dynamic_qint8_qnnpack_per_tensor_single", 2, 0.1},
    };
    qg_arena *a = qg_arena_create(0);
    const qg_json *f = qt_json(a, qt_golden("model/trained_a/smsa_test.json"));
    const qg_json *ids = qg_json_get(f, "input_ids") ? need(f, "input_ids") : need(f, "ids");
    texts t = read_texts(a, ids, NULL);
    qt_eq("texts", t.n, 500);
    if (slow_kernels()) /* they give the same bits: kernel.h */
        t.n = 25;
    for (size_t s = 0; s < sizeof kinds / sizeof kinds[0]; s++) {
        const qg_json *r = qg_json_get(need(f, "results"), kinds[s].key);
        const qg_json *want = r ? qg_json_get(r, "logits") : NULL;
        if (!want)
            fail_msg("no reference for %s", kinds[s].key);
        size_t n;
        double *logits = qt_numbers(a, want, &n);
        qg_model *m = open_model(model_dir("trained_a"), kinds[s].precision);
        int K = qg_model_config(m)->classes, flips = 0;
        float *got = run(a, m, &t, false);
        for (int i = 0; i < t.n; i++) {
            const double *row = logits + (size_t)(i * K);
            flips += argmax(row, K) != qg_argmax_f32(got + i * K, K);
            for (int k = 0; k < K; k++)
                qt_close(kinds[s].key, (double)got[i * K + k], row[k], 0, kinds[s].tolerance);
        }
        if (flips > kinds[s].allowed)
            fail_msg("%s: %d predictions differ", kinds[s].precision, flips);
        qg_model_close(m);
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(logits_equal_hugging_face),
    cmocka_unit_test(hidden_states_and_attentions_equal_hugging_face),
    cmocka_unit_test(torch_files_give_the_bits_of_safetensors),
    cmocka_unit_test(half_precision_checkpoints_equal_hugging_face),
    cmocka_unit_test(quantized_logits_equal_their_reference),
    cmocka_unit_test(codes_and_scales_are_exact),
    cmocka_unit_test(int8_layers_are_exact),
    cmocka_unit_test(trained_model_keeps_its_predictions),
};
QT_GOLDEN_MAIN("model", tests)
