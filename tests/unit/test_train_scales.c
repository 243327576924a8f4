/*
 * test_train_scales.c - learned step sizes: first values, gradients against the paper's formula and
 * against finite differences, and that the packed model has the very weights that were trained.
 */
#include "train_rig.h"

#include "nn/forward/model_internal.h"
#include "train/qat/learned_scales.h"

#include "qgrid/file.h"

#include <math.h>
#include <string.h>

static const char *const schemes[] = {"int8",      "int8_tensor", "int4",        "int4_g32",
                                      "int4_g128", "int4_g32_a8", "int4_g128_a8"};
enum { SCHEMES = sizeof schemes / sizeof schemes[0] };

static qg_qat_options learned(const char *precision)
{
    return (qg_qat_options){.precision = {precision, qg_precision_find(precision), QG_EMBED_FP32},
                            .learned = true};
}

/* Odd sizes: groups of 32 do not divide them. */
static void open_rig(rig *r, const qg_qat_options *o, int leaves)
{
    qg_config c = rig_config();
    c.hidden = 36;
    c.ffn = 40;
    rig_random(r, &c, 5, leaves);
    rig_qat(r, o);
}

static qg_train_batch batch(rig *r, int B, uint64_t seed)
{
    qg_train_batch b = rig_batch(r->arena, &r->params.config, B, 9, seed);
    b.types = NULL; /* rig gathers leaves without them */
    return b;
}

/* Calls `each` for every scale: its element in the block, its weights (rows of len), how many. */
typedef struct scale {
    rig *r;
    size_t theta, weight; /* places in the block */
    int rows, len;
    double value, Q, N;
} scale;

static int each_scale(rig *r, void (*each)(const scale *))
{
    const qg_precision *p = r->params.scheme;
    int count = 0;
    for (int s = 0; s < r->params.sites; s++)
        for (int part = 0; part < r->params.site[s].parts; part++) {
            const qg_linear *l = &r->params.site[s];
            const qg_param *t = qg_scales_param(&r->params, s, part);
            int n = l->n / l->parts, group = qg_precision_group(p, l->k), at = 0;
            size_t weight = l->weight + (size_t)part * (size_t)n * (size_t)l->k;
            bool whole = p->levels.whole;
            for (int row = 0; row < (whole ? 1 : n); row++)
                for (int k0 = 0; k0 < l->k; k0 += group, at++) {
                    int len = l->k - k0 < group ? l->k - k0 : group;
                    scale x = {.r = r,
                               .theta = t->offset + (size_t)at,
                               .weight = weight + (size_t)(row * l->k + k0),
                               .rows = whole ? n : 1,
                               .len = len,
                               .Q = (double)p->levels.hi,
                               .N = (double)(whole ? n * l->k : len)};
                    x.value = (double)r->values[x.theta] / sqrt(x.Q);
                    each(&x);
                    count++;
                }
            qt_eq(t->name, at, t->rows * t->columns);
        }
    return count;
}

static double weight_of(const scale *s, int i)
{
    return (double)s->r->values[s->weight + (size_t)i];
}

static void check_first_value(const scale *s)
{
    double most = 0, sum = 0, levels = (double)s->r->params.scheme->levels.divisor;
    for (int i = 0; i < s->rows * s->len; i++) {
        most = fmax(most, fabs(weight_of(s, i)));
        sum += fabs(weight_of(s, i));
    }
    qt_close("scale", s->value, fmin(most / levels, 2 * sum / s->N / sqrt(s->Q)), 1e-6, 0);
}

