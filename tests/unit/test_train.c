/*
 * test_train.c - gradients against finite differences, dropout, recomputation, refused input.
 */
#include "train_rig.h"

#include "qgrid/kernel.h"
#include "train/net/dropout.h"

#include <math.h>
#include <string.h>

static double loss_at(rig *r, const qg_train_batch *b, const qg_net_options *o)
{
    double loss;
    qg_step s = {3, qg_loss_weight(b->label, b->B, o->class_weights)};
    qt_ok(rig_net_gradient(r->block[0], &loss, NULL, r->net, r->values, NULL, b, &s));
    return loss;
}

/* (L(p + h d) - L(p - h d)) / 2h. */
static double slope(rig *r, const qg_train_batch *b, const qg_net_options *o, const qg_param *t,
                    const float *kept, const float *d, double h)
{
    double side[2];
    size_t n = (size_t)t->rows * (size_t)t->columns;
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < n; i++)
            r->values[t->offset + i] = (float)((double)kept[i] + (s ? -h : h) * (double)d[i]);
        side[s] = loss_at(r, b, o);
    }
    memcpy(r->values + t->offset, kept, n * sizeof *kept);
    return (side[0] - side[1]) / (2 * h);
}

/* Every tensor along a random direction of length 1; Richardson's extrapolation takes the h^2 term
 * away, so that h may be large against the rounding of the forward pass. */
static double check_all(rig *r, const qg_net_options *o, double tolerance)
{
    const double h = 0.02;
    qg_train_batch b = rig_batch(r->arena, &r->params.config, 6, 9, 5);
    qg_rng rng = qg_rng_make(9, "direction", 0);
    float *grad = qg_arena_alloc(r->arena, r->params.count, sizeof *grad), *d, *kept;
    double worst = 0, length = 0;
    rig_net(r, *o);
    loss_at(r, &b, o);
    memcpy(grad, r->block[0], r->params.count * sizeof *grad);
    for (size_t i = 0; i < r->params.count; i++)
        length += (double)grad[i] * (double)grad[i];
    for (int p = 0; p < r->params.n; p++) {
        const qg_param *t = &r->params.param[p];
        size_t n = (size_t)t->rows * (size_t)t->columns;
        double norm = 0, along = 0;
        d = qg_arena_alloc(r->arena, n, sizeof *d);
        kept = qg_arena_alloc(r->arena, n, sizeof *kept);
        memcpy(kept, r->values + t->offset, n * sizeof *kept);
        for (size_t i = 0; i < n; i++) {
            d[i] = (float)qg_rng_normal(&rng);
            norm += (double)d[i] * (double)d[i];
        }
        for (size_t i = 0; i < n; i++) {
            d[i] /= (float)sqrt(norm);
            along += (double)d[i] * (double)grad[t->offset + i];
        }
        double wide = slope(r, &b, o, t, kept, d, h), narrow = slope(r, &b, o, t, kept, d, h / 2);
        double error = fabs((4 * narrow - wide) / 3 - along) / sqrt(length);
        if (!(error <= tolerance))
            fail_msg("%s: slope %.6g, gradient %.6g", t->name, (4 * narrow - wide) / 3, along);
        worst = fmax(worst, error);
    }
    return worst;
}

static void gradients_equal_finite_differences(void **state)
{
    (void)state;
    static const double weights[] = {0.5, 2, 1.25};
    static const struct {
        const char *name;
        int activation;
        qg_net_options o;
        double tolerance;
        double temperature, weight, hidden; /* of a teacher, if it has a temperature */
    } cases[] = {
        {"gelu", QG_ACT_GELU, {.seed = 1}, 2e-5},
        {"gelu_new", QG_ACT_GELU_NEW, {.seed = 1}, 2e-5},
        {"relu (with its corners)", QG_ACT_RELU, {.seed = 1}, 2e-3},
        {"dropout", QG_ACT_GELU, {.dropout = {0.2, 0.3, 0.4}, .seed = 1}, 2e-5},
        {"class weights", QG_ACT_GELU, {.class_weights = weights}, 2e-5},
        {"smoothing", QG_ACT_GELU, {.class_weights = weights, .label_smoothing = 0.2}, 2e-5},
        {"a teacher's logits", QG_ACT_GELU, {.label_smoothing = 0.1}, 2e-5, 2, 0.7, 0},
        {"its hidden states", QG_ACT_GELU, {.class_weights = weights}, 2e-5, 3, 1, 5},
        {"both, again computed", QG_ACT_GELU, {.dropout = {0.2}, .recompute = true}, 2e-5, 1, 1, 5},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rig r, teacher;
        qg_config c = rig_config();
        qg_net_options o = cases[i].o;
        c.activation = cases[i].activation;
        rig_random(&r, &c, 11, 1);
        rig_random(&teacher, &c, 12, 1);
        qg_distill distill = {&teacher.params, teacher.values, cases[i].temperature,
                              cases[i].weight, cases[i].hidden};
        o.distill = cases[i].temperature > 0 ? &distill : NULL;
        double worst = check_all(&r, &o, cases[i].tolerance);
        print_message("%s: %.2g of the gradient's length\n", cases[i].name, worst);
        rig_free(&teacher);
        rig_free(&r);
    }
}

