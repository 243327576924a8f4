/*
 * test_relevance.c - AttnLRP as changed derivatives against relevances handed back the slow way.
 */
#include "relevance_ref.h"
#include "train_rig.h"

#include "train/net/input_gradient.h"
#include "train/net/layernorm_rows.h"

#include <math.h>
#include <string.h>

enum { B = 4, T = 24, MOST = 64, K = 3 };

/* Texts of 7, 1, 11 and 5 tokens. */
static const int32_t splits[B + 1] = {0, 7, 8, 19, 24}, label[B] = {0, 1, 2, 1};
static const int64_t sample[B] = {0};
static int32_t ids[T];

static qg_train_batch batch_of(int first, int n, const int32_t *ends)
{
    return (qg_train_batch){.B = n,
                            .ids = ids + splits[first],
                            .splits = ends,
                            .label = label + first,
                            .sample = sample};
}

/* A net with random weights, odd sizes. */
static void start(rig *r, int hidden, int heads, int ffn, int act)
{
    qg_config c = rig_config();
    c.hidden = hidden;
    c.heads = heads;
    c.ffn = ffn;
    c.activation = act;
    rig_random(r, &c, 11, 1);
    qg_rng rng = qg_rng_make(1, "ids", 0);
    for (int i = 0; i < T; i++)
        ids[i] = (int32_t)qg_rng_below(&rng, (uint64_t)c.vocab);
}

/* Relevances [T, C] of all texts' coordinates and values [B]. */
static void relevances(double *out, double *value, rig *r, qg_entry entry, bool probability)
{
    float x[T * MOST], dx[T * MOST];
    int C = r->params.config.hidden;
    qg_input_question ask = {entry, probability, true};
    qg_train_batch b = batch_of(0, B, splits);
    qg_net_set_weights(r->net, r->values);
    qt_ok(qg_net_embed(x, r->net, &b, entry));
    b.ids = NULL;
    qt_ok(qg_net_input_gradient(value, dx, r->net, NULL, &b, x, &ask));
    for (int i = 0; i < T * C; i++)
        out[i] = (double)x[i] * (double)dx[i];
}

static double sum_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum;
}

/* ------------------------------------------------------------------------------ the reference */

static double against_reference(rig *r, bool probability)
{
    double words[T * MOST], first[T * MOST], value[B], worst = 0;
    int C = r->params.config.hidden;
    relevances(words, value, r, QG_ENTRY_WORDS, probability);
    relevances(first, value, r, QG_ENTRY_EMBEDDINGS, probability);
    for (int t = 0; t < B; t++) {
        int n = splits[t + 1] - splits[t], at = splits[t] * C;
        relevance_ref want = relevance_ref_of(r->arena, &r->params, r->values, ids + splits[t], n,
                                              label[t], probability);
        qt_close("value", value[t], want.value, 0, 1e-5);
        qt_close("conserved", sum_of(want.x, n * C) + want.kept, want.start, 1e-9, 1e-9);
        qt_close("conserved", sum_of(want.word, n * C) + want.kept_outside, want.start, 1e-9, 1e-9);
        for (int of = 0; of < 2; of++) {
            const double *w = of ? want.word : want.x, *g = (of ? words : first) + at;
            double most = 0, apart = 0;
            for (int i = 0; i < n * C; i++) {
                most = fmax(most, fabs(w[i]));
                apart = fmax(apart, fabs(w[i] - g[i]));
                assert_true(isfinite(g[i]));
            }
            assert_true(most > 1e-6);
            worst = fmax(worst, apart / most);
        }
    }
    return worst;
}

static void changed_derivatives_give_the_relevances_of_the_paper(void **state)
{
    (void)state;
    static const struct {
        int hidden, heads, ffn, act;
    } shapes[] = {{12, 3, 20, QG_ACT_GELU},
                  {15, 5, 33, QG_ACT_GELU_NEW},
                  {14, 1, 7, QG_ACT_RELU},
                  {33, 11, 65, QG_ACT_GELU},
                  {48, 4, 64, QG_ACT_GELU}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        rig r;
        start(&r, shapes[s].hidden, shapes[s].heads, shapes[s].ffn, shapes[s].act);
        double logit = against_reference(&r, false), probability = against_reference(&r, true);
        print_message("hidden %d, heads %d: %.2g of a logit's, %.2g of a probability's largest\n",
                      shapes[s].hidden, shapes[s].heads, logit, probability);
        qt_close("relevances", fmax(logit, probability), 0, 0, 1e-4);
        rig_free(&r);
    }
}

/* ---------------------------------------------------------------------------------- closed forms
 */

/* Parameters whose names end like this. */
static void fill(rig *r, const char *end, float value)
{
    int found = 0;
    for (int i = 0; i < r->params.n; i++) {
        const qg_param *p = &r->params.param[i];
        size_t have = strlen(p->name), want = strlen(end);
        if (have < want || strcmp(p->name + have - want, end) != 0)
            continue;
        for (int k = 0; k < p->rows * p->columns; k++)
            r->values[p->offset + (size_t)k] = value;
        found++;
    }
    assert_true(found > 0);
}

/* Without biases, and with attention that adds nothing, all of the logit comes to the embeddings;
 * and all of it is the first token's. */
