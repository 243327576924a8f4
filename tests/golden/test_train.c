/*
 * test_train.c - training against PyTorch and transformers: gradients of step 0 of every parameter,
 * 30 steps, clipping, both AdamW. Tolerances: tests/golden/data/README.md.
 */
#include "train_data.h"

static const double LOSS = 5e-6, NORM = 2e-5, WEIGHTS = 2e-5, KEY_BIAS = 1e-3;

static void open_rig(rig *r, int leaves)
{
    rig_load(r, golden_folder(), leaves);
    r->schedule = golden_schedule();
}

static void gradients_of_step_0_equal_pytorch(void **state)
{
    (void)state;
    rig r;
    open_rig(&r, 1);
    size_t n;
    qg_weights *w = golden("fp32_grads_step0");
    qg_train_batch b = golden_batch(r.arena, golden_json(r.arena, "batches"), 0, false);
    rig_gradient(&r, &b, 0);
    float *logits = tensor(r.arena, w, "__logits__", &n);
    qt_close_f32("logits", r.logits, logits, n, 0, 5e-6);
    print_message("largest difference over the tensor's largest value: fp32 %.2g, fp64 %.2g\n",
                  compare(r.arena, &r, r.grad, "fp32_grads_step0", true, 2e-5, 1e-7),
                  compare(r.arena, &r, r.grad, "fp64_grads_step0", true, 2e-5, 1e-7));
    qg_weights_close(w);
    rig_free(&r);
}

/* Padding rows that attention does not see change nothing. */
static void padded_batches_have_the_gradients_of_ragged_ones(void **state)
{
    (void)state;
    rig r;
    open_rig(&r, 1);
    qg_train_batch b = golden_batch(r.arena, golden_json(r.arena, "batches"), 0, true);
    rig_gradient(&r, &b, 0);
    compare(r.arena, &r, r.grad, "fp64_grads_step0", true, 2e-5, 1e-7);
    rig_free(&r);
}

typedef struct worst {
    double loss, norm;
} worst;

static worst follow(rig *r, const char *key, const char *after_2, const char *after_5)
{
    const qg_json *steps = member(golden_json(r->arena, "steps"), key);
    const qg_json *batches = golden_json(r->arena, "batches");
    worst w = {0};
    qt_eq("steps", steps->count, STEPS);
    for (int s = 0; s < STEPS; s++) {
        const qg_json *want = element(steps, s);
        qg_train_batch b = golden_batch(r->arena, batches, s % BATCHES, false);
        if (s == 2 && after_2)
            compare(r->arena, r, r->values, after_2, false, WEIGHTS, KEY_BIAS);
        if (s == 5 && after_5)
            compare(r->arena, r, r->values, after_5, false, WEIGHTS, KEY_BIAS);
        rig_step(r, &b, (uint64_t)s);
        double loss = member(want, "loss")->number, norm = member(want, "grad_norm")->number;
        qt_close("learning rate", r->rate, member(want, "lr")->number, 1e-12, 0);
        qt_close("loss", r->loss, loss, 0, LOSS);
        qt_close("gradient norm", r->norm, norm, NORM, 0);
        qt_close("clip", (double)r->coefficient, member(want, "clip_coef")->number, 3e-5, 0);
        w.loss = fmax(w.loss, fabs(r->loss - loss));
        w.norm = fmax(w.norm, fabs(r->norm / norm - 1));
    }
    return w;
}

static void thirty_steps_equal_pytorch(void **state)
{
    (void)state;
    for (int leaves = 1; leaves <= 4; leaves *= 4) {
        rig r;
        open_rig(&r, leaves);
        worst w = follow(&r, "fp32", "fp32_after_2_steps", "fp32_after_5_steps");
        worst d = {compare(r.arena, &r, r.values, "fp32_final", false, WEIGHTS, KEY_BIAS),
                   compare(r.arena, &r, r.values, "fp64_final", false, WEIGHTS, KEY_BIAS)};
        print_message(
            "%d leaves: loss %.2g, norm %.2g (relative), final weights %.2g (fp64 %.2g)\n", leaves,
            w.loss, w.norm, d.loss, d.norm);
        rig_free(&r);
    }
}

static void steps_clipped_at_5_equal_pytorch(void **state)
{
    (void)state;
    static const char *const head[] = {"bert.pooler.dense.weight", "bert.pooler.dense.bias",
                                       "classifier.weight", "classifier.bias"};
    rig r;
    open_rig(&r, 2);
    r.clip = 5;
    worst w = follow(&r, "fp32_clip5", NULL, NULL);
    qg_weights *final = golden("fp32_clip5_final_head");
    for (int i = 0; i < 4; i++) {
        size_t n;
        float *want = tensor(r.arena, final, head[i], &n);
        int at = qg_params_find(&r.params, head[i]);
        qt_close_f32(head[i], r.values + r.params.param[at].offset, want, n, 0, WEIGHTS);
    }
    print_message("loss %.2g, norm %.2g (relative)\n", w.loss, w.norm);
    qg_weights_close(final);
    rig_free(&r);
}

static void transformers_adamw_equals_its_own(void **state)
{
    (void)state;
    rig r;
    open_rig(&r, 1);
    r.adamw.kind = QG_ADAMW_TRANSFORMERS;
    worst w = follow(&r, "fp32_hf_adamw", NULL, NULL);
    double d = compare(r.arena, &r, r.values, "fp32_hf_adamw_final", false, WEIGHTS, KEY_BIAS);
    print_message("loss %.2g, norm %.2g (relative), final weights %.2g\n", w.loss, w.norm, d);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gradients_of_step_0_equal_pytorch),
    cmocka_unit_test(padded_batches_have_the_gradients_of_ragged_ones),
    cmocka_unit_test(thirty_steps_equal_pytorch),
    cmocka_unit_test(steps_clipped_at_5_equal_pytorch),
    cmocka_unit_test(transformers_adamw_equals_its_own),
};
QT_GOLDEN_MAIN("train", tests)