static void loss_equals_its_closed_form(void **state)
{
    (void)state;
    static const double weights[] = {0.5, 2, 1.25};
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 4, 1);
    qg_train_batch b = rig_batch(r.arena, &c, 5, 9, 6);
    qg_net_options o = {.class_weights = weights, .label_smoothing = 0.1};
    rig_net(&r, o);
    double loss, nll = 0, smooth = 0, sum = 0;
    qg_step s = {0, qg_loss_weight(b.label, b.B, weights)};
    qt_ok(rig_net_gradient(r.block[0], &loss, r.logits, r.net, r.values, NULL, &b, &s));
    for (int t = 0; t < b.B; t++) {
        double z = 0;
        for (int k = 0; k < 3; k++)
            z += exp((double)r.logits[3 * t + k]);
        for (int k = 0; k < 3; k++) {
            double l = weights[k] * (log(z) - (double)r.logits[3 * t + k]);
            smooth += l;
            nll += k == b.label[t] ? l : 0;
        }
        sum += weights[b.label[t]];
    }
    qt_close("loss", loss, 0.9 * nll / sum + 0.1 / 3 * smooth / sum, 1e-6, 0);
    rig_free(&r);
}

static void recomputed_layers_give_the_same_bits(void **state)
{
    (void)state;
    for (int q = 0; q < 2; q++) {
        rig r;
        qg_config c = rig_config();
        qg_net_options o = {.dropout = {0.1, 0.1, 0.1}, .seed = 8};
        qg_qat_options quantized = {{"int8", qg_precision_find("int8"), 0}, QG_QAT_MOVING};
        c.layers = 4;
        rig_random(&r, &c, 2, 1);
        if (q)
            qt_ok(qg_qat_create(&r.qat, &r.params, &quantized));
        qg_train_batch b = rig_batch(r.arena, &c, 9, 20, 1);
        float *kept = qg_arena_alloc(r.arena, r.params.count, sizeof *kept);
        rig_net(&r, o);
        rig_gradient(&r, &b, 5);
        size_t bytes = qg_net_bytes(r.net);
        double loss = r.loss;
        memcpy(kept, r.grad, r.params.count * sizeof *kept);
        memset(r.grad, 0xff, r.params.count * sizeof *kept);
        if (q)
            memset(qg_qat_ranges(r.qat), 0, (size_t)r.params.sites * sizeof(qg_range));
        o.recompute = true;
        rig_net(&r, o);
        rig_gradient(&r, &b, 5);
        qt_same("loss", &r.loss, &loss, 1, sizeof loss);
        qt_same("gradient", r.grad, kept, r.params.count, sizeof *kept);
        /* without recomputation 3 more layers keep what backward needs: 7C + 2F a token and more */
        size_t layer = (size_t)(7 * c.hidden + 2 * c.ffn) * RIG_TOKENS * sizeof(float);
        assert_true(qg_net_bytes(r.net) + 3 * layer <= bytes);
        rig_free(&r);
    }
}

/* 20 steps of QAT with dropout, done as 1, 2, 4 and 8 ranks would: trees and slices of their own.
 */
