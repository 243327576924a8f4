/*
 * trainer.c - the order of calls that train.h describes.
 *
 * Member r of R has the leaves [r L / R, (r + 1) L / R): a subtree of the tree over all L leaves.
 * Before gradients move the members agree that all of them have one. Each fake-quantizes all
 * weights for itself: that takes less time than it would to send them.
 */
#include "qgrid/trainer.h"

#include <string.h>

enum { PASS_TOKENS = 1536 }; /* what qg_trainer_options.pass_tokens is by default */

struct qg_trainer {
    qg_arena *arena;
    qg_trainer_options options;
    const qg_gang *gang;
    const qg_params *params;
    const qg_train_set *train;
    float *values;
    size_t *slice;   /* [members + 1] where slices start */
    size_t *block;   /* [members + 1] the same in blocks of squares */
    size_t *part;    /* [members + 1] where members' leaves start */
    size_t from, to; /* this member's slice */
    float *m, *v;    /* [to - from] moments */
    double *sums;    /* [blocks] of squares */
    qg_net *net;
    const float *packed; /* what the net has; NULL: changed since */
    bool apart;          /* some gradients are no sums over rows: one leaf at a time */
    qg_qat *qat;         /* NULL: none */
    qg_range *seen;      /* [sites] by the leaves of a step */
    float **grad;        /* [depth] -> [count] of a subtree of the leaves; the first is the sum */
    double *loss;        /* [leaves] */
    qg_leaf leaf;        /* the texts in hand */
    int64_t *chosen;     /* [most texts of a pass] */
    int32_t *tokens;     /* [batch] */
    int32_t *label;      /* [batch] */
    int *order;          /* [batch] */
    int *starts;         /* [leaves + 1] */
    int32_t *leaf_texts; /* [leaves + 1] of the leaves in hand */
};

static int tokens_of(const qg_train_set *set, int64_t text)
{
    return (int)(set->splits[text + 1] - set->splits[text]);
}

/* Tokens of the `batch` longest texts: no step has more. */
static qg_code most_tokens(int64_t *out, const qg_train_set *set, int batch, int longest,
                           qg_arena *scratch)
{
    int64_t *texts, left = batch; /* [longest + 1] of each length */
    QG_NEW(texts, scratch, longest + 1);
    for (int64_t i = 0; i < set->n; i++) {
        QG_ASSERT(tokens_of(set, i) <= longest);
        texts[tokens_of(set, i)]++;
    }
    *out = 0;
    for (int len = longest; len > 0; len--) {
        int64_t taken = texts[len] < left ? texts[len] : left;
        *out += taken * len;
        left -= taken;
    }
    return QG_OK;
}

/* Longest first, each to the leaf with the fewest tokens: no leaf is above the mean by more than
 * one text. Where memory for a pass allows it, several leaves are computed together: weights and
 * gradients then go through memory once. */
static qg_code size_net(qg_net_options *net, const qg_trainer *t, int longest)
{
    int64_t all, one;
    int leaves = t->options.leaves, batch = t->options.batch;
    int64_t pass = t->options.pass_tokens ? t->options.pass_tokens : PASS_TOKENS;
    QG_TRY(most_tokens(&all, t->train, batch, longest, t->arena));
    one = leaves == 1 ? all : all / leaves + longest;
    one = one < all ? one : all;
    one = one > longest ? one : longest;
    all = all < pass ? all : pass;
    one = one > all ? one : all;
    QG_ASSERT(one <= INT32_MAX);
    *net = t->options.net;
    net->longest = longest;
    net->tokens = (int)one;
    net->texts = batch < net->tokens ? batch : net->tokens;
    net->leaves = leaves / t->gang->size;
    net->poll = t->gang->poll;
    net->poll_ctx = t->gang->ctx;
    return QG_OK;
}

