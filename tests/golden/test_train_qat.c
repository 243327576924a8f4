/*
 * test_train_qat.c - fake quantization against PyTorch: the two quantizers and a quantized Linear
 * bit for bit or nearly so, then gradients and the trajectory of a whole model, which amplify
 * rounding (bounds of tests/golden/data/README.md).
 */
#include "train_data.h"

#include "train/net/linear.h"

static void fake_quantizers_equal_pytorch_bit_for_bit(void **state)
{
    (void)state;
    size_t n, m;
    qg_arena *a = qg_arena_create(0);
    qg_weights *u = golden("fakequant_unit");
    float *x = tensor(a, u, "act.x", &n), *y = qg_arena_alloc(a, n, sizeof *y);
    float *range = tensor(a, u, "act.min_max", &m); /* narrower than x */
    qg_affine grid = qg_affine_of((qg_range){range[0], range[1], true});
    qt_same("scale", &grid.scale, tensor(a, u, "act.scale", &m), 1, sizeof(float));
    qt_eq("zero point", grid.zero, (int)*tensor(a, u, "act.zero_point", &m));
    qg_affine_forward(y, x, n, grid);
    qt_same("act.y", y, tensor(a, u, "act.y", &m), n, sizeof *y);
    qg_affine_backward(y, tensor(a, u, "act.grad_out", &m), x, n, grid);
    qt_same("act.grad_in", y, tensor(a, u, "act.grad_in", &m), n, sizeof *y);

    float *w = tensor(a, u, "weight.w", &n), scale[5];
    int8_t codes[5 * 24];
    qg_weights_forward(y, scale, codes, w, 5, 24, &qg_precision_torch_int8);
    qt_same("weight.scale", scale, tensor(a, u, "weight.scale", &m), 5, sizeof *scale);
    float *want = tensor(a, u, "weight.y", &m);
    for (size_t i = 0; i < n; i++)
        qt_close("weight.y", (double)y[i], (double)want[i], 0, 0); /* but for the sign of 0 */
    float *d = tensor(a, u, "weight.grad_out", &m);
    qg_weights_backward(d, w, scale, 0, n, 24, &qg_precision_torch_int8, false);
    qt_same("weight.grad_in", d, tensor(a, u, "weight.grad_in", &m), n, sizeof *d);
    qg_weights_close(u);
    qg_arena_destroy(a);
}

static void moving_ranges_equal_pytorch_bit_for_bit(void **state)
{
    (void)state;
    size_t n;
    qg_arena *a = qg_arena_create(0);
    qg_weights *u = golden("fakequant_unit");
    const qg_kernels *kernels = qg_kernels_get(NULL);
    qg_range moving = {0};
    float *x = tensor(a, u, "ema.x", &n), *ranges = tensor(a, u, "ema.min_max", &n);
    float *grids = tensor(a, u, "ema.scale_zero_point", &n);
    for (int s = 0; s < 7; s++) {
        qg_range seen = {.set = true};
        kernels->minmax(&seen.lo, &seen.hi, x + 50 * s, 50, 1, 50);
        moving = qg_range_moved(moving, seen);
        qg_affine grid = qg_affine_of(moving);
        qt_same("range", &moving, ranges + 2 * s, 2, sizeof(float));
        qt_same("scale", &grid.scale, grids + 2 * s, 1, sizeof(float));
        qt_eq("zero point", grid.zero, (int)grids[2 * s + 1]);
    }
    qg_weights_close(u);
    qg_arena_destroy(a);
}

