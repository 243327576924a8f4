/*
 * test_train_mlm.c - masked-language modelling: the loss, its gradients, a training.
 */
#include "mlm_texts.h"

#include "qgrid/kernel.h"
#include "qgrid/trainer.h"
#include "train/net/net.h"

#include <math.h>
#include <string.h>

enum { LONGEST = 30 };

/* A batch with a target at every third token. */
static qg_train_batch targeted(rig *r, int B, uint64_t seed)
{
    qg_train_batch b = rig_batch(r->arena, &r->params.config, B, 9, seed);
    int32_t *target = qg_arena_alloc(r->arena, (size_t)b.splits[B], sizeof *target);
    for (int32_t i = 0; i < b.splits[B]; i++)
        target[i] = i % 3 == 1 ? (b.ids[i] * 7 + i) % r->params.config.vocab : -1;
    b.target = target;
    return b;
}

static int targets(const qg_train_batch *b)
{
    int n = 0;
    for (int32_t i = 0; i < b->splits[b->B]; i++)
        n += b->target[i] >= 0;
    return n;
}

static double loss_at(rig *r, const qg_train_batch *b)
{
    double loss;
    qg_step s = {3, targets(b)};
    qt_ok(rig_net_gradient(r->block[0], &loss, NULL, r->net, r->values, NULL, b, &s));
    return loss;
}

/* (L(p + h d) - L(p - h d)) / 2h. */
static double slope(rig *r, const qg_train_batch *b, const qg_param *t, const float *kept,
                    const float *d, double h)
{
    double side[2];
    size_t n = (size_t)t->rows * (size_t)t->columns;
    for (int s = 0; s < 2; s++) {
        for (size_t i = 0; i < n; i++)
            r->values[t->offset + i] = (float)((double)kept[i] + (s ? -h : h) * (double)d[i]);
        side[s] = loss_at(r, b);
    }
    memcpy(r->values + t->offset, kept, n * sizeof *kept);
    return (side[0] - side[1]) / (2 * h);
}

/* The tied embedding among them: its slope is that of the sum of both uses. */
static void gradients_equal_finite_differences(void **state)
{
    (void)state;
    const double h = 0.02;
    static const int activations[] = {QG_ACT_GELU, QG_ACT_GELU_NEW};
    for (int k = 0; k < 2; k++) {
        rig r;
        qg_config c = rig_config();
        c.activation = activations[k];
        rig_random_mlm(&r, &c, 11, 1);
        rig_net(&r, (qg_net_options){.dropout = {k ? 0.2 : 0, k ? 0.3 : 0, 0}, .seed = 1});
        qg_train_batch b = targeted(&r, 6, 5);
        qg_rng rng = qg_rng_make(9, "direction", 0);
        float *grad = qg_arena_alloc(r.arena, r.params.count, sizeof *grad);
        double length = 0;
        loss_at(&r, &b);
        memcpy(grad, r.block[0], r.params.count * sizeof *grad);
        for (size_t i = 0; i < r.params.count; i++)
            length += (double)grad[i] * (double)grad[i];
        for (int p = 0; p < r.params.n; p++) {
            const qg_param *t = &r.params.param[p];
            size_t n = (size_t)t->rows * (size_t)t->columns;
            double norm = 0, along = 0;
            float *d = qg_arena_alloc(r.arena, n, sizeof *d);
            float *kept = qg_arena_alloc(r.arena, n, sizeof *kept);
            memcpy(kept, r.values + t->offset, n * sizeof *kept);
            for (size_t i = 0; i < n; i++) {
                d[i] = (float)qg_rng_normal(&rng);
                norm += (double)d[i] * (double)d[i];
            }
            for (size_t i = 0; i < n; i++) {
                d[i] /= (float)sqrt(norm);
                along += (double)d[i] * (double)grad[t->offset + i];
            }
            double wide = slope(&r, &b, t, kept, d, h), narrow = slope(&r, &b, t, kept, d, h / 2);
            double found = (4 * narrow - wide) / 3;
            if (!(fabs(found - along) / sqrt(length) <= 2e-5))
                fail_msg("%s: slope %.6g, gradient %.6g", t->name, found, along);
            bool passenger = strstr(t->name, "pooler") != NULL;
            if (passenger)
                qt_close(t->name, along, 0, 0, 0);
            else if (!(fabs(along) > 0))
                fail_msg("%s has no gradient", t->name);
        }
        rig_free(&r);
    }
}

