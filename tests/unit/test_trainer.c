/*
 * test_trainer.c - a process's training run against the rig, which makes each call itself.
 */
#include "train_rig.h"

#include "qgrid/trainer.h"

#include <math.h>
#include <string.h>

enum { TEXTS = 13, LEAVES = 4 };

/* A rig and a trainer of equal parameters and texts. */
typedef struct pair {
    rig rig;
    qg_train_batch batch;
    qg_train_set set;
    int64_t index[TEXTS];
    float *values; /* the trainer's */
    qg_trainer *trainer;
    int pass_tokens;
    qg_qat_inputs inputs;
} pair;

static void start(pair *p, const char *precision)
{
    qg_config c = rig_config();
    qg_qat_options qat = {.inputs = p->inputs};
    qat.precision.scheme = precision ? qg_precision_find(precision) : NULL;
    rig_random(&p->rig, &c, 7, LEAVES);
    p->rig.schedule = (qg_schedule){QG_SCHEDULE_COSINE, 1e-2, 2, 9};
    if (precision)
        qt_ok(qg_qat_create(&p->rig.qat, &p->rig.params, &qat));
    p->batch = rig_batch(p->rig.arena, &c, TEXTS, 9, 3);
    int64_t *splits = qg_arena_alloc(p->rig.arena, TEXTS + 1, sizeof *splits);
    for (int t = 0; t <= TEXTS; t++)
        splits[t] = p->batch.splits[t];
    for (int t = 0; t < TEXTS; t++)
        p->index[t] = t;
    p->set = (qg_train_set){TEXTS, p->batch.ids, splits, p->batch.label};
    p->values = qg_arena_alloc(p->rig.arena, p->rig.params.count, sizeof *p->values);
    memcpy(p->values, p->rig.values, p->rig.params.count * sizeof *p->values);
    qg_trainer_options o = {.batch = TEXTS,
                            .leaves = LEAVES,
                            .pass_tokens = p->pass_tokens,
                            .clip = p->rig.clip,
                            .adamw = p->rig.adamw,
                            .schedule = p->rig.schedule,
                            .net = {.seed = 42},
                            .qat = precision ? &qat : NULL};
    qt_ok(qg_trainer_create(&p->trainer, &p->rig.params, p->values, &p->set, 9, &o));
}

static void finish(pair *p)
{
    qg_trainer_destroy(p->trainer);
    rig_free(&p->rig);
}

/* The rig computes leaf after leaf; the trainer leaf after leaf, some together, or all. */
static void a_step_is_the_one_of_train_h(void **state)
{
    static const struct {
        const char *precision;
        qg_qat_inputs inputs;
        int pass_tokens;
    } cases[] = {{NULL, QG_QAT_DEPLOYED, 1},        {NULL, QG_QAT_DEPLOYED, 40},
                 {NULL, QG_QAT_DEPLOYED, 0},        {"int8", QG_QAT_DEPLOYED, 0},
                 {"int8", QG_QAT_MOVING, 0},        {"int8", QG_QAT_MOVING, 1},
                 {"int8_tensor", QG_QAT_MOVING, 0}, {"int4_g32", QG_QAT_DEPLOYED, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pair p = {.inputs = cases[i].inputs, .pass_tokens = cases[i].pass_tokens};
        start(&p, cases[i].precision);
        for (uint64_t step = 0; step < 4; step++) {
            qg_step_report s;
            rig_step(&p.rig, &p.batch, step);
            qt_ok(qg_trainer_step(&s, p.trainer, p.index, TEXTS, step));
            qt_close("loss", s.loss, p.rig.loss, 0, 0);
            qt_close("norm", s.norm, p.rig.norm, 0, 0);
            qt_close("rate", s.learning_rate, p.rig.rate, 0, 0);
            qt_eq("tokens", s.tokens, p.set.splits[TEXTS]);
            qt_same("parameters", p.values, p.rig.values, p.rig.params.count, sizeof(float));
        }
        finish(&p);
    }
}

static void a_short_last_batch_and_empty_leaves_are_fine(void **state)
{
    (void)state;
    pair p = {0};
    qg_step_report s;
    start(&p, NULL);
    qt_ok(qg_trainer_step(&s, p.trainer, p.index + 2, LEAVES - 2, 0));
    qt_eq("tokens", s.tokens, p.set.splits[LEAVES] - p.set.splits[2]);
    finish(&p);
}

static void a_step_that_fails_leaves_the_parameters(void **state)
{
    (void)state;
    pair p = {0};
    qg_step_report s;
    start(&p, NULL);
    const qg_param *bias = &p.rig.params.param[p.rig.params.n - 1];
    p.values[bias->offset] = p.rig.values[bias->offset] = INFINITY;
    qt_fails(qg_trainer_step(&s, p.trainer, p.index, TEXTS, 5), QG_ENUMERIC, "step 5", "sample",
             NULL);
    qt_same("parameters", p.values, p.rig.values, p.rig.params.count, sizeof(float));
    finish(&p);
}

static void passes_cover_a_set_and_score_it_without_dropout(void **state)
{
    (void)state;
    pair p = {.pass_tokens = 1};
    start(&p, NULL);
    int K = p.rig.params.config.classes, n, passes = 0;
    float logits[TEXTS * 8], want[TEXTS * 8];
    qg_train_batch whole = p.batch;
    whole.types = NULL;
    qt_ok(rig_net_forward(want, p.rig.net, p.rig.values, NULL, &whole));
    for (int64_t first = 0; first < TEXTS; first += n, passes++) {
        n = qg_trainer_fits(p.trainer, &p.set, first);
        assert_true(n >= 1);
        qt_ok(qg_trainer_forward(logits + first * K, p.trainer, &p.set, first, n));
    }
    assert_true(passes > 1);
    qt_eq("after the last text", qg_trainer_fits(p.trainer, &p.set, TEXTS), 0);
    qt_close_f32("logits", logits, want, (size_t)(TEXTS * K), 1e-5, 1e-5);
    finish(&p);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_step_is_the_one_of_train_h),
    cmocka_unit_test(a_short_last_batch_and_empty_leaves_are_fine),
    cmocka_unit_test(a_step_that_fails_leaves_the_parameters),
    cmocka_unit_test(passes_cover_a_set_and_score_it_without_dropout),
};
QT_MAIN("trainer", tests)