/* One quantized Linear [24, 40] in three training calls. */
static void a_quantized_linear_equals_pytorch(void **state)
{
    (void)state;
    enum { N = 24, K = 40, M = 21 };
    size_t n;
    qg_arena *a = qg_arena_create(0);
    qg_weights *u = golden("qat_linear_unit");
    const int32_t splits[] = {0, M};
    float weights[N * K + N], grad[N * K + N], scale[N], y[M * N], dx[M * K], buffer[M * K];
    int8_t codes[N * K];
    qg_linear l = {.n = N, .k = K, .parts = 1, .bias = N * K};
    qg_range moving = {0}, seen = {0};
    qg_affine grid;
    qg_hook hook = {.kind = QG_INPUT_MOVING,
                    .state = &moving,
                    .seen = &seen,
                    .affine = &grid,
                    .leaves = 1,
                    .buffer = buffer,
                    .kernels = qg_kernels_get(NULL)};
    qg_weights_forward(weights, scale, codes, tensor(a, u, "w", &n), N, K,
                       &qg_precision_torch_int8);
    memcpy(weights + N * K, tensor(a, u, "b", &n), N * sizeof *weights);
    float sum[2 * K], *sums[] = {sum};
    qg_site_workspace workspace;
    qg_site site;
    qt_ok(qg_site_workspace_create(&workspace, a, N > K ? N : K, M, 1));
    qt_ok(qg_site_create(&site, a, &l, &workspace, hook.kernels));
    qg_site_pack(&site, weights);
    for (int call = 0; call < 3; call++) {
        char name[64];
#define REF(part) (snprintf(name, sizeof name, "call%d." part, call), tensor(a, u, name, &n))
        qg_rows x = {REF("x"), M, 1, splits, {1, splits, sums}};
        qg_linear_forward(y, &site, 0, &x, &hook);
        qt_same("weight scale", scale, REF("weight_scale"), N, sizeof *scale);
        qt_same("scale", &grid.scale, REF("act_scale"), 1, sizeof(float));
        qt_eq("zero point", grid.zero, (int)*REF("act_zero_point"));
        qt_same("quantized input", buffer, REF("x_fakequant"), M * K, sizeof *buffer);
        qt_close_f32("y", y, REF("y"), M * N, 0, 1e-5);
        qg_linear_backward(dx, grad, REF("grad_out"), &site, 0, &x, &hook);
        qt_close_f32("grad_x", dx, REF("grad_x"), M * K, 0, 1e-5);
        qt_close_f32("grad_w", grad, REF("grad_w"), N * K, 0, 1e-5);
        qt_close_f32("grad_b", grad + N * K, REF("grad_b"), N, 0, 1e-5);
        moving = qg_range_moved(moving, seen);
        qt_same("range", &moving, REF("act_min_max"), 2, sizeof(float));
#undef REF
    }
    qg_weights_close(u);
    qg_arena_destroy(a);
}

static void open_rig(rig *r)
{
    qg_qat_options o = {{"torch_int8", &qg_precision_torch_int8, QG_EMBED_FP32}, QG_QAT_MOVING};
    rig_load(r, golden_folder(), 1);
    r->schedule = golden_schedule();
    qt_ok(qg_qat_create(&r->qat, &r->params, &o));
}

/* The reference keeps one observer a Linear; those of query, key and value are one site of ours. */
static const char *site_name(const rig *r, int site)
{
    static char name[96];
    const char *weight = r->params.param[r->params.site[site].param].name;
    snprintf(name, sizeof name, "%.*s", (int)(strlen(weight) - strlen(".weight")), weight);
    return name;
}

/* |got - want| / |want| over all parameters of a file. */
static double distance(rig *r, const char *file)
{
    qg_weights *w = golden(file);
    double difference = 0, length = 0;
    for (int i = 0; i < r->params.n; i++) {
        const qg_param *t = &r->params.param[i];
        size_t n;
        float *want = tensor(r->arena, w, t->name, &n);
        for (size_t k = 0; k < n; k++) {
            double d = (double)r->grad[t->offset + k] - (double)want[k];
            difference += d * d;
            length += (double)want[k] * (double)want[k];
        }
    }
    qg_weights_close(w);
    return sqrt(difference / length);
}

static void qat_gradients_of_step_0_equal_pytorch(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const qg_json *steps = golden_json(r.arena, "steps");
    const qg_json *observers = member(member(steps, "qat_observers"), "step0");
    qg_train_batch b = golden_batch(r.arena, golden_json(r.arena, "batches"), 0, true);
    rig_gradient(&r, &b, 0);
    double loss = member(element(member(steps, "qat"), 0), "loss")->number;
    double d = distance(&r, "qat_grads_step0");
    print_message("loss %.2g, gradients %.2g (L2)\n", fabs(r.loss - loss), d);
    qt_close("loss", r.loss, loss, 0, 2e-3);
    qt_close("gradients", d, 0, 0, 0.05);
    for (int s = 0; s < r.params.sites; s++) {
        const qg_json *o = member(observers, site_name(&r, s));
        qg_range range = qg_qat_ranges(r.qat)[s];
        qt_close("min", (double)range.lo, member(o, "act_min")->number, 1e-2, 1e-3);
        qt_close("max", (double)range.hi, member(o, "act_max")->number, 1e-2, 1e-3);
    }
    rig_free(&r);
}

