/*
 * test_job_latency.c - which cells of latency share a measurement, on whose model it is made, and
 * that the units of a plan are the same whatever is selected.
 */
#include "qt.h"

#include "qgrid/plan.h"

#include <string.h>

typedef struct loaded {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
} loaded;

/* Trained, read and drawn models of one shape, one of another; two data sets of the same texts, one
 * of others; the cells come in the order of the experiments. */
static const char job[] =
    "{\"name\": \"t\", \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
    "\"models\": {\"two\": {\"train\": {\"from\": \"m\", \"dataset\": \"d\", \"validation\": "
    "\"d\", \"seeds\": [7, 5]}}, \"m\": \"models/mini-finetuned\",\n"
    "\"o\": {\"path\": \"models/mini-original\", \"head\": \"random\"},\n"
    "\"tiny\": {\"path\": \"tests/golden/data/model/tiny_a\", \"head\": \"random\"}},\n"
    "\"datasets\": {\"d\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"}, "
    "\"same\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"},\n"
    "\"part\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\", \"sample\": {\"count\": "
    "9}}},"
    "\n\"experiments\": {\"s\": {\"model\": \"two\", \"dataset\": \"d\"}, "
    "\"a\": {\"model\": \"m\", \"dataset\": \"same\"}, \"b\": {\"model\": \"o\", \"dataset\": "
    "\"d\"},\n\"tiny\": {\"model\": \"tiny\", \"dataset\": \"d\"}, "
    "\"part\": {\"model\": \"m\", \"dataset\": \"part\"}},\n"
    "\"precisions\": [\"fp32\", \"int8\"], \"latency\": {\"samples\": 3}}";

static void load(loaded *l, const char *set, const char *only)
{
    const char *path = qt_tmp("job.json");
    const char *const sets[] = {set, NULL};
    memset(l, 0, sizeof *l);
    l->arena = qg_arena_create(0);
    qg_problems problems = {.arena = l->arena};
    qt_write(path, job, strlen(job));
    qt_ok(qg_job_load(&l->job, l->arena, path, sets, &problems));
    qt_ok(qg_plan_make(&l->plan, l->arena, &l->job, only, &problems));
}

static const qg_cell *cell(const loaded *l, const char *name)
{
    for (int i = 0; i < l->plan.n_cells; i++)
        if (strcmp(l->plan.cells[i].name, name) == 0)
            return &l->plan.cells[i];
    fail_msg("there is no cell %s", name);
    return NULL;
}

static const char *owner(const loaded *l, const char *name)
{
    return l->plan.cells[cell(l, name)->owner].name;
}

/* Name of the experiment whose model is timed for a cell. */
static const char *timed(const loaded *l, const char *name)
{
    const qg_plan_task *t = &l->plan.tasks[cell(l, name)->task];
    return l->job.experiments[t->experiment].name;
}

static int measurements(const loaded *l)
{
    int n = 0;
    for (int t = 0; t < l->plan.n_tasks; t++)
        n += l->plan.tasks[t].kind->exclusive;
    return n;
}

static void models_of_one_shape_share_a_measurement(void **state)
{
    (void)state;
    loaded l;
    load(&l, NULL, NULL);
    static const char *const sharing[] = {"s_s7/int8/latency", "s_s5/int8/latency",
                                          "a/int8/latency", "b/int8/latency"};
    for (int i = 0; i < 4; i++) {
        assert_string_equal(owner(&l, sharing[i]), "s_s7/int8/latency");
        assert_string_equal(cell(&l, sharing[i])->key, cell(&l, sharing[0])->key);
        qt_eq(sharing[i], cell(&l, sharing[i])->task, cell(&l, sharing[0])->task);
    }
    static const char *const alone[] = {"tiny/int8/latency", "part/int8/latency", "a/int8"};
    for (int i = 0; i < 3; i++)
        assert_string_equal(owner(&l, alone[i]), alone[i]);
    assert_string_equal(owner(&l, "b/fp32/latency"), "s_s7/fp32/latency");
    qt_eq("shapes by precisions", measurements(&l), 3 * 2);
    qg_arena_destroy(l.arena);
}