static void first_values_are_those_of_the_paper_or_clip_nothing(void **state)
{
    (void)state;
    for (int i = 0; i < SCHEMES; i++) {
        rig r;
        qg_qat_options o = learned(schemes[i]);
        open_rig(&r, &o, 1);
        assert_true(each_scale(&r, check_first_value) >= 6 * 2 + 2);
        qt_eq("scales", r.params.scales, 6 * 2 + 2);
        rig_free(&r);
    }
    rig r;
    qg_qat_options o = learned("int8");
    qg_config c = rig_config();
    rig_random(&r, &c, 5, 1);
    memset(r.values + r.params.site[0].weight, 0, 12 * sizeof *r.values);
    rig_qat(&r, &o);
    qt_close("a row of zeros",
             (double)r.values[qg_scales_param(&r.params, 0, 0)->offset] / sqrt(127), 1, 1e-6, 0);
    rig_free(&r);
}

/* Equations 1 to 3 in double, from the gradient of the quantized weights. */
static void check_gradient(const scale *s)
{
    const float *quantized = qg_qat_weights(s->r->qat), *w = s->r->values;
    const qg_levels *g = &s->r->params.scheme->levels;
    double sum = 0, size = 0;
    for (int i = 0; i < s->rows * s->len; i++) {
        size_t at = s->weight + (size_t)i;
        float step = (float)s->value;
        float t = g->reciprocal ? w[at] * (1 / step) : w[at] / step;
        double code = fmin(fmax(rint((double)t), (double)g->lo), (double)g->hi);
        bool inside = t > g->lo && t < g->hi;
        qt_close("weight", (double)quantized[at], code * s->value, 1e-6, 0);
        double d = (double)s->r->grad[at] * (inside ? code - (double)t : code);
        sum += d;
        size += fabs(d) + fabs((double)s->r->grad[at] * (double)t);
    }
    double factor = 1 / sqrt(s->N * s->Q);
    qt_close("gradient", (double)s->r->grad[s->theta], sum * factor, 0,
             1e-6 * size * factor + 1e-12);
}

/* Some weights lie outside every grid. */
static void narrow(const scale *s)
{
    s->r->values[s->theta] *= 0.8f;
}

static void gradients_equal_the_paper(void **state)
{
    (void)state;
    for (int i = 0; i < SCHEMES; i++) {
        rig r;
        double loss;
        qg_qat_options o = learned(schemes[i]);
        open_rig(&r, &o, 1);
        each_scale(&r, narrow);
        qg_train_batch b = batch(&r, 6, 1);
        qg_step s = {0, b.B};
        r.grad = r.block[0];
        qg_qat_prepare(r.qat, r.values);
        qt_ok(rig_net_gradient(r.grad, &loss, NULL, r.net, qg_qat_weights(r.qat), r.qat, &b, &s));
        each_scale(&r, check_gradient);
        rig_free(&r);
    }
}

/* The loss as a function of a scale with every weight's rounding as it stands: q(w) moves by code
 * or by code - w / scale times the scale's change. */
static double moved_loss(rig *r, float *weights, const float *slope, double step,
                         const qg_train_batch *b)
{
    double loss;
    qg_step s = {0, b->B};
    for (size_t i = 0; i < r->params.count; i++)
        weights[i] = qg_qat_weights(r->qat)[i] + (float)(step * (double)slope[i]);
    qt_ok(rig_net_gradient(r->block[0], &loss, NULL, r->net, weights, NULL, b, &s));
    return loss;
}

static void gradients_equal_finite_differences(void **state)
{
    (void)state;
    rig r;
    qg_qat_options o = learned("int4");
    open_rig(&r, &o, 1);
    each_scale(&r, narrow);
    qg_train_batch b = batch(&r, 6, 1);
    size_t n = r.params.count;
    double loss;
    qg_step step = {0, b.B};
    float *grad = qg_arena_alloc(r.arena, n, 4), *weights = qg_arena_alloc(r.arena, n, 4);
    float *slope = qg_arena_alloc(r.arena, n, 4);
    qg_qat_prepare(r.qat, r.values);
    qt_ok(rig_net_gradient(grad, &loss, NULL, r.net, qg_qat_weights(r.qat), r.qat, &b, &step));
    for (int s = 0; s < r.params.sites; s++) {
        const qg_linear *l = &r.params.site[s];
        const qg_param *t = qg_scales_param(&r.params, s, 0);
        size_t rows = (size_t)(l->n / l->parts), count = rows * (size_t)l->k;
        double value = (double)r.values[t->offset] / sqrt(7), h = 0.02 * value;
        memset(slope, 0, n * sizeof *slope);
        for (size_t i = l->weight; i < l->weight + count; i++) {
            double u = (double)r.values[i] / value;
            slope[i] = (float)(u <= -8 ? -8 : u >= 7 ? 7 : rint(u) - u);
        }
        double up = moved_loss(&r, weights, slope, h, &b);
        double down = moved_loss(&r, weights, slope, -h, &b);
        double want = (up - down) / (2 * h) / sqrt((double)count * 7);
        qt_close(t->name, (double)grad[t->offset], want, 0.02, 2e-5);
    }
    rig_free(&r);
}