static void load_step_10(rig *r)
{
    qg_weights *w = golden("qat_step10_state");
    char name[128];
    for (int i = 0; i < r->params.n; i++) {
        size_t n;
        const qg_param *t = &r->params.param[i];
        float *x = tensor(r->arena, w, t->name, &n);
        memcpy(r->values + t->offset, x, n * sizeof *x);
    }
    for (int s = 0; s < r->params.sites; s++) {
        size_t n;
        snprintf(name, sizeof name, "__observer__.%s", site_name(r, s));
        float *x = tensor(r->arena, w, name, &n);
        qg_qat_ranges(r->qat)[s] = (qg_range){x[0], x[1], true};
    }
    qg_weights_close(w);
}

static void qat_gradients_of_step_10_equal_pytorch(void **state)
{
    (void)state;
    rig r;
    size_t n;
    open_rig(&r);
    load_step_10(&r);
    qg_train_batch b = golden_batch(r.arena, golden_json(r.arena, "batches"), 10 % BATCHES, true);
    rig_gradient(&r, &b, 10);
    qg_weights *w = golden("qat_step10_grads");
    float *logits = tensor(r.arena, w, "__logits__", &n);
    double d = distance(&r, "qat_step10_grads"), worst = 0;
    for (size_t i = 0; i < n; i++)
        worst = fmax(worst, fabs((double)r.logits[i] - (double)logits[i]));
    print_message("logits %.2g, gradients %.2g (L2)\n", worst, d);
    qt_close_f32("logits", r.logits, logits, n, 0, 0.02);
    qt_close("gradients", d, 0, 0, 0.05);
    for (int s = 0; s < r.params.sites; s++) {
        char name[128];
        snprintf(name, sizeof name, "__observer_after__.%s", site_name(&r, s));
        float *after = tensor(r.arena, w, name, &n);
        qg_range range = qg_qat_ranges(r.qat)[s];
        qt_close("min", (double)range.lo, (double)after[0], 1e-4, 1e-4);
        qt_close("max", (double)range.hi, (double)after[1], 1e-4, 1e-4);
        snprintf(name, sizeof name, "__scale_zp__.%s", site_name(&r, s));
        float *grid = tensor(r.arena, w, name, &n);
        qt_close("scale", (double)qg_affine_of(range).scale, (double)grid[0], 1e-4, 0);
        qt_close("zero point", qg_affine_of(range).zero, (double)grid[1], 0, 1);
    }
    qg_weights_close(w);
    rig_free(&r);
}

static double check_frozen_logits(rig *r, const qg_json *want, const qg_json *batches)
{
    double worst = 0;
    qg_qat_prepare(r->qat, r->values);
    for (int i = 0; i < BATCHES; i++) {
        size_t n;
        double *logits = qt_numbers(r->arena, element(want, i), &n);
        qg_train_batch b = golden_batch(r->arena, batches, i, true);
        qt_ok(rig_net_forward(r->logits, r->net, qg_qat_weights(r->qat), r->qat, &b));
        for (size_t k = 0; k < n; k++)
            worst = fmax(worst, fabs((double)r->logits[k] - logits[k]));
    }
    return worst;
}

static void thirty_qat_steps_stay_near_pytorch(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    const qg_json *golden_steps = golden_json(r.arena, "steps");
    const qg_json *batches = golden_json(r.arena, "batches");
    double loss = 0, norm = 0;
    for (int s = 0; s < STEPS; s++) {
        const qg_json *want = element(member(golden_steps, "qat"), s);
        qg_train_batch b = golden_batch(r.arena, batches, s % BATCHES, true);
        rig_step(&r, &b, (uint64_t)s);
        qt_close("loss", r.loss, member(want, "loss")->number, 0, 0.03);
        loss = fmax(loss, fabs(r.loss - member(want, "loss")->number));
        norm = fmax(norm, fabs(r.norm - member(want, "grad_norm")->number));
    }
    double weights = compare(r.arena, &r, r.values, "qat_final", false, 0.01, 0.01);
    double logits =
        check_frozen_logits(&r, member(golden_steps, "qat_eval_logits_frozen_observers"), batches);
    print_message("loss %.2g, norm %.2g, final weights %.2g, logits afterwards %.2g\n", loss, norm,
                  weights, logits);
    qt_close("logits with frozen ranges", logits, 0, 0, 0.1);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(fake_quantizers_equal_pytorch_bit_for_bit),
    cmocka_unit_test(moving_ranges_equal_pytorch_bit_for_bit),
    cmocka_unit_test(a_quantized_linear_equals_pytorch),
    cmocka_unit_test(qat_gradients_of_step_0_equal_pytorch),
    cmocka_unit_test(qat_gradients_of_step_10_equal_pytorch),
    cmocka_unit_test(thirty_qat_steps_stay_near_pytorch),
};
QT_GOLDEN_MAIN("train_qat", tests)
