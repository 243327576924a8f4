/*
 * test_gang_trainer.c - a trainer over 1, 2, 4 and 8 ranks against one that is alone.
 */
#include "gang_rig.h"
#include "train_rig.h"

#include "qgrid/trainer.h"

#include <string.h>

enum { TEXTS = 29, BATCH = 11, LEAVES = 8, LONGEST = 9 };

/* A trainer on random parameters, with texts. */
typedef struct run {
    rig rig;
    qg_train_set set;
    qg_trainer *trainer;
} run;

/* Six blocks of parameters and a piece: slices differ in length and end inside of tensors. */
static qg_config config(void)
{
    qg_config c = rig_config();
    c.hidden = 48;
    c.ffn = 64;
    c.vocab = 3100;
    return c;
}

static void start(run *r, const qg_gang *g, const char *precision, qg_reduce reduce)
{
    qg_config c = config();
    qg_qat_options qat = {.inputs = QG_QAT_DEPLOYED};
    if (precision && strcmp(precision, "moving") == 0)
        qat = (qg_qat_options){{.scheme = qg_precision_find("int8")}, QG_QAT_MOVING};
    else if (precision)
        qat.precision.scheme = qg_precision_find(precision);
    rig_random(&r->rig, &c, 7, LEAVES);
    assert_true(r->rig.params.count > 5 * QG_NORM_BLOCK);
    qg_train_batch texts = rig_batch(r->rig.arena, &c, TEXTS, LONGEST, 3);
    int64_t *splits = qg_arena_alloc(r->rig.arena, TEXTS + 1, sizeof *splits);
    assert_non_null(splits);
    for (int t = 0; t <= TEXTS; t++)
        splits[t] = texts.splits[t];
    r->set = (qg_train_set){TEXTS, texts.ids, splits, texts.label};
    qg_trainer_options o = {.batch = BATCH,
                            .leaves = LEAVES,
                            .clip = 1,
                            .adamw = qg_adamw_default,
                            .schedule = {QG_SCHEDULE_COSINE, 1e-2, 2, 30},
                            .net = {.seed = 42, .dropout = {0.1, 0.1, 0.1}},
                            .qat = precision ? &qat : NULL,
                            .gang = g,
                            .reduce = reduce};
    qt_ok(qg_trainer_create(&r->trainer, &r->rig.params, r->rig.values, &r->set, LONGEST, &o));
}

static void finish(run *r)
{
    qg_trainer_destroy(r->trainer);
    rig_free(&r->rig);
}

static qg_code step(qg_step_report *out, run *r, uint64_t number)
{
    int64_t index[BATCH];
    int n = number % 4 == 3 ? 3 : BATCH; /* now and then fewer texts than leaves */
    for (int i = 0; i < n; i++)
        index[i] = ((int64_t)number * BATCH + i) % TEXTS;
    return qg_trainer_step(out, r->trainer, index, n, number);
}

static void check_equal(const qg_gang *g, const char *precision, uint64_t steps)
{
    run one = {0}, ours = {0};
    start(&one, NULL, precision, QG_REDUCE_TREE);
    start(&ours, g, precision, QG_REDUCE_TREE);
    for (uint64_t s = 0; s < steps; s++) {
        qg_step_report want, got;
        qt_ok(step(&want, &one, s));
        qt_ok(step(&got, &ours, s));
        qt_close("loss", got.loss, want.loss, 0, 0);
        qt_close("norm", got.norm, want.norm, 0, 0);
        qt_close("rate", got.learning_rate, want.learning_rate, 0, 0);
        qt_eq("tokens", got.tokens, want.tokens);
    }
    qt_same("parameters", ours.rig.values, one.rig.values, one.rig.params.count, sizeof(float));
    qg_trainer_state a = qg_trainer_state_of(ours.trainer), b = qg_trainer_state_of(one.trainer);
    qt_same("m", a.m, b.m + a.from, a.to - a.from, sizeof(float));
    qt_same("v", a.v, b.v + a.from, a.to - a.from, sizeof(float));
    qt_eq("ranges", a.ranges, b.ranges);
    for (int i = 0; i < a.ranges; i++) {
        qt_eq("set", a.range[i].set, b.range[i].set);
        qt_same("range", &a.range[i].lo, &b.range[i].lo, 2, sizeof(float));
    }
    finish(&one);
    finish(&ours);
}

