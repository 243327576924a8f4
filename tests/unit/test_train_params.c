/*
 * test_train_params.c - a checkpoint as one block, and back as a folder that packs and predicts.
 */
#include "train_rig.h"

#include "qgrid/random_model.h"
#include "qgrid/file.h"
#include "qgrid/weights.h"

#include <math.h>
#include <string.h>

#define FINETUNED "models/mini-finetuned"
#define ORIGINAL  "models/mini-original"

static void load(rig *r, const char *dir)
{
    rig_load(r, dir, 1);
}

static void the_block_holds_every_tensor_once(void **state)
{
    (void)state;
    rig r;
    load(&r, FINETUNED);
    size_t end = 0, elements = 0;
    for (int i = 0; i < r.params.n; i++) {
        const qg_param *t = &r.params.param[i];
        assert_true(t->offset >= end && t->offset < end + 16);
        for (size_t k = end; k < t->offset; k++)
            qt_close("between tensors", (double)r.values[k], 0, 0, 0);
        end = t->offset + (size_t)t->rows * (size_t)t->columns;
        elements += (size_t)t->rows * (size_t)t->columns;
        qt_eq(t->name, qg_params_find(&r.params, t->name), i);
        bool excluded = strstr(t->name, "bias") || strstr(t->name, "LayerNorm.weight");
        qt_eq(t->name, t->decays, !excluded);
    }
    assert_true(r.params.count >= end && r.params.count < end + 16);
    for (int s = 0; s < r.params.sites; s++) {
        const qg_linear *l = &r.params.site[s];
        for (int part = 0; part < l->parts; part++) {
            const qg_param *w = &r.params.param[l->param + part], *b = w + l->parts;
            size_t rows = (size_t)(l->n / l->parts * part);
            qt_eq(w->name, (long long)w->offset, (long long)(l->weight + rows * (size_t)l->k));
            qt_eq(b->name, (long long)b->offset, (long long)(l->bias + rows));
        }
    }
    print_message("%zu parameters\n", elements);
    rig_free(&r);
}

static float *predict(rig *r, const char *dir, const char *precision, const qg_train_batch *b)
{
    char hex[65];
    qg_model *m;
    qg_model_source src = {.dir = dir};
    qg_precision_spec p = {precision, qg_precision_find(precision), QG_EMBED_FP32};
    float *logits = qg_arena_alloc(r->arena, (size_t)(b->B * 3), sizeof *logits);
    qg_batch batch = {b->B, b->ids, b->splits};
    qt_ok(qg_model_hash(hex, &src));
    qt_ok(qg_model_open_cached(&m, &src, hex, &p, qt_tmp("cache")));
    qt_ok(qg_model_forward(logits, m, &batch, NULL));
    qg_model_close(m);
    return logits;
}

static void saved_parameters_load_again_and_predict(void **state)
{
    (void)state;
    rig r, again;
    load(&r, FINETUNED);
    qg_train_batch b = rig_batch(r.arena, &r.params.config, 6, 20, 1);
    b.types = NULL;
    r.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-3, 0, 0};
    for (uint64_t s = 0; s < 3; s++)
        rig_step(&r, &b, s);
    const char *dir = qt_tmp("trained");
    qt_ok(qg_params_save(dir, &r.params, r.values));
    load(&again, dir);
    qt_same("values", again.values, r.values, r.params.count, sizeof *r.values);
    for (int k = 0; k < 3; k++)
        assert_string_equal(again.params.config.labels[k], r.params.config.labels[k]);
    qt_ok(rig_net_forward(r.logits, r.net, r.values, NULL, &b));
    float *deployed = predict(&r, dir, "fp32", &b), *before = predict(&r, FINETUNED, "fp32", &b);
    qt_close_f32("deployed logits", deployed, r.logits, (size_t)(b.B * 3), 1e-5, 2e-5);
    assert_true(fabsf(before[0] - deployed[0]) > 1e-3f);
    assert_true(qg_file_exists(qt_tmp("trained/vocab.txt")));
    assert_true(qg_file_exists(qt_tmp("trained/tokenizer_config.json")));
    rig_free(&again);
    rig_free(&r);
}

/* What a validation step of QAT scores is what the packed model scores: for float inputs but for
 * rounding, for 8-bit inputs but for the flips that rounding causes. */
