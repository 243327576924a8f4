/*
 * train_rig.c - the order of calls that train.h describes.
 */
#include "train_rig.h"

#include <string.h>

static void *alloc(qg_arena *a, size_t n, size_t size)
{
    void *p = qg_arena_alloc(a, n, size);
    assert_non_null(p);
    return p;
}

static void start(rig *r, int leaves)
{
    r->leaves = leaves;
    r->ranks = r->slices = 1;
    r->adamw = qg_adamw_default;
    r->clip = 1;
    r->m = alloc(r->arena, r->params.count, sizeof *r->m);
    r->v = alloc(r->arena, r->params.count, sizeof *r->v);
    r->sums = alloc(r->arena, qg_norm_blocks(r->params.count), sizeof *r->sums);
    r->logits = alloc(r->arena, (size_t)(RIG_TEXTS * r->params.config.classes), sizeof(float));
    for (int l = 0; l < leaves; l++)
        r->block[l] = alloc(r->arena, r->params.count, sizeof(float));
    qt_ok(qg_leaf_create(&r->leaf, r->arena, RIG_TOKENS, RIG_TEXTS));
    rig_net(r, (qg_net_options){.seed = 42});
}

void rig_gang(rig *r, int ranks)
{
    r->ranks = r->slices = ranks;
}

void rig_net(rig *r, qg_net_options o)
{
    o.tokens = RIG_TOKENS;
    o.texts = RIG_TEXTS;
    o.longest = RIG_LONGEST;
    qg_net_destroy(r->net);
    qt_ok(qg_net_create(&r->net, &r->params, &o));
}

void rig_load(rig *r, const char *dir, int leaves)
{
    qg_model_source src = {.dir = dir};
    *r = (rig){.arena = qg_arena_create(0)};
    qt_ok(qg_params_load(&r->params, &r->values, r->arena, &src, NULL, NULL));
    start(r, leaves);
}

qg_config rig_config(void)
{
    static const char *const labels[] = {"a", "b", "c", NULL};
    return (qg_config){.family = qg_family_find("bert"),
                       .layers = 2,
                       .hidden = 12,
                       .heads = 3,
                       .ffn = 20,
                       .vocab = 30,
                       .positions = RIG_LONGEST,
                       .types = 2,
                       .classes = 3,
                       .layer_norm_eps = 1e-5,
                       .activation = 1,
                       .labels = labels};
}

static void draw(rig *r, uint64_t seed, int leaves)
{
    qg_rng rng = qg_rng_make(seed, "rig", 0);
    r->values = alloc(r->arena, r->params.count, sizeof *r->values);
    for (int i = 0; i < r->params.n; i++) {
        const qg_param *t = &r->params.param[i];
        double center = strstr(t->name, "LayerNorm.weight") ? 1 : 0;
        for (size_t k = 0; k < (size_t)t->rows * (size_t)t->columns; k++)
            r->values[t->offset + k] = (float)(center + 0.3 * qg_rng_normal(&rng));
    }
    start(r, leaves);
}

void rig_random(rig *r, const qg_config *config, uint64_t seed, int leaves)
{
    *r = (rig){.arena = qg_arena_create(0)};
    qt_ok(qg_params_plan(&r->params, r->arena, config));
    draw(r, seed, leaves);
}

void rig_random_mlm(rig *r, const qg_config *config, uint64_t seed, int leaves)
{
    *r = (rig){.arena = qg_arena_create(0)};
    qt_ok(qg_params_plan_mlm(&r->params, r->arena, config));
    draw(r, seed, leaves);
}

void rig_free(rig *r)
{
    qg_net_destroy(r->net);
    qg_qat_destroy(r->qat);
    qg_arena_destroy(r->arena);
}

void rig_qat(rig *r, const qg_qat_options *o)
{
    if (o->learned) {
        size_t count = r->params.count;
        qt_ok(qg_params_plan_scales(&r->params, r->arena, o->precision.scheme));
        float *values = alloc(r->arena, r->params.count, sizeof *values);
        memcpy(values, r->values, count * sizeof *values);
        qg_params_measure_scales(values, &r->params);
        r->values = values;
        start(r, r->leaves);
    }
    qt_ok(qg_qat_create(&r->qat, &r->params, o));
}

/* Each rank's sum, then the upper levels of the tree, slice by slice. */
static void join_ranks(rig *r)
{
    float *top[RIG_LEAVES];
    int each = r->leaves / r->ranks;
    for (int i = 0; i < r->ranks; i++) {
        top[i] = r->block[i * each];
        qg_tree_sum(r->block + i * each, each, 0, r->params.count);
    }
    for (int i = 0; i < r->slices; i++)
        qg_tree_sum(top, r->ranks, qg_slice_start(r->params.count, r->slices, i),
                    qg_slice_start(r->params.count, r->slices, i + 1));
    r->grad = top[0];
}