static void twenty_steps_have_the_same_bits_on_any_number_of_ranks(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_gang g;
        if (gang_form(&g, size))
            check_equal(&g, "int8", 20);
    }
}

static void so_it_is_for_other_precisions(void **state)
{
    static const char *const precisions[] = {NULL, "int4_g32", "moving"};
    (void)state;
    for (int size = 2; size <= 8; size *= 2) {
        qg_gang g;
        for (size_t i = 0; i < 3; i++)
            if (gang_form(&g, size))
                check_equal(&g, precisions[i], 4);
    }
}

static void mpis_sum_is_nearly_the_same(void **state)
{
    (void)state;
    for (int size = 2; size <= 8; size *= 2) {
        run one = {0}, ours = {0};
        qg_step_report want, got;
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        start(&one, NULL, NULL, QG_REDUCE_TREE);
        start(&ours, &g, NULL, QG_REDUCE_MPI);
        for (uint64_t s = 0; s < 3; s++) {
            qt_ok(step(&want, &one, s));
            qt_ok(step(&got, &ours, s));
            qt_close("norm", got.norm, want.norm, 1e-3, 0);
        }
        finish(&one);
        finish(&ours);
    }
}

/* A token id outside the vocabulary in the last text: one leaf, so one member, meets it. */
static void an_error_of_one_leaves_the_parameters_of_all(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        run r = {0};
        qg_step_report s;
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        start(&r, &g, "int8", QG_REDUCE_TREE);
        qt_ok(step(&s, &r, 0));
        float *before = qg_arena_alloc(r.rig.arena, r.rig.params.count, sizeof *before);
        int32_t *ids = qg_arena_alloc(r.rig.arena, (size_t)r.set.splits[TEXTS], sizeof *ids);
        assert_non_null(before);
        assert_non_null(ids);
        memcpy(before, r.rig.values, r.rig.params.count * sizeof *before);
        memcpy(ids, r.set.ids, (size_t)r.set.splits[TEXTS] * sizeof *ids);
        const int32_t *good = r.set.ids;
        ids[r.set.splits[TEXTS] - 1] = 1000000;
        r.set.ids = ids;
        int64_t index[] = {1, 2, 3, TEXTS - 1, 4};
        qg_code rc = qg_trainer_step(&s, r.trainer, index, 5, 1);
        qt_fails(rc, QG_EMODEL, "1000000", NULL);
        qt_same("parameters", r.rig.values, before, r.rig.params.count, sizeof *before);
        r.set.ids = good;
        qt_ok(step(&s, &r, 1));
        finish(&r);
    }
}

static bool at_once(void *ctx)
{
    return --*(int *)ctx < 0;
}

static void a_gang_that_is_to_give_up_does(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        int polls = 1;
        run r = {0};
        qg_step_report s;
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        g.poll = at_once;
        g.ctx = &polls;
        start(&r, &g, NULL, QG_REDUCE_TREE);
        qt_fails(step(&s, &r, 0), QG_ELOST, NULL);
        finish(&r);
    }
}

static void more_members_than_leaves_are_refused(void **state)
{
    static const int32_t ranks[16] = {0};
    qg_gang g = {.size = 16, .rank = ranks};
    rig r;
    qg_config c = rig_config();
    qg_trainer *t;
    int64_t splits[] = {0, 1};
    int32_t id = 1, label = 0;
    qg_train_set set = {1, &id, splits, &label};
    (void)state;
    rig_random(&r, &c, 7, LEAVES);
    qg_trainer_options o = {.batch = 1, .leaves = LEAVES, .gang = &g};
    qt_fails(qg_trainer_create(&t, &r.params, r.values, &set, 1, &o), QG_EUSAGE,
             "16 ranks for a training of 8 leaves", NULL);
    rig_free(&r);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(twenty_steps_have_the_same_bits_on_any_number_of_ranks),
        cmocka_unit_test(so_it_is_for_other_precisions),
        cmocka_unit_test(mpis_sum_is_nearly_the_same),
        cmocka_unit_test(an_error_of_one_leaves_the_parameters_of_all),
        cmocka_unit_test(a_gang_that_is_to_give_up_does),
        cmocka_unit_test(more_members_than_leaves_are_refused),
    };
    return gang_main("gang_trainer", tests, sizeof tests / sizeof tests[0]);
}