static void fake_quantized_logits_are_the_deployed_ones(void **state)
{
    (void)state;
    rig r;
    load(&r, FINETUNED);
    qg_train_batch b = rig_batch(r.arena, &r.params.config, 12, 20, 1);
    b.types = NULL;
    float *plain = qg_arena_alloc(r.arena, (size_t)(3 * b.B), sizeof *plain);
    qt_ok(rig_net_forward(plain, r.net, r.values, NULL, &b));
    for (int i = 0; qg_precisions[i]; i++) {
        const char *name = qg_precision_name(qg_precisions[i]);
        qg_qat_options o = {{name, qg_precisions[i], QG_EMBED_FP32}, QG_QAT_DEPLOYED};
        double worst = 0, effect = 0;
        qt_ok(qg_qat_create(&r.qat, &r.params, &o));
        qg_qat_prepare(r.qat, r.values);
        qt_ok(rig_net_forward(r.logits, r.net, qg_qat_weights(r.qat), r.qat, &b));
        float *deployed = predict(&r, FINETUNED, name, &b);
        for (int k = 0; k < 3 * b.B; k++) {
            worst = fmax(worst, fabs((double)r.logits[k] - (double)deployed[k]));
            effect = fmax(effect, fabs((double)plain[k] - (double)deployed[k]));
        }
        print_message("%-12s %.2g (quantization itself moves logits by %.2g)\n", name, worst,
                      effect);
        bool rounds = strstr(name, "a8") || strstr(name, "int8") || strstr(name, "a16");
        if (!(worst <= (rounds ? 0.5 * effect : 5e-5)))
            fail_msg("%s: %g", name, worst);
        qg_qat_destroy(r.qat);
        r.qat = NULL;
    }
    rig_free(&r);
}

static void heads_are_drawn_from_their_seed(void **state)
{
    (void)state;
    static const char *const labels[] = {"good", "bad", NULL};
    qg_arena *a = qg_arena_create(0);
    qg_model_source src = {.dir = FINETUNED, .random_head = true, .head_seed = 1};
    qg_params p[3];
    float *values[3];
    for (int i = 0; i < 3; i++) {
        src.head_seed = i == 2 ? 2 : 1;
        qt_ok(qg_params_load(&p[i], &values[i], a, &src, labels, NULL));
    }
    size_t head = p[0].param[qg_params_find(&p[0], "classifier.weight")].offset;
    qt_eq("classes", p[0].config.classes, 2);
    assert_string_equal(p[0].config.labels[1], "bad");
    qt_same("same seed", values[0], values[1], p[0].count, sizeof(float));
    qt_same("encoder", values[0], values[2], head, sizeof(float));
    assert_true(values[0][head] != values[2][head]);
    qt_ok(qg_params_save(qt_tmp("two"), &p[0], values[0]));
    qg_model_source two = {.dir = qt_tmp("two")};
    qt_ok(qg_params_load(&p[1], &values[1], a, &two, NULL, NULL));
    qt_eq("classes", p[1].config.classes, 2);
    assert_string_equal(p[1].config.labels[0], "good");
    qt_same("saved", values[1], values[0], p[0].count, sizeof(float));
    src.random_head = false;
    qt_fails(qg_params_load(&p[0], &values[0], a, &src, labels, NULL), QG_EMODEL, "3 classes",
             "2 are wanted", NULL);
    qg_arena_destroy(a);
}

static void a_missing_head_is_drawn(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_model_source src = {.dir = ORIGINAL, .head_seed = 5};
    qg_weights *w;
    qt_ok(qg_weights_open(&w, ORIGINAL));
    bool has = qg_weights_find(w, "classifier.weight") != NULL;
    qg_weights_close(w);
    qt_eq("the shipped original has a head", has, false);
    qg_params p, q;
    float *x, *y;
    qt_ok(qg_params_load(&p, &x, a, &src, NULL, NULL));
    src.random_head = true;
    qt_ok(qg_params_load(&q, &y, a, &src, NULL, NULL));
    qt_same("as when it is asked for", x, y, p.count, sizeof *x);
    qg_arena_destroy(a);
}

/* A folder with config.json (initializer_range 0.05, pad_token_id 3), and maybe random weights. */
static const char *small_model(const char *name, bool weights)
{
    static const char other[] = "{\"pad_token_id\": 3, \"initializer_range\": 0.05, "
                                "\"model_type\": \"bert\", \"hidden_size\": 8, "
                                "\"num_hidden_layers\": 1, \"num_attention_heads\": 2, "
                                "\"intermediate_size\": 12, \"vocab_size\": 20, "
                                "\"max_position_embeddings\": 6}";
    qg_config m;
    char path[600];
    qt_ok(qg_mkdirs(qt_tmp(name)));
    snprintf(path, sizeof path, "%s/config.json", qt_tmp(name));
    qt_write(path, other, sizeof other - 1);
    snprintf(path, sizeof path, "%s/model.safetensors", qt_tmp(name));
    if (weights) {
        qg_arena *a = qg_arena_create(0);
        qt_ok(qg_config_load(&m, a, qt_tmp(name)));
        qt_ok(qg_random_model_weights(path, &m, false, 11));
        qg_arena_destroy(a);
    }
    return qt_tmp(name);
}