static void any_gang_gives_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < SCHEMES; i++) {
        float *first = NULL;
        rig r[3];
        for (int g = 0; g < 3; g++) {
            qg_qat_options o = learned(schemes[i]);
            open_rig(&r[g], &o, 4);
            rig_gang(&r[g], 1 << g);
            r[g].schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-3, 0, 0};
            float *before = qg_arena_alloc(r[g].arena, r[g].params.count, sizeof *before);
            memcpy(before, r[g].values, r[g].params.count * sizeof *before);
            for (uint64_t s = 0; s < 4; s++) {
                qg_train_batch b = batch(&r[g], 12, s);
                rig_step(&r[g], &b, s);
            }
            size_t theta = qg_scales_param(&r[g].params, 0, 0)->offset;
            assert_true(before[theta] != r[g].values[theta]);
            first = g ? first : r[g].values;
            qt_same(schemes[i], r[g].values, first, r[g].params.count, sizeof *first);
        }
        for (int g = 0; g < 3; g++)
            rig_free(&r[g]);
    }
}

static void every_scheme_learns_a_batch(void **state)
{
    (void)state;
    for (int i = 0; i < SCHEMES; i++) {
        rig r;
        qg_qat_options o = learned(schemes[i]);
        open_rig(&r, &o, 2);
        r.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-2, 0, 0};
        qg_train_batch b = batch(&r, 8, 1);
        rig_step(&r, &b, 0);
        double first = r.loss;
        for (uint64_t s = 1; s < 40; s++)
            rig_step(&r, &b, s);
        if (!(r.loss < 0.3 * first))
            fail_msg("%s: loss %g at first, %g in the end", schemes[i], first, r.loss);
        rig_free(&r);
    }
}

/* Before its first step nothing is quantized; there the step sizes are measured anew. */
static void fake_quantization_begins_at_its_step(void **state)
{
    (void)state;
    rig r, plain;
    qg_qat_options o = learned("int4");
    qg_config c = rig_config();
    o.start = 2;
    rig_random(&r, &c, 5, 2);
    rig_random(&plain, &c, 5, 2);
    size_t n = plain.params.count;
    rig_qat(&r, &o);
    r.schedule = plain.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-2, 0, 0};
    float *scales = r.values + n;
    size_t own = r.params.count - n;
    float *first = qg_arena_alloc(r.arena, own, sizeof *first);
    memcpy(first, scales, own * sizeof *first);
    for (uint64_t s = 0; s < 2; s++) {
        qg_train_batch b = batch(&plain, 8, s);
        rig_step(&r, &b, s);
        rig_step(&plain, &b, s);
        qt_same("before", r.values, plain.values, n, sizeof *r.values);
        qt_same("step sizes rest", scales, first, own, sizeof *first);
    }
    qg_qat_reach(r.qat, 2, r.values);
    qg_qat_prepare(r.qat, r.values);
    each_scale(&r, check_first_value);
    assert_true(memcmp(scales, first, own * sizeof *first) != 0);
    assert_true(memcmp(qg_qat_weights(r.qat), r.values, n * sizeof *first) != 0);
    qg_train_batch b = batch(&plain, 8, 2);
    rig_step(&r, &b, 2);
    rig_step(&plain, &b, 2);
    assert_true(memcmp(r.values, plain.values, n * sizeof *first) != 0);
    rig_free(&plain);
    rig_free(&r);
}