/* Who has which leaves, and which slice. */
static qg_code divide(qg_trainer *t)
{
    int members = t->gang->size, leaves = t->options.leaves, mine = qg_gang_slice(t->gang);
    size_t count = t->params->count;
    if (members > leaves)
        return QG_FAIL(QG_EUSAGE, "%d ranks for a training of %d leaves, at most one a leaf",
                       members, leaves);
    QG_ASSERT(members == 1 || (leaves & (leaves - 1)) == 0);
    QG_NEW(t->slice, t->arena, members + 1);
    QG_NEW(t->block, t->arena, members + 1);
    QG_NEW(t->part, t->arena, members + 1);
    for (int i = 0; i <= members; i++) {
        t->slice[i] = qg_slice_start(count, members, i);
        t->block[i] = qg_norm_blocks(t->slice[i]);
        t->part[i] = (size_t)(leaves / members) * (size_t)i;
    }
    t->from = t->slice[mine];
    t->to = t->slice[mine + 1];
    return QG_OK;
}

/* A block for each level of the subtree of `leaves`. Memory that no step needs is never touched. */
static qg_code create_gradients(qg_trainer *t, int leaves)
{
    int depth = 1;
    for (int n = leaves; n > 1; n = qg_tree_left(n))
        depth++;
    QG_NEW(t->grad, t->arena, depth);
    for (int i = 0; i < depth; i++)
        QG_NEW(t->grad[i], t->arena, t->params->count);
    return QG_OK;
}

static qg_code create(qg_trainer *t, int longest)
{
    qg_net_options net;
    int batch = t->options.batch, leaves = t->options.leaves;
    QG_ASSERT(batch > 0 && leaves > 0 && longest > 0);
    QG_ASSERT((size_t)t->params->sites * sizeof *t->seen <= QG_GANG_JOIN_BYTES);
    QG_TRY(divide(t));
    QG_TRY(size_net(&net, t, longest));
    QG_NEW(t->m, t->arena, t->to - t->from);
    QG_NEW(t->v, t->arena, t->to - t->from);
    QG_NEW(t->sums, t->arena, qg_norm_blocks(t->params->count));
    QG_NEW(t->seen, t->arena, t->params->sites);
    QG_NEW(t->loss, t->arena, leaves);
    QG_NEW(t->chosen, t->arena, batch);
    QG_NEW(t->tokens, t->arena, batch);
    QG_NEW(t->label, t->arena, batch);
    QG_NEW(t->order, t->arena, batch);
    QG_NEW(t->starts, t->arena, leaves + 1);
    QG_NEW(t->leaf_texts, t->arena, leaves + 1);
    QG_TRY(create_gradients(t, leaves / t->gang->size));
    QG_TRY(qg_leaf_create(&t->leaf, t->arena, net.tokens, net.texts));
    QG_TRY(qg_net_create(&t->net, t->params, &net));
    if (t->options.qat)
        QG_TRY(qg_qat_create(&t->qat, t->params, t->options.qat));
    t->apart = t->options.masking || (t->options.qat && t->options.qat->learned);
    t->options.qat = NULL; /* the caller's */
    return QG_OK;
}

qg_code qg_trainer_create(qg_trainer **out, const qg_params *params, float *values,
                          const qg_train_set *train, int longest, const qg_trainer_options *options)
{
    qg_arena *a = qg_arena_create(0);
    qg_trainer *t = a ? qg_arena_alloc(a, 1, sizeof *t) : NULL;
    if (!t) {
        qg_arena_destroy(a);
        return QG_FAIL(QG_ENOMEM, "no memory");
    }
    *t = (qg_trainer){.arena = a,
                      .options = *options,
                      .gang = options->gang ? options->gang : &qg_gang_alone,
                      .params = params,
                      .train = train,
                      .values = values};
    qg_code rc = create(t, longest);
    if (rc != QG_OK) {
        qg_trainer_destroy(t);
        return rc;
    }
    *out = t;
    return QG_OK;
}

void qg_trainer_destroy(qg_trainer *t)
{
    if (!t)
        return;
    qg_net_destroy(t->net);
    qg_qat_destroy(t->qat);
    qg_arena_destroy(t->arena);
}

size_t qg_trainer_bytes(const qg_trainer *t)
{
    size_t qat = t->qat ? qg_qat_bytes(t->qat) : 0;
    return qg_arena_used(t->arena) + qg_net_bytes(t->net) + qat;
}