static void nothing_is_lost_where_nothing_keeps_it(void **state)
{
    (void)state;
    rig r;
    double got[T * MOST], value[B];
    start(&r, 15, 3, 33, QG_ACT_GELU);
    fill(&r, ".bias", 0);
    fill(&r, "attention.output.dense.weight", 0);
    relevances(got, value, &r, QG_ENTRY_EMBEDDINGS, false);
    for (int t = 0; t < B; t++) {
        int n = splits[t + 1] - splits[t];
        assert_true(fabs(value[t]) > 1e-3);
        qt_close("first token", sum_of(got + splits[t] * 15, 15), value[t], 1e-4, 1e-5);
        qt_close("others", sum_of(got + splits[t] * 15 + 15, (n - 1) * 15), 0, 0, 0);
    }
    rig_free(&r);
}

/* Attention that looks everywhere alike (q = 0) keeps half of what passes through it: of one token,
 * whose attention is 1 whatever it says, and in sum of many. */
static void even_attention_keeps_half(void **state)
{
    (void)state;
    rig r;
    double whole[T * MOST], none[T * MOST], value[B], without[B];
    start(&r, 12, 3, 20, QG_ACT_RELU);
    fill(&r, ".bias", 0);
    fill(&r, "attention.self.query.weight", 0);
    fill(&r, "attention.self.key.weight", 0);
    relevances(whole, value, &r, QG_ENTRY_EMBEDDINGS, false);
    for (int t = 0; t < B; t++) {
        int n = splits[t + 1] - splits[t];
        relevance_ref want =
            relevance_ref_of(r.arena, &r.params, r.values, ids + splits[t], n, label[t], false);
        qt_close("kept", value[t] - sum_of(whole + splits[t] * 12, n * 12), want.kept, 1e-3, 1e-4);
        assert_true(fabs(want.kept) > 1e-3);
    }
    fill(&r, "attention.self.value.weight", 0);
    relevances(none, without, &r, QG_ENTRY_EMBEDDINGS, false);
    for (int t = 0; t < B; t++)
        qt_close("no values, nothing kept",
                 sum_of(none + splits[t] * 12, (splits[t + 1] - splits[t]) * 12), without[t], 1e-4,
                 1e-5);
    rig_free(&r);
}

/* f(u) / u, also where u is 0 or nearly, and f by its definition in double. */
static void chords_go_from_the_origin(void **state)
{
    (void)state;
    static const float u[] = {0,      -0.0F, 1e-30F, -1e-6F, 1e-3F, 0.2499F, -0.2501F, 0.7F,
                              -0.99F, 1.01F, -3,     6,      -12,   40,      -1e-20F};
    enum { N = sizeof u / sizeof *u };
    const qg_kernels *k = qg_kernels_get(NULL);
    for (int act = QG_ACT_GELU; act <= QG_ACT_TANH; act++) {
        float d[N], g[N];
        memcpy(g, u, sizeof u);
        k->activation(g, N, (qg_activation)act);
        for (int i = 0; i < N; i++)
            d[i] = 2;
        qg_activation_chord(d, u, g, N, (qg_activation)act, k);
        for (int i = 0; i < N; i++) {
            double v = (double)u[i], root = sqrt(2 / acos(-1));
            double want = act == QG_ACT_GELU ? erfc(-v / sqrt(2)) / 2
                          : act == QG_ACT_GELU_NEW
                              ? (1 + tanh(root * (v + 0.044715 * v * v * v))) / 2
                          : act == QG_ACT_RELU ? v > 0
                          : v == 0             ? 1
                                               : tanh(v) / v;
            qt_close("chord", (double)d[i], 2 * want, 1e-5, 2e-6);
        }
    }
}

/* --------------------------------------------------------------------------------------- batches
 */

static void texts_and_gradients_do_not_see_it(void **state)
{
    (void)state;
    rig r;
    double all[T * MOST], again[T * MOST], value[B];
    float x[T * MOST], dx[T * MOST], before[T * MOST], after[T * MOST];
    start(&r, 12, 3, 20, QG_ACT_GELU);
    qg_train_batch b = batch_of(0, B, splits);
    qg_input_question gradient = {QG_ENTRY_WORDS, false, false};
    qg_input_question ask = {QG_ENTRY_WORDS, false, true};
    qg_net_set_weights(r.net, r.values);
    qt_ok(qg_net_embed(x, r.net, &b, QG_ENTRY_WORDS));
    qt_ok(qg_net_input_gradient(value, before, r.net, NULL, &b, x, &gradient));
    relevances(all, value, &r, QG_ENTRY_WORDS, false);
    qt_ok(qg_net_input_gradient(value, after, r.net, NULL, &b, x, &gradient));
    qt_same("gradients", before, after, T * 12, sizeof(float));
    relevances(again, value, &r, QG_ENTRY_WORDS, false);
    qt_same("relevances", all, again, T * 12, sizeof(double));
    assert_true(memcmp(before, all, sizeof(float)) != 0);
    for (int t = 0; t < B; t++) {
        int32_t n = splits[t + 1] - splits[t], ends[] = {0, n};
        double one_value;
        qg_train_batch one = batch_of(t, 1, ends);
        const float *own = x + splits[t] * 12;
        qt_ok(qg_net_input_gradient(&one_value, dx, r.net, NULL, &one, own, &ask));
        for (int i = 0; i < n * 12; i++)
            again[splits[t] * 12 + i] = (double)own[i] * (double)dx[i];
        qt_same("value", &one_value, &value[t], 1, sizeof(double));
    }
    qt_same("alone", all, again, T * 12, sizeof(double));
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(changed_derivatives_give_the_relevances_of_the_paper),
    cmocka_unit_test(nothing_is_lost_where_nothing_keeps_it),
    cmocka_unit_test(even_attention_keeps_half),
    cmocka_unit_test(chords_go_from_the_origin),
    cmocka_unit_test(texts_and_gradients_do_not_see_it),
};
QT_MAIN("relevance", tests)