/* ----------------------------------------------------------------------- the deployed weights */

static void same_values(const rig *r, const char *name, const float *deployed)
{
    const qg_param *t = &r->params.param[qg_params_find(&r->params, name)];
    const float *trained = qg_qat_weights(r->qat) + t->offset;
    for (size_t i = 0; i < (size_t)t->rows * (size_t)t->columns; i++)
        if (!(trained[i] == deployed[i]))
            fail_msg("%s[%zu]: trained with %.9g, deployed as %.9g", name, i, (double)trained[i],
                     (double)deployed[i]);
}

static void check_linear(const rig *r, const char *name, const qg_panels *w)
{
    char full[128];
    float *values = qg_arena_alloc(r->arena, (size_t)w->n * (size_t)w->k, sizeof *values);
    qg_unpack_to_f32(values, w);
    snprintf(full, sizeof full, "%s.weight", name);
    same_values(r, full, values);
    snprintf(full, sizeof full, "%s.bias", name);
    same_values(r, full, w->bias);
}

static void check_table(const rig *r, const char *name, const qg_model *m, const qg_table *t)
{
    int C = m->config.hidden;
    float *values = qg_arena_alloc(r->arena, (size_t)t->rows * (size_t)C, sizeof *values);
    for (int32_t i = 0; i < t->rows; i++) {
        float *row = values + (size_t)i * (size_t)C;
        if (m->precision_spec.embeddings == QG_EMBED_INT8)
            m->kernels->embed_s8(row, t->data, t->scales, i, C);
        else if (m->precision_spec.embeddings == QG_EMBED_FP16)
            m->kernels->embed_f16(row, t->data, i, C);
        else
            m->kernels->embed_f32(row, t->data, i, C);
    }
    same_values(r, name, values);
}

static void check_model(const rig *r, const qg_model *m)
{
    static const char *const parts[] = {"attention.self.query", "attention.self.key",
                                        "attention.self.value", "attention.output.dense",
                                        "intermediate.dense",   "output.dense"};
    char name[96];
    check_table(r, "bert.embeddings.word_embeddings.weight", m, &m->word);
    check_table(r, "bert.embeddings.position_embeddings.weight", m, &m->position);
    check_table(r, "bert.embeddings.token_type_embeddings.weight", m, &m->type);
    for (int i = 0; i < m->config.layers; i++) {
        const qg_layer *y = &m->layers[i];
        const qg_dense *dense[] = {&y->query,        &y->key,   &y->value, &y->attention_output,
                                   &y->intermediate, &y->output};
        for (int k = 0; k < 6; k++) {
            snprintf(name, sizeof name, "bert.encoder.layer.%d.%s", i, parts[k]);
            check_linear(r, name, &dense[k]->w);
        }
    }
    check_linear(r, "bert.pooler.dense", &m->pooler.w);
    check_linear(r, "classifier", &m->classifier.w);
}

/* One step, so that learned scales are nobody's maxima; saved, packed, opened. */
static void check_precision(const qg_precision *p, int embeddings, bool scales)
{
    rig r;
    qg_model *m;
    qg_qat_options o = {.precision = {qg_precision_name(p), p, embeddings}, .learned = scales};
    const char *dir = qt_tmp("trained"), *packed = qt_tmp("packed");
    qg_model_source src = {.dir = dir};
    qt_ok(qg_remove(dir));
    qt_ok(qg_remove(packed));
    rig_load(&r, "models/mini-finetuned", 1);
    rig_qat(&r, &o);
    r.schedule = (qg_schedule){QG_SCHEDULE_CONSTANT, 1e-3, 0, 0};
    qg_train_batch b = batch(&r, 4, 1);
    rig_step(&r, &b, 0);
    qg_qat_prepare(r.qat, r.values);
    qt_ok(qg_params_save(dir, &r.params, r.values));
    qt_ok(qg_model_pack(&src, &o.precision, packed));
    qt_ok(qg_model_open(&m, packed));
    check_model(&r, m);
    qg_model_close(m);
    rig_free(&r);
}