/* Which text goes to which leaf. */
static qg_code cut(qg_trainer *t, int64_t *tokens, const int64_t *index, int n)
{
    *tokens = 0;
    for (int i = 0; i < n; i++) {
        t->tokens[i] = tokens_of(t->train, index[i]);
        t->label[i] = t->train->label[index[i]];
        *tokens += t->tokens[i];
    }
    return qg_leaves_cut(t->order, t->starts, t->tokens, n, t->options.leaves, t->arena);
}

/* Texts of leaves first .. first + n - 1. */
static qg_code gather(qg_trainer *t, const int64_t *index, int first, int n, uint64_t step)
{
    int from = t->starts[first], texts = t->starts[first + n] - from;
    for (int i = 0; i < texts; i++)
        t->chosen[i] = index[t->order[from + i]];
    for (int l = 0; l <= n; l++)
        t->leaf_texts[l] = t->starts[first + l] - from;
    QG_TRY(qg_leaf_gather(&t->leaf, t->train, t->chosen, texts));
    t->leaf.batch.leaves = n;
    t->leaf.batch.leaf = t->leaf_texts;
    if (t->options.masking)
        qg_mlm_masking_apply(&t->leaf, t->options.masking, step);
    return QG_OK;
}

/* What the batch's mean loss divides by. */
static double weigh(const qg_trainer *t, const int64_t *index, int n)
{
    if (t->options.masking)
        return qg_mlm_masking_weight(t->options.masking, t->train, index, n);
    return qg_loss_weight(t->label, n, t->options.net.class_weights);
}

static void use(qg_trainer *t, const float *weights)
{
    if (t->packed != weights)
        qg_net_set_weights(t->net, weights);
    t->packed = weights;
}

/* Leaves that fit the net are computed together. */
static qg_code pass(float *grad, qg_trainer *t, const int64_t *index, int first, int n,
                    const qg_step *step)
{
    QG_TRY(gather(t, index, first, n, step->number));
    QG_TRY(qg_net_gradient(grad, t->loss + first, NULL, t->net, t->qat, &t->leaf.batch, step));
    qg_range_join(t->seen, qg_net_seen(t->net), t->params->sites);
    return qg_gang_go_on(t->gang);
}

static bool fits(const qg_trainer *t, int first, int n)
{
    int64_t tokens = 0;
    if (t->apart)
        return false;
    for (int i = t->starts[first]; i < t->starts[first + n]; i++)
        tokens += t->tokens[t->order[i]];
    return tokens <= t->leaf.tokens;
}

/* grad = the sum over leaves first .. first + n - 1, a subtree; others of t->grad are scratch. */
static qg_code subtree(float *grad, int depth, qg_trainer *t, const int64_t *index, int first,
                       int n, const qg_step *step)
{
    if (n == 1 || fits(t, first, n))
        return pass(grad, t, index, first, n, step);
    int half = qg_tree_left(n);
    float *right = t->grad[depth + 1];
    QG_TRY(subtree(grad, depth + 1, t, index, first, half, step));
    QG_TRY(subtree(right, depth + 1, t, index, first + half, n - half, step));
    qg_tree_add(grad, right, t->params->count);
    return QG_OK;
}

/* Losses, and the gradient in t->grad[0], of this member's leaves. */
static qg_code own_leaves(qg_trainer *t, const int64_t *index, const qg_step *step)
{
    size_t first = t->part[t->gang->index], end = t->part[t->gang->index + 1];
    use(t, t->qat ? qg_qat_weights(t->qat) : t->values);
    memset(t->seen, 0, (size_t)t->params->sites * sizeof *t->seen);
    return subtree(t->grad[0], 0, t, index, (int)first, (int)(end - first), step);
}

static void join_ranges(void *a, const void *b, void *ctx)
{
    qg_range_join(a, b, ((const qg_trainer *)ctx)->params->sites);
}

/* The sum over all leaves, in this member's slice of *grad at least. */
static qg_code all_leaves(double *loss, float **grad, qg_trainer *t)
{
    const qg_gang *g = t->gang;
    *grad = t->grad[0];
    QG_TRY(qg_gang_gather(g, t->loss, t->part, sizeof *t->loss, QG_BY_MEMBER));
    *loss = qg_tree_sum_f64(t->loss, t->options.leaves);
    if (t->qat)
        QG_TRY(
            qg_gang_reduce(g, t->seen, (size_t)t->params->sites * sizeof *t->seen, join_ranges, t));
    if (t->options.reduce == QG_REDUCE_MPI)
        return qg_gang_sum_mpi(g, *grad, t->params->count);
    return qg_gang_reduce_scatter(g, *grad, t->slice, qg_tree_add);
}