static void gangs_of_any_size_give_the_same_bits(void **state)
{
    (void)state;
    rig first;
    for (int ranks = 1; ranks <= 8; ranks *= 2) {
        rig r;
        qg_config c = rig_config();
        qg_qat_options o = {{"int8", qg_precision_find("int8"), 0}, QG_QAT_MOVING};
        c.vocab = 12000; /* several slices */
        rig_random(&r, &c, 2, 8);
        rig_gang(&r, ranks);
        qt_ok(qg_qat_create(&r.qat, &r.params, &o));
        r.schedule = (qg_schedule){QG_SCHEDULE_LINEAR, 1e-2, 2, 20};
        rig_net(&r, (qg_net_options){.dropout = {0.1, 0.1, 0.1}, .seed = 3});
        for (uint64_t s = 0; s < 20; s++) {
            qg_train_batch b = rig_batch(r.arena, &c, s == 19 ? 5 : 16, 12, s);
            b.types = NULL;
            rig_step(&r, &b, s);
        }
        if (ranks == 1) {
            first = r;
            continue;
        }
        qt_same("loss", &r.loss, &first.loss, 1, sizeof r.loss);
        qt_same("norm", &r.norm, &first.norm, 1, sizeof r.norm);
        qt_same("parameters", r.values, first.values, r.params.count, sizeof(float));
        qt_same("moments", r.v, first.v, r.params.count, sizeof(float));
        for (int i = 0; i < r.params.sites; i++)
            qt_same("range", &qg_qat_ranges(r.qat)[i].lo, &qg_qat_ranges(first.qat)[i].lo, 2,
                    sizeof(float));
        rig_free(&r);
    }
    rig_free(&first);
}

static void masks_have_their_rate_and_depend_on_every_part_of_the_key(void **state)
{
    (void)state;
    enum { N = 40000 };
    static float x[N], y[N];
    qg_rng key = qg_dropout_key(42, 7), other = qg_dropout_key(42, 8);
    for (int i = 0; i < N; i++)
        x[i] = 1;
    qg_dropout(x, N, 0.25, &key, 5, 3, 1);
    int zeros = 0;
    for (int i = 0; i < N; i++) {
        zeros += x[i] == 0;
        assert_true(x[i] == 0 || x[i] == (float)(1 / 0.75));
    }
    qt_close("share of zeros", (double)zeros / N, 0.25, 0, 0.01);
    const struct {
        const qg_rng *key;
        int64_t sample;
        int layer, place;
    } others[] = {{&other, 5, 3, 1}, {&key, 6, 3, 1}, {&key, 5, 4, 1}, {&key, 5, 3, 2}};
    for (int k = -1; k < 4; k++) {
        int same = 0;
        for (int i = 0; i < N; i++)
            y[i] = 1;
        if (k < 0) /* a prefix of the place has the prefix of its mask */
            qg_dropout(y, 1001, 0.25, &key, 5, 3, 1);
        else
            qg_dropout(y, N, 0.25, others[k].key, others[k].sample, others[k].layer,
                       others[k].place);
        for (int i = 0; i < N; i++)
            same += x[i] == y[i];
        if (k < 0)
            qt_same("prefix", y, x, 1001, sizeof *x);
        else
            qt_close("agreement", (double)same / N, 0.625, 0, 0.02);
    }
}

/* What a text gives does not depend on the texts beside it. */
static void dropout_does_not_depend_on_the_leaf(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 3, 1);
    rig_net(&r, (qg_net_options){.dropout = {0.5, 0.5, 0.5}, .seed = 6});
    qg_train_batch b = rig_batch(r.arena, &c, 7, 11, 2);
    qg_step s = {4, b.B};
    float *all = qg_arena_alloc(r.arena, (size_t)(3 * b.B), sizeof *all), one[3], other[3];
    double loss, sum = 0, part;
    qt_ok(rig_net_gradient(r.block[0], &loss, all, r.net, r.values, NULL, &b, &s));
    for (int t = b.B - 1; t >= 0; t--) {
        int32_t splits[] = {0, b.splits[t + 1] - b.splits[t]};
        qg_train_batch single = {1,    b.ids + b.splits[t], b.types + b.splits[t], splits,
                                 NULL, b.label + t,         b.sample + t};
        qt_ok(rig_net_gradient(r.block[0], &part, one, r.net, r.values, NULL, &single, &s));
        qt_close_f32("logits alone", one, all + 3 * t, 3, 1e-5, 1e-5);
        sum += part;
        qg_step next = {5, b.B};
        qt_ok(rig_net_gradient(r.block[0], &part, other, r.net, r.values, NULL, &single, &next));
        assert_true(fabsf(other[0] - one[0]) > 1e-4f);
    }
    qt_close("loss", loss, sum, 1e-6, 0);
    for (int leaves = 2; leaves <= 8; leaves *= 2) {
        rig cut;
        rig_random(&cut, &c, 3, leaves);
        rig_net(&cut, (qg_net_options){.dropout = {0.5, 0.5, 0.5}, .seed = 6});
        b.types = NULL;
        rig_gradient(&r, &b, 4);
        rig_gradient(&cut, &b, 4);
        qt_close_f32("gradient", cut.grad, r.grad, r.params.count, 1e-5, 1e-5 * r.norm);
        rig_free(&cut);
    }
    rig_free(&r);
}