/* log softmax in double over logits of the head computed one by one. */
static double plain_nll(const rig *r, const qg_train_batch *b, int *right)
{
    const qg_config *c = &r->params.config;
    size_t C = (size_t)c->hidden;
    double sum = 0;
    float *base = r->values;
    const float *E =
        base + r->params.param[qg_params_find(&r->params, "bert.embeddings.word_embeddings.weight")]
                   .offset;
#define AT(name) (base + r->params.param[qg_params_find(&r->params, name)].offset)
    const float *W = AT("cls.predictions.transform.dense.weight");
    const float *bias = AT("cls.predictions.transform.dense.bias");
    const float *gamma = AT("cls.predictions.transform.LayerNorm.weight");
    const float *beta = AT("cls.predictions.transform.LayerNorm.bias");
    const float *out = AT("cls.predictions.bias");
#undef AT
    const float *x = r->net->x[c->layers];
    *right = 0;
    for (int32_t i = 0; i < b->splits[b->B]; i++) {
        double u[64], mean = 0, var = 0, z[VOCAB], all = 0;
        int best = 0;
        if (b->target[i] < 0)
            continue;
        for (size_t k = 0; k < C; k++) {
            u[k] = (double)bias[k];
            for (size_t j = 0; j < C; j++)
                u[k] += (double)W[k * C + j] * (double)x[(size_t)i * C + j];
            u[k] = 0.5 * u[k] * (1 + erf(u[k] / sqrt(2)));
            mean += u[k] / (double)C;
        }
        for (size_t k = 0; k < C; k++)
            var += (u[k] - mean) * (u[k] - mean) / (double)C;
        for (int v = 0; v < c->vocab; v++) {
            z[v] = (double)out[v];
            for (size_t k = 0; k < C; k++)
                z[v] += ((u[k] - mean) / sqrt(var + c->layer_norm_eps) * (double)gamma[k] +
                         (double)beta[k]) *
                        (double)E[(size_t)v * C + k];
            best = z[v] > z[best] ? v : best;
            all += exp(z[v]);
        }
        sum += log(all) - z[b->target[i]];
        *right += best == b->target[i];
    }
    return sum;
}

static void the_head_equals_its_formula(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_mlm_score score = {0};
    int right;
    rig_random_mlm(&r, &c, 6, 1);
    qg_train_batch b = targeted(&r, 20, 7);
    qt_ok(rig_net_mlm_score(&score, r.net, r.values, &b));
    double nll = plain_nll(&r, &b, &right);
    qt_close("nll", score.nll, nll, 1e-5, 0);
    qt_eq("chosen", score.chosen, targets(&b));
    qt_eq("right", score.right, right);
    qt_close("loss of a step", loss_at(&r, &b), nll / targets(&b), 1e-5, 0);
    qt_ok(rig_net_mlm_score(&score, r.net, r.values, &b));
    qt_close("scores add up", score.nll, 2 * nll, 1e-5, 0);
    rig_free(&r);
}

/* More targets than the decoder takes at once: the sum of two batches that need no second chunk. */
static void chunks_of_the_decoder_add_up(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    enum { B = 32, N = 15 };
    int32_t ids[B * N], target[B * N], splits[B + 1];
    int64_t sample[B];
    double whole, part[2];
    rig_random_mlm(&r, &c, 5, 1);
    for (int i = 0; i < B * N; i++) {
        ids[i] = 1 + i * 11 % 29;
        target[i] = i * 7 % 30;
        splits[i / N + 1] = (i / N + 1) * N;
        sample[i / N] = i / N;
    }
    splits[0] = 0;
    assert_true(B * N > r.net->mlm.chunk && B * N / 2 <= r.net->mlm.chunk);
    qg_train_batch b = {.B = B, .ids = ids, .splits = splits, .sample = sample, .target = target};
    qg_step s = {0, B * N};
    size_t n = r.params.count;
    float *half[2], *all = qg_arena_alloc(r.arena, n, sizeof *all);
    qt_ok(rig_net_gradient(all, &whole, NULL, r.net, r.values, NULL, &b, &s));
    for (int h = 0; h < 2; h++) {
        qg_train_batch p = {.B = B / 2,
                            .ids = ids + h * N * B / 2,
                            .splits = splits,
                            .sample = sample,
                            .target = target + h * N * B / 2};
        half[h] = qg_arena_alloc(r.arena, n, sizeof **half);
        qt_ok(rig_net_gradient(half[h], &part[h], NULL, r.net, r.values, NULL, &p, &s));
    }
    qg_tree_add(half[0], half[1], n);
    qt_close("loss", part[0] + part[1], whole, 1e-6, 0);
    qt_close_f32("gradient", half[0], all, n, 1e-4, 1e-6);
    rig_free(&r);
}