static void an_option_measures_each_experiment(void **state)
{
    (void)state;
    loaded l;
    load(&l, "/latency/per=experiment", NULL);
    for (int i = 0; i < l.plan.n_cells; i++)
        qt_eq(l.plan.cells[i].name, l.plan.cells[i].owner, i);
    assert_string_not_equal(cell(&l, "a/int8/latency")->key, cell(&l, "b/int8/latency")->key);
    assert_string_equal(timed(&l, "s_s5/int8/latency"), "s_s5");
    qt_eq("experiments by precisions", measurements(&l), 6 * 2);
    qg_arena_destroy(l.arena);
}

static void the_key_is_that_of_what_is_measured(void **state)
{
    (void)state;
    static const char *const other[] = {
        "/latency/runs=21",   "/latency/warmup=4",        "/seed=1",
        "/latency/samples=4", "/latency/batch_sizes=[2]", "/max_length=12"};
    loaded l, k;
    load(&l, NULL, NULL);
    for (int i = 0; i < 6; i++) {
        load(&k, other[i], NULL);
        assert_string_not_equal(cell(&l, "a/int8/latency")->key, cell(&k, "a/int8/latency")->key);
        qg_arena_destroy(k.arena);
    }
    load(&k, "/models/two/train/epochs=1", NULL); /* other weights */
    assert_string_equal(cell(&l, "s_s7/int8/latency")->key, cell(&k, "s_s7/int8/latency")->key);
    assert_string_not_equal(cell(&l, "s_s7/int8")->key, cell(&k, "s_s7/int8")->key);
    qg_arena_destroy(k.arena);
    qg_arena_destroy(l.arena);
}

static void what_is_selected_is_timed_a_folder_before_a_training(void **state)
{
    (void)state;
    loaded l;
    static const struct {
        const char *only, *timed;
        bool s7, s5; /* trainings that are needed */
    } want[] = {{NULL, "a", true, true},
                {"*/int8/latency", "a", false, false},
                {"b/int8/latency", "b", false, false},
                {"s_*/int8/latency", "s_s7", true, false},
                {"s_s5/int8/latency", "s_s5", false, true}};
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        load(&l, NULL, want[i].only);
        assert_string_equal(timed(&l, "s_s7/int8/latency"), want[i].timed);
        qt_eq("s7", cell(&l, "two_s7/train")->selected, want[i].s7);
        qt_eq("s5", cell(&l, "two_s5/train")->selected, want[i].s5);
        qg_arena_destroy(l.arena);
    }
}

static void units_do_not_depend_on_what_is_selected(void **state)
{
    (void)state;
    static const char *const only[] = {"s_s5/*/latency", "*latency", "b/int8", "tiny/fp32*"};
    loaded all, part;
    load(&all, NULL, NULL);
    for (int i = 0; i < 4; i++) {
        load(&part, NULL, only[i]);
        assert_string_equal(all.plan.hash, part.plan.hash);
        qt_eq("units", all.plan.n_units, part.plan.n_units);
        for (int u = 0; u < all.plan.n_units; u++) {
            const qg_unit *x = &all.plan.units[u], *y = &part.plan.units[u];
            const qg_plan_task *t = &all.plan.tasks[x->task], *s = &part.plan.tasks[y->task];
            assert_ptr_equal(t->kind, s->kind);
            qt_eq("cell", t->cell, s->cell);
            qt_eq("precision", t->precision, s->precision);
            assert_true(t->cell >= 0 || t->model == s->model);
            assert_true(x->first == y->first && x->count == y->count);
        }
        qg_arena_destroy(part.arena);
    }
    qg_arena_destroy(all.arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(models_of_one_shape_share_a_measurement),
    cmocka_unit_test(an_option_measures_each_experiment),
    cmocka_unit_test(the_key_is_that_of_what_is_measured),
    cmocka_unit_test(what_is_selected_is_timed_a_folder_before_a_training),
    cmocka_unit_test(units_do_not_depend_on_what_is_selected),
};
QT_MAIN("job_latency", tests)