static void a_leaf_without_texts_gives_zero(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 3, 1);
    qg_train_batch none = {.B = 0};
    qg_step s = {0, 1};
    double loss = 1;
    memset(r.block[0], 0xff, r.params.count * sizeof(float));
    qt_ok(rig_net_gradient(r.block[0], &loss, NULL, r.net, r.values, NULL, &none, &s));
    qt_close("loss", loss, 0, 0, 0);
    for (size_t i = 0; i < r.params.count; i++)
        qt_close("gradient", (double)r.block[0][i], 0, 0, 0);
    rig_free(&r);
}

/* nn.Embedding(padding_idx): the row may be read but is not trained. */
static void the_padding_row_gets_no_gradient(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    c.pad_id = 4;
    rig_random(&r, &c, 3, 1);
    int32_t ids[] = {2, 4, 3}, splits[] = {0, 3}, label[] = {1};
    int64_t sample[] = {1};
    qg_train_batch b = {1, ids, NULL, splits, NULL, label, sample};
    rig_gradient(&r, &b, 0);
    for (int i = 0; i < 6 * c.hidden; i++) {
        int row = i / c.hidden;
        bool read = row == 2 || row == 3;
        qt_eq("row has a gradient", r.grad[i] != 0, read);
    }
    rig_free(&r);
}

static void bad_batches_and_nan_are_refused_by_sample_and_step(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    rig_random(&r, &c, 3, 1);
    int32_t ids[] = {2, 5, 3}, types[] = {0, 1, 0}, splits[] = {0, 3}, label[] = {1};
    int64_t sample[] = {77};
    qg_train_batch b = {1, ids, types, splits, NULL, label, sample};
    qg_step s = {12, 1};
    double loss;
    float *grad = r.block[0];
#define GRADIENT rig_net_gradient(grad, &loss, NULL, r.net, r.values, NULL, &b, &s)
    ids[1] = 30;
    qt_fails(GRADIENT, QG_EMODEL, "sample 77", "token id 30", "vocabulary of 30", NULL);
    ids[1] = 5;
    types[1] = 2;
    qt_fails(GRADIENT, QG_EMODEL, "sample 77", "token type 2", NULL);
    types[1] = 1;
    label[0] = 3;
    qt_fails(GRADIENT, QG_EMODEL, "sample 77", "label 3", "3 classes", NULL);
    label[0] = 1;
    splits[1] = 0;
    qt_fails(GRADIENT, QG_EMODEL, "sample 77", "0 tokens", NULL);
    splits[1] = 3;
    qt_ok(GRADIENT);
    r.values[r.params.param[20].offset + 5] = NAN;
    qt_fails(GRADIENT, QG_ENUMERIC, "step 12", "sample 77", NULL);
#undef GRADIENT
    qt_fails(rig_net_forward(r.logits, r.net, r.values, NULL, &b), QG_ENUMERIC, "sample 77", NULL);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gradients_equal_finite_differences),
    cmocka_unit_test(loss_equals_its_closed_form),
    cmocka_unit_test(recomputed_layers_give_the_same_bits),
    cmocka_unit_test(gangs_of_any_size_give_the_same_bits),
    cmocka_unit_test(masks_have_their_rate_and_depend_on_every_part_of_the_key),
    cmocka_unit_test(dropout_does_not_depend_on_the_leaf),
    cmocka_unit_test(a_leaf_without_texts_gives_zero),
    cmocka_unit_test(the_padding_row_gets_no_gradient),
    cmocka_unit_test(bad_batches_and_nan_are_refused_by_sample_and_step),
};
QT_MAIN("train", tests)
