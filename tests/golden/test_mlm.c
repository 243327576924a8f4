/*
 * test_mlm.c - masked-language modelling against PyTorch (make/make_mlm.py): loss, accuracy and the
 * gradient of every parameter, the tied embedding among them.
 */
#include "train_rig.h"

#include "qgrid/mlm.h"

#include <math.h>
#include <string.h>

/* The formula of make_mlm.py. */
static void set_parameters(rig *r, const qg_json *gradient)
{
    int number = 0;
    for (const qg_json *g = gradient->child; g; g = g->next, number++) {
        int at = qg_params_find(&r->params, g->key);
        assert_true(at >= 0);
        const qg_param *t = &r->params.param[at];
        double n = (double)t->rows * t->columns, one = strstr(t->name, "LayerNorm.weight") ? 1 : 0;
        for (int k = 0; k < (int)n; k++)
            r->values[t->offset + (size_t)k] =
                (float)(one + 0.4 * sin(k + 1.7 * number + 0.3 * k * k / n));
    }
}

static int flatten(int32_t *out, int32_t *splits, const qg_json *lists)
{
    int B = 0, n = 0;
    for (const qg_json *l = lists->child; l; l = l->next) {
        for (const qg_json *v = l->child; v; v = v->next)
            out[n++] = (int32_t)v->number;
        splits[++B] = n;
    }
    return B;
}

static void gradients_are_those_of_pytorch(void **state)
{
    (void)state;
    rig r;
    qg_config c = rig_config();
    int32_t ids[64], target[64], splits[8] = {0};
    int64_t sample[8] = {0, 1, 2};
    double loss;
    size_t compared = 0;
    qg_mlm_score score = {0};
    c.positions = 16;
    rig_random_mlm(&r, &c, 1, 1);
    const qg_json *golden = qt_json(r.arena, qt_golden("train/mlm.json"));
    set_parameters(&r, qg_json_get(golden, "gradient"));
    qg_train_batch b = {.ids = ids, .splits = splits, .sample = sample, .target = target};
    b.B = flatten(ids, splits, qg_json_get(golden, "texts"));
    qt_eq("texts", flatten(target, splits, qg_json_get(golden, "targets")), b.B);
    double want = qg_json_get(golden, "loss")->number;
    double chosen = qg_json_get(golden, "chosen")->number;
    qg_step step = {0, chosen};
    qt_ok(rig_net_gradient(r.block[0], &loss, NULL, r.net, r.values, NULL, &b, &step));
    qt_close("loss", loss, want, 1e-5, 0);
    qt_ok(rig_net_mlm_score(&score, r.net, r.values, &b));
    qt_close("nll", score.nll / chosen, want, 1e-5, 0);
    qt_eq("chosen", score.chosen, (long long)chosen);
    qt_eq("right", score.right, (long long)qg_json_get(golden, "right")->number);
    for (const qg_json *g = qg_json_get(golden, "gradient")->child; g; g = g->next) {
        size_t n;
        const double *numbers = qt_numbers(r.arena, g, &n);
        float *expected = qg_arena_alloc(r.arena, n, sizeof *expected);
        int at = qg_params_find(&r.params, g->key);
        const qg_param *t = &r.params.param[at];
        qt_eq(g->key, (long long)n, (long long)t->rows * t->columns);
        for (size_t k = 0; k < n; k++)
            expected[k] = (float)numbers[k];
        qt_close_f32(g->key, r.block[0] + t->offset, expected, n, 1e-4, 1e-6);
        compared++;
    }
    qt_eq("all parameters but the pooler's", (long long)compared, r.params.n - 2);
    rig_free(&r);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gradients_are_those_of_pytorch),
};
QT_MAIN("golden_mlm", tests)