static qg_code norm_of(double *norm, qg_trainer *t, const float *grad)
{
    qg_square_sums(t->sums, grad, t->from, t->to);
    QG_TRY(qg_gang_gather(t->gang, t->sums, t->block, sizeof *t->sums, QG_BY_SLICE));
    *norm = qg_norm(t->sums, qg_norm_blocks(t->params->count));
    return QG_OK;
}

/* What this member does before data move. */
static qg_code prepare(int64_t *tokens, qg_trainer *t, const int64_t *index, int n, uint64_t number)
{
    QG_TRY(cut(t, tokens, index, n));
    qg_step step = {number, weigh(t, index, n)};
    if (t->qat) {
        qg_qat_reach(t->qat, number, t->values);
        qg_qat_prepare(t->qat, t->values);
    }
    return own_leaves(t, index, &step);
}

qg_code qg_trainer_step(qg_step_report *out, qg_trainer *t, const int64_t *index, int n,
                        uint64_t number)
{
    const qg_trainer_options *o = &t->options;
    float coefficient, *grad;
    QG_ASSERT(n > 0 && n <= o->batch);
    QG_TRY(qg_gang_agree(t->gang, prepare(&out->tokens, t, index, n, number), NULL));
    QG_TRY(all_leaves(&out->loss, &grad, t));
    if (t->qat)
        qg_qat_weight_gradient(grad, t->qat, t->values, t->from, t->to);
    QG_TRY(norm_of(&out->norm, t, grad));
    QG_TRY(qg_clip(&coefficient, out->norm, o->clip, number));
    out->learning_rate = qg_schedule_rate(&o->schedule, number);
    qg_adamw_update update = {&o->adamw, out->learning_rate, number, coefficient};
    qg_adamw_step(t->values, t->m, t->v, grad, t->params, t->from, t->to, &update);
    QG_TRY(qg_gang_gather(t->gang, t->values, t->slice, sizeof *t->values, QG_BY_SLICE));
    t->packed = NULL;
    if (t->qat)
        qg_qat_observe(t->qat, t->seen);
    return QG_OK;
}

qg_trainer_state qg_trainer_state_of(qg_trainer *t)
{
    return (qg_trainer_state){.from = t->from,
                              .to = t->to,
                              .m = t->m,
                              .v = t->v,
                              .range = t->qat ? qg_qat_ranges(t->qat) : NULL,
                              .ranges = t->qat ? t->params->sites : 0};
}

int qg_trainer_fits(const qg_trainer *t, const qg_train_set *set, int64_t first)
{
    int n = 0, tokens = 0;
    while (first + n < set->n && n < t->leaf.texts) {
        tokens += tokens_of(set, first + n);
        if (n > 0 && tokens > t->leaf.tokens)
            break;
        n++;
    }
    return n;
}

static qg_code gather_run(qg_trainer *t, const qg_train_set *set, int64_t first, int n)
{
    QG_ASSERT(n <= t->leaf.texts);
    for (int i = 0; i < n; i++)
        t->chosen[i] = first + i;
    QG_TRY(qg_leaf_gather(&t->leaf, set, t->chosen, n));
    use(t, t->values);
    return QG_OK;
}

qg_code qg_trainer_forward(float *logits, qg_trainer *t, const qg_train_set *set, int64_t first,
                           int n)
{
    QG_TRY(gather_run(t, set, first, n));
    return qg_net_forward(logits, t->net, NULL, &t->leaf.batch);
}

qg_code qg_trainer_mlm_score(qg_mlm_score *sum, qg_trainer *t, const qg_train_set *set,
                             int64_t first, int n)
{
    QG_ASSERT(t->options.masking != NULL);
    QG_TRY(gather_run(t, set, first, n));
    qg_mlm_masking_apply(&t->leaf, t->options.masking, QG_MASK_VALIDATION);
    return qg_net_mlm_score(sum, t->net, &t->leaf.batch);
}