/* Leaf l of the batch in r->leaf. */
static const qg_train_batch *gather(rig *r, const qg_train_batch *b, const int64_t *splits,
                                    const int *order, int n)
{
    qg_train_set set = {b->B, b->ids, splits, b->label};
    int64_t index[RIG_TEXTS];
    for (int i = 0; i < n; i++)
        index[i] = order[i];
    qt_ok(qg_leaf_gather(&r->leaf, &set, index, n));
    for (int i = 0; i < n; i++)
        r->leaf.sample[i] = b->sample[order[i]];
    return &r->leaf.batch;
}

qg_code rig_net_gradient(float *grad, double *loss, float *logits, qg_net *net,
                         const float *weights, const qg_qat *qat, const qg_train_batch *batch,
                         const qg_step *step)
{
    qg_net_set_weights(net, weights);
    return qg_net_gradient(grad, loss, logits, net, qat, batch, step);
}

qg_code rig_net_forward(float *logits, qg_net *net, const float *weights, const qg_qat *qat,
                        const qg_train_batch *batch)
{
    qg_net_set_weights(net, weights);
    return qg_net_forward(logits, net, qat, batch);
}

qg_code rig_net_mlm_score(qg_mlm_score *sum, qg_net *net, const float *weights,
                          const qg_train_batch *batch)
{
    qg_net_set_weights(net, weights);
    return qg_net_mlm_score(sum, net, batch);
}

void rig_gradient(rig *r, const qg_train_batch *b, uint64_t step)
{
    int order[RIG_TEXTS], starts[RIG_TEXTS + 1];
    int32_t tokens[RIG_TEXTS];
    int64_t splits[RIG_TEXTS + 1];
    double loss[RIG_TEXTS];
    qg_range *seen = alloc(r->arena, (size_t)r->params.sites, sizeof *seen);
    qg_step s = {step, qg_loss_weight(b->label, b->B, NULL)};
    for (int t = 0; t <= b->B; t++)
        splits[t] = b->splits[t];
    for (int t = 0; t < b->B; t++)
        tokens[t] = b->splits[t + 1] - b->splits[t];
    qt_ok(qg_leaves_cut(order, starts, tokens, b->B, r->leaves, r->arena));
    if (r->qat) {
        qg_qat_reach(r->qat, step, r->values);
        qg_qat_prepare(r->qat, r->values);
    }
    qg_net_set_weights(r->net, r->qat ? qg_qat_weights(r->qat) : r->values);
    for (int l = 0; l < r->leaves; l++) {
        const qg_train_batch *leaf = b;
        if (r->leaves > 1)
            leaf = gather(r, b, splits, order + starts[l], starts[l + 1] - starts[l]);
        qt_ok(qg_net_gradient(r->block[l], &loss[l], r->logits, r->net, r->qat, leaf, &s));
        qg_range_join(seen, qg_net_seen(r->net), r->params.sites);
    }
    join_ranks(r);
    r->loss = qg_tree_sum_f64(loss, r->leaves);
    if (r->qat) {
        qg_qat_weight_gradient(r->grad, r->qat, r->values, 0, r->params.count);
        qg_qat_observe(r->qat, seen);
    }
    qg_square_sums(r->sums, r->grad, 0, r->params.count);
    r->norm = qg_norm(r->sums, qg_norm_blocks(r->params.count));
}

void rig_step(rig *r, const qg_train_batch *b, uint64_t step)
{
    rig_gradient(r, b, step);
    r->rate = qg_schedule_rate(&r->schedule, step);
    qt_ok(qg_clip(&r->coefficient, r->norm, r->clip, step));
    for (int i = 0; i < r->slices; i++) {
        size_t from = qg_slice_start(r->params.count, r->slices, i);
        size_t to = qg_slice_start(r->params.count, r->slices, i + 1);
        qg_adamw_update update = {&r->adamw, r->rate, step, r->coefficient};
        qg_adamw_step(r->values, r->m + from, r->v + from, r->grad, &r->params, from, to, &update);
    }
}

qg_train_batch rig_batch(qg_arena *a, const qg_config *c, int B, int longest, uint64_t seed)
{
    qg_rng rng = qg_rng_make(seed, "rig/batch", 0);
    int32_t *ids = alloc(a, (size_t)(B * longest), sizeof *ids);
    int32_t *types = alloc(a, (size_t)(B * longest), sizeof *types);
    int32_t *splits = alloc(a, (size_t)B + 1, sizeof *splits), *label = alloc(a, (size_t)B, 4);
    int64_t *sample = alloc(a, (size_t)B, sizeof *sample);
    for (int t = 0; t < B; t++) {
        int n = 1 + (int)qg_rng_below(&rng, (uint64_t)longest);
        for (int i = splits[t]; i < splits[t] + n; i++) {
            ids[i] = 1 + (int32_t)qg_rng_below(&rng, (uint64_t)c->vocab - 1);
            types[i] = (int32_t)qg_rng_below(&rng, (uint64_t)c->types);
        }
        splits[t + 1] = splits[t] + n;
        label[t] = (int32_t)qg_rng_below(&rng, (uint64_t)c->classes);
        sample[t] = 100 + 7 * t;
    }
    return (qg_train_batch){B, ids, types, splits, NULL, label, sample, .target = NULL};
}
