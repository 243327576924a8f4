/*
 * test_kinds.c - kinds of work and kinds of cells: whatever is in their tables is whole, and a plan
 * of all kinds of cells finds its work and its groups.
 */
#include "qt.h"

#include "qgrid/layout.h"
#include "qgrid/plan.h"
#include "qgrid/reading.h"

#include <string.h>

typedef struct loaded {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
} loaded;

/* A job with all that a job can ask for. */
static const char job[] =
    "{\"name\": \"t\", \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
    "\"models\": {\"m\": \"models/mini-finetuned\", \"o\": {\"path\": \"models/mini-original\", "
    "\"head\": \"random\"},\n"
    "\"two\": {\"train\": {\"from\": \"m\", \"dataset\": \"d\", \"validation\": \"d\", "
    "\"seeds\": [7, 5]}}},\n"
    "\"datasets\": {\"d\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"}},\n"
    "\"experiments\": {\"a\": {\"model\": \"m\", \"dataset\": \"d\"}, "
    "\"b\": {\"model\": \"o\", \"dataset\": \"d\"}, \"s\": {\"model\": \"two\", \"dataset\": "
    "\"d\"}},\n"
    "\"precisions\": [\"fp32\", \"int8\"], \"latency\": {\"samples\": 3},\n"
    "\"explain\": {\"methods\": [\"occlusion\", \"random\"], \"target\": \"predicted\", "
    "\"pairs\": [[\"a\", \"b\"]], \"randomisation\": true, \"faithfulness\": {\"normalised\": "
    "true}}, \"sensitivity\": {\"methods\": [\"occlusion\"], \"samples\": {\"texts\": 40, "
    "\"per_class\": 2}}}";

static void load(loaded *l)
{
    const char *path = qt_tmp("job.json");
    memset(l, 0, sizeof *l);
    l->arena = qg_arena_create(0);
    qg_problems problems = {.arena = l->arena};
    qt_write(path, job, strlen(job));
    qt_ok(qg_job_load(&l->job, l->arena, path, NULL, &problems));
    qt_ok(qg_plan_make(&l->plan, l->arena, &l->job, NULL, &problems));
}

static void a_kind_of_work_is_whole_and_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; qg_work_kinds[i]; i++) {
        const qg_work_kind *k = qg_work_kinds[i];
        assert_ptr_equal(qg_work_kind_find(k->name), k);
        assert_true(k->cut && k->execute && k->store);
        assert_true(k->group >= 0 && k->group < QG_GROUP_NONE);
        assert_true(!k->rows || k->checksum); /* rows are taken over by it */
    }
    assert_null(qg_work_kind_find("idle"));
}

static void a_kind_of_cell_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < QG_CELL_KINDS; i++)
        qt_eq(qg_cell_kind_names[i], qg_cell_kind_find(qg_cell_kind_names[i]), i);
    qt_eq("unknown", qg_cell_kind_find("idle"), -1);
}

static void what_computes_a_cell_is_a_kind_of_work(void **state)
{
    (void)state;
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, ...)                                     \
    {                                                                                              \
        const char *name_of_work = (work);                                                         \
        bool is_known = qg_cell_work(QG_CELL_##id) != NULL;                                        \
        qt_eq(name, is_known, name_of_work != NULL);                                               \
        qt_eq(name, is_known, (sides) == 0);                                                       \
    }
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
}

static void a_plan_has_the_work_of_its_cells(void **state)
{
    (void)state;
    loaded l;
    load(&l);
    for (int i = 0; i < l.plan.n_cells; i++) {
        const qg_cell *c = &l.plan.cells[i];
        const qg_work_kind *work = qg_cell_work(c->kind);
        qt_eq(c->name, c->task >= 0, work && !c->skip);
        if (c->task >= 0)
            assert_ptr_equal(l.plan.tasks[c->task].kind, work);
        bool sums = false;
        for (int k = 0; k < l.plan.n_cells; k++)
            sums |= qg_cell_sums_up(&l.plan, c, &l.plan.cells[k]);
        qt_eq(c->name, sums, !work);
    }
    qg_arena_destroy(l.arena);
}

/* Units of a task follow each other without a gap, and what a task needs can say that it failed. */
static void tasks_are_cut_end_to_end(void **state)
{
    (void)state;
    loaded l;
    load(&l);
    for (int i = 0; i < l.plan.n_tasks; i++) {
        const qg_plan_task *t = &l.plan.tasks[i];
        const qg_task *s = &l.plan.sched_tasks[i];
        int64_t next = 0;
        qt_eq("exclusive", s->exclusive, t->kind->exclusive);
        for (int u = t->first_unit; u < t->first_unit + t->n_units; u++) {
            qt_eq("task", l.plan.units[u].task, i);
            qt_eq("first", l.plan.units[u].first, next);
            assert_true(l.plan.units[u].count > 0 && l.plan.units[u].cost > 0);
            next += l.plan.units[u].count;
        }
        for (int k = 0; k < s->n_needs; k++) {
            char text[400];
            const qg_plan_task *need = &l.plan.tasks[s->needs[k]];
            assert_true(s->needs[k] < i);
            assert_non_null(need->kind->lacking);
            need->kind->lacking(text, sizeof text, &l.plan, need);
            assert_true(text[0] != 0);
        }
    }
    qg_arena_destroy(l.arena);
}

static void a_group_is_found_from_names_alone(void **state)
{
    (void)state;
    loaded l;
    load(&l);
    for (int i = 0; i < l.plan.n_cells; i++) {
        const qg_cell *c = &l.plan.cells[i];
        const qg_experiment *x = c->experiment < 0 ? NULL : &l.job.experiments[c->experiment];
        char planned[1024], read[1024];
        if (c->task < 0)
            continue;
        const qg_read_cell names = {
            .model = l.job.models[c->model].name,
            .dataset = x ? l.job.datasets[x->dataset].name : "",
            .precision = c->precision < 0 ? "" : l.job.precisions[c->precision].name,
            .method = c->method < 0 ? "" : l.job.explain.methods[c->method].name};
        int group = qg_cell_work(c->kind)->group;
        qg_group_path(planned, sizeof planned, &l.job, qg_cell_group(&l.plan, c, group), NULL);
        assert_string_equal(qg_read_cell_path(read, sizeof read, &names, group), planned);
    }
    qg_arena_destroy(l.arena);
}

static void a_group_that_there_is_once_has_no_index(void **state)
{
    (void)state;
    qg_group_ref g = qg_group_alone(QG_GROUP_UNITS);
    qt_eq("group", g.group, QG_GROUP_UNITS);
    qt_eq("model", g.model, -1);
    qt_eq("dataset", g.dataset, -1);
    qt_eq("precision", g.precision, -1);
    qt_eq("method", g.method, -1);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_kind_of_work_is_whole_and_found_by_its_name),
    cmocka_unit_test(a_kind_of_cell_is_found_by_its_name),
    cmocka_unit_test(what_computes_a_cell_is_a_kind_of_work),
    cmocka_unit_test(a_plan_has_the_work_of_its_cells),
    cmocka_unit_test(tasks_are_cut_end_to_end),
    cmocka_unit_test(a_group_is_found_from_names_alone),
    cmocka_unit_test(a_group_that_there_is_once_has_no_index),
};
QT_MAIN("kinds", tests)