static void a_text_without_words_teaches_nothing(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    int32_t ids[] = {CLS, SEP, CLS, UNK, SEP}, splits[] = {0, 2, 5},
            target[] = {-1, -1, -1, -1, -1};
    int64_t sample[] = {0, 1};
    double loss;
    qg_step s = {0, 0};
    rig_random_mlm(&r, &c, 5, 1);
    qg_train_batch b = {.B = 2, .ids = ids, .splits = splits, .sample = sample, .target = target};
    for (size_t i = 0; i < r.params.count; i++)
        r.block[0][i] = NAN;
    qt_ok(rig_net_gradient(r.block[0], &loss, NULL, r.net, r.values, NULL, &b, &s));
    qt_close("loss", loss, 0, 0, 0);
    for (size_t i = 0; i < r.params.count; i++)
        if (!(r.block[0][i] == 0))
            fail_msg("element %zu is %g", i, (double)r.block[0][i]);
    rig_free(&r);
}

static void a_loss_that_is_not_finite_is_named(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_mlm_score score = {0};
    double loss;
    rig_random_mlm(&r, &c, 5, 1);
    qg_train_batch b = targeted(&r, 6, 5);
    qg_step s = {5, targets(&b)};
    r.values[r.params.param[r.params.n - 1].offset] = INFINITY;
    qt_fails(rig_net_gradient(r.block[0], &loss, NULL, r.net, r.values, NULL, &b, &s), QG_ENUMERIC,
             "step 5, sample 100: the loss of token", NULL);
    qt_fails(rig_net_mlm_score(&score, r.net, r.values, &b), QG_ENUMERIC, "sample 100", NULL);
    rig_free(&r);
}

typedef struct run {
    qg_trainer *trainer;
    float *values;
} run;

static run start(const rig *r, const qg_train_set *set, const qg_mlm_masking *m, int leaves)
{
    run t;
    qg_trainer_options o = {.batch = 16,
                            .leaves = leaves,
                            .clip = 1,
                            .adamw = qg_adamw_default,
                            .schedule = {QG_SCHEDULE_CONSTANT, 1e-2, 0, 0},
                            .net = {.seed = 42, .dropout = {0.1, 0.1, 0}},
                            .masking = m};
    t.values = qg_arena_alloc(r->arena, r->params.count, sizeof *t.values);
    memcpy(t.values, r->values, r->params.count * sizeof *t.values);
    qt_ok(qg_trainer_create(&t.trainer, &r->params, t.values, set, LONGEST + 2, &o));
    return t;
}

/* The mean over the global batch, whatever its leaves; and it learns. */
static void the_trainer_masks_each_step_anew(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    qg_mlm_masking m = masking(3);
    qg_mlm_score before = {0}, same = {0}, after = {0};
    double first = 0, last = 0;
    rig_random_mlm(&r, &c, 5, 1);
    qg_train_set set = texts(r.arena, 64, LONGEST);
    run one = start(&r, &set, &m, 1), four = start(&r, &set, &m, 4);
    for (int64_t at = 0, n; at < set.n; at += n) {
        n = qg_trainer_fits(one.trainer, &set, at);
        qt_ok(qg_trainer_mlm_score(&before, one.trainer, &set, at, (int)n));
    }
    for (int64_t at = 0; at < set.n; at++)
        qt_ok(qg_trainer_mlm_score(&same, four.trainer, &set, at, 1));
    qt_eq("a text's validation mask is its own", same.chosen, before.chosen);
    qt_close("nll", same.nll, before.nll, 1e-5, 0);
    for (uint64_t step = 0; step < 60; step++) {
        int64_t index[16];
        qg_step_report a, b;
        for (int i = 0; i < 16; i++)
            index[i] = (int64_t)(step * 16 + (uint64_t)i * 5) % set.n;
        qt_ok(qg_trainer_step(&a, one.trainer, index, 16, step));
        if (step == 0) {
            qt_ok(qg_trainer_step(&b, four.trainer, index, 16, step));
            qt_close("loss of four leaves", b.loss, a.loss, 1e-6, 0);
            qt_close("norm", b.norm, a.norm, 1e-4, 0);
            first = a.loss;
        }
        last = a.loss;
    }
    for (int64_t at = 0, n; at < set.n; at += n) {
        n = qg_trainer_fits(one.trainer, &set, at);
        qt_ok(qg_trainer_mlm_score(&after, one.trainer, &set, at, (int)n));
    }
    assert_true(last < first && after.nll < 0.9 * before.nll);
    int pooler = qg_params_find(&r.params, "bert.pooler.dense.weight");
    size_t offset = r.params.param[pooler].offset;
    size_t n = (size_t)(c.hidden * c.hidden);
    qt_same("the pooler stays", one.values + offset, r.values + offset, n, sizeof(float));
    qg_trainer_destroy(one.trainer);
    qg_trainer_destroy(four.trainer);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gradients_equal_finite_differences),
    cmocka_unit_test(the_head_equals_its_formula),
    cmocka_unit_test(chunks_of_the_decoder_add_up),
    cmocka_unit_test(a_text_without_words_teaches_nothing),
    cmocka_unit_test(a_loss_that_is_not_finite_is_named),
    cmocka_unit_test(the_trainer_masks_each_step_anew),
};
QT_MAIN("train_mlm", tests)