static void drawn_weights_are_berts_initialisation(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_model_source file = {.dir = small_model("with", true), .head_seed = 11};
    qg_model_source drawn = {
        .dir = small_model("without", false), .head_seed = 11, .random_weights = true};
    qg_params p, q;
    float *x, *y;
    qt_ok(qg_params_load(&p, &x, a, &file, NULL, NULL));
    qt_ok(qg_params_load(&q, &y, a, &drawn, NULL, NULL));
    qt_same("those of a random model of the same seed", x, y, p.count, sizeof *x);
    qt_ok(qg_params_load_mlm(&q, &y, a, &drawn));
    for (int i = 0; i < q.n; i++) {
        const qg_param *t = &q.param[i];
        int at = qg_params_find(&p, t->name);
        double want = strstr(t->name, "LayerNorm.weight") != NULL;
        size_t n = (size_t)t->rows * (size_t)t->columns;
        if (at >= 0)
            qt_same(t->name, y + t->offset, x + p.param[at].offset, n, sizeof *x);
        else
            assert_true(strncmp(t->name, "cls.predictions.", 16) == 0);
        for (size_t k = 0; k < n && t->columns == 1; k++)
            qt_close(t->name, (double)y[t->offset + k], want, 0, 0);
    }
    for (int k = 0; k < 8; k++)
        qt_close("the padding row", (double)y[3 * 8 + k], 0, 0, 0);
    assert_true(y[2 * 8] != 0 && y[q.param[q.n - 5].offset] != 0);
    drawn.random_weights = false;
    qt_fails(qg_params_load(&q, &y, a, &drawn, NULL, NULL), QG_EIO, "without", NULL);
    qg_arena_destroy(a);
}

/* BertForMaskedLM has no pooler; a classifier on top of it gets a drawn one. */
static void a_pretrained_model_loads_for_both_objectives(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    qg_model_source src = {.dir = small_model("pre", true), .head_seed = 4};
    qg_params p, q;
    float *x, *y;
    qt_ok(qg_params_load_mlm(&p, &x, a, &src));
    x[p.param[p.n - 1].offset + 7] = 0.5f;
    for (int i = 0; i < p.n; i++) /* a name that no model knows: as if it were not there */
        if (strstr(p.param[i].name, "pooler"))
            memcpy(p.param[i].name, "cls.unused", 10);
    p.dir = src.dir;
    qt_ok(qg_params_save(qt_tmp("mlm"), &p, x));
    src.dir = qt_tmp("mlm");
    qt_ok(qg_params_load_mlm(&q, &y, a, &(qg_model_source){.dir = src.dir, .random_head = true}));
    qt_close("a new head", (double)y[q.param[q.n - 1].offset + 7], 0, 0, 0);
    qt_ok(qg_params_load_mlm(&q, &y, a, &src));
    qt_close("the head of the file", (double)y[q.param[q.n - 1].offset + 7], 0.5, 0, 0);
    qt_ok(qg_params_load(&q, &y, a, &src, (const char *const[]){"a", "b", "c", NULL}, NULL));
    qt_eq("classes", q.config.classes, 3);
    int at = qg_params_find(&q, "bert.pooler.dense.weight");
    assert_true(y[q.param[at].offset] != 0 && y[q.param[at].offset] != x[q.param[at].offset]);
    qt_same("encoder", x, y, q.param[at].offset, sizeof *x);
    qg_arena_destroy(a);
}

static void values_that_are_not_finite_are_not_saved(void **state)
{
    (void)state;
    rig r;
    load(&r, FINETUNED);
    r.values[r.params.param[2].offset + 4] = NAN;
    qt_fails(qg_params_save(qt_tmp("nan"), &r.params, r.values), QG_ENUMERIC,
             "token_type_embeddings", "element 4", NULL);
    assert_true(!qg_file_exists(qt_tmp("nan/model.safetensors")));
    rig_free(&r);
}

static qg_code load_from(qg_arena *a, void *dir)
{
    qg_params p;
    float *values;
    qg_model_source src = {.dir = dir};
    return qg_params_load(&p, &values, a, &src, NULL, qg_precision_find("int4"));
}

static void loading_survives_every_failed_allocation(void **state)
{
    (void)state;
    char dir[] = FINETUNED;
    qt_torture(load_from, dir);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_block_holds_every_tensor_once),
    cmocka_unit_test(saved_parameters_load_again_and_predict),
    cmocka_unit_test(fake_quantized_logits_are_the_deployed_ones),
    cmocka_unit_test(heads_are_drawn_from_their_seed),
    cmocka_unit_test(a_missing_head_is_drawn),
    cmocka_unit_test(drawn_weights_are_berts_initialisation),
    cmocka_unit_test(a_pretrained_model_loads_for_both_objectives),
    cmocka_unit_test(loading_survives_every_failed_allocation),
    cmocka_unit_test(values_that_are_not_finite_are_not_saved),
};
QT_MAIN("train_params", tests)