static void packed_weights_are_those_trained_with(void **state)
{
    (void)state;
    for (int i = 0; qg_precisions[i]; i++)
        for (int e = QG_EMBED_FP32; e <= QG_EMBED_INT8; e++)
            check_precision(qg_precisions[i], e, false);
    for (int i = 0; i < SCHEMES; i++)
        check_precision(qg_precision_find(schemes[i]), i % 3, true);
}

static void save_learned(const char *dir, const char *precision)
{
    rig r;
    qg_qat_options o = learned(precision);
    rig_load(&r, "models/mini-finetuned", 1);
    rig_qat(&r, &o);
    qt_ok(qg_params_save(dir, &r.params, r.values));
    rig_free(&r);
}

static void trained_scales_are_part_of_the_hash(void **state)
{
    (void)state;
    char with[65], without[65], shipped[65];
    const char *dir = qt_tmp("hashed");
    qg_model_source src = {.dir = dir};
    save_learned(dir, "int4");
    qt_ok(qg_model_hash(with, &src));
    qt_ok(qg_remove(qt_tmp("hashed/quantizer-int4.safetensors")));
    qt_ok(qg_model_hash(without, &src));
    src.dir = "models/mini-finetuned";
    qt_ok(qg_model_hash(shipped, &src));
    assert_string_not_equal(with, without);
    assert_string_equal(without, shipped); /* the same weights, written by the same code */
}

/* A file of scales is not trusted. */
static void bad_trained_scales_are_refused(void **state)
{
    (void)state;
    const char *dir = qt_tmp("bad"), *file = qt_tmp("bad/quantizer-int4.safetensors");
    static const char name[] = "bert.encoder.layer.0.attention.self.query.weight_scale";
    float zero = 0, one = 1;
    qg_tensor t = {.name = name, .ndim = 2, .shape = {1, 1}, .dtype = QG_F32, .bytes = 4};
    qg_model_source src = {.dir = dir};
    qg_precision_spec p = {"int4", qg_precision_find("int4"), QG_EMBED_FP32};
    save_learned(dir, "int4");
    t.data = &zero;
    qt_ok(qg_safetensors_write(file, &t, 1, NULL));
    qt_fails(qg_model_pack(&src, &p, qt_tmp("never")), QG_ENUMERIC, name, "above 0", NULL);
    t.data = &one;
    qt_ok(qg_safetensors_write(file, &t, 1, NULL));
    qt_fails(qg_model_pack(&src, &p, qt_tmp("never")), QG_EMODEL, "lacks", "key.weight_scale",
             NULL);
    t.ndim = 1;
    qt_ok(qg_safetensors_write(file, &t, 1, NULL));
    qt_fails(qg_model_pack(&src, &p, qt_tmp("never")), QG_EMODEL, name, "[1, 1]", NULL);
    p = (qg_precision_spec){"int8", qg_precision_find("int8"), QG_EMBED_FP32};
    qt_ok(qg_model_pack(&src, &p, qt_tmp("other"))); /* not its file */
    assert_false(qg_dir_exists(qt_tmp("never")));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(first_values_are_those_of_the_paper_or_clip_nothing),
    cmocka_unit_test(gradients_equal_the_paper),
    cmocka_unit_test(gradients_equal_finite_differences),
    cmocka_unit_test(any_gang_gives_the_same_bits),
    cmocka_unit_test(every_scheme_learns_a_batch),
    cmocka_unit_test(fake_quantization_begins_at_its_step),
    cmocka_unit_test(packed_weights_are_those_trained_with),
    cmocka_unit_test(trained_scales_are_part_of_the_hash),
    cmocka_unit_test(bad_trained_scales_are_refused),
};
QT_MAIN("train_scales", tests)
