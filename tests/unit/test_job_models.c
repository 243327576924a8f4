/*
 * test_job_models.c - the trainings of a job: seeds make models, mistakes are named, keys tell what
 * determines a model and nothing else.
 */
#include "qt.h"

#include "qgrid/plan.h"
#include "qgrid/training.h"

#include <string.h>

#define SMSA  "\"dataset\": \"smsa\", \"validation\": \"smsa\""
#define TUNED "\"tuned\": {\"train\": {\"from\": \"original\", " SMSA ", \"seeds\": [7, 5, 11]}}"

typedef struct loaded {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
    qg_problems problems;
} loaded;

/* A job with these models and experiments besides model "original" and data set "smsa". */
static qg_code load(loaded *l, const char *models, const char *experiments)
{
    const char *path = qt_tmp("job.json");
    memset(l, 0, sizeof *l);
    l->arena = qg_arena_create(0);
    l->problems.arena = l->arena;
    char *text = qg_arena_printf(
        l->arena,
        "{\"name\": \"t\", \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
        "\"models\": {\"original\": {\"path\": \"models/mini-original\", \"head\": \"random\"}%s\n"
        "%s},\n\"datasets\": {\"smsa\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"}},\n"
        "\"experiments\": {%s},\n\"precisions\": [\"fp32\", \"int8\"]}",
        models[0] ? "," : "", models, experiments);
    qt_write(path, text, strlen(text));
    return qg_job_load(&l->job, l->arena, path, NULL, &l->problems);
}

static void with_plan(loaded *l, const char *models)
{
    qt_ok(load(l, models, "\"x\": {\"model\": \"original\", \"dataset\": \"smsa\"}"));
    qt_ok(qg_plan_make(&l->plan, l->arena, &l->job, NULL, &l->problems));
}

static void unload(loaded *l)
{
    qg_arena_destroy(l->arena);
}

static int model(const loaded *l, const char *name)
{
    for (int i = 0; i < l->job.n_models; i++)
        if (strcmp(l->job.models[i].name, name) == 0)
            return i;
    fail_msg("there is no model %s", name);
    return -1;
}

static const char *from(const loaded *l, const char *name)
{
    return l->job.models[l->job.models[model(l, name)].training->from].name;
}

static void seeds_fan_out_into_models_and_experiments(void **state)
{
    (void)state;
    loaded l;
    qt_ok(load(&l, TUNED, "\"a\": {\"model\": \"tuned\", \"dataset\": \"smsa\"}"));
    qt_eq("models", l.job.n_models, 4);
    assert_string_equal(l.job.models[1].name, "tuned_s7");
    assert_string_equal(l.job.models[3].name, "tuned_s11");
    assert_string_equal(l.job.models[3].seed_group.base, "tuned");
    qt_eq("first", l.job.models[3].seed_group.first, 1);
    qt_eq("n", l.job.models[3].seed_group.n, 3);
    qt_eq("seed", l.job.models[3].training->config->seed, 11);
    qt_eq("data set", l.job.models[3].training->dataset[0], 0);
    assert_string_equal(from(&l, "tuned_s5"), "original");
    qt_eq("experiments", l.job.n_experiments, 3);
    assert_string_equal(l.job.experiments[1].name, "a_s5");
    assert_string_equal(l.job.experiments[1].seed_group.base, "a");
    assert_string_equal(l.job.models[l.job.experiments[1].model].name, "tuned_s5");
    unload(&l);
}

static void seeds_are_paired_and_inherited(void **state)
{
    (void)state;
    loaded l;
    /* In this order: what a model is trained from may come later in the file. */
    qt_ok(load(&l,
               "\"heir\": {\"train\": {\"from\": \"pair\", " SMSA "}},"
               "\"pair\": {\"train\": {\"from\": \"tuned\", " SMSA ", \"seeds\": [11, 7]}}," TUNED,
               "\"a\": {\"model\": \"heir\", \"dataset\": \"smsa\"}"));
    assert_string_equal(from(&l, "pair_s7"), "tuned_s7");
    assert_string_equal(from(&l, "pair_s11"), "tuned_s11");
    assert_string_equal(from(&l, "heir_s7"), "pair_s7");
    qt_eq("models", l.job.n_models, 1 + 3 + 2 + 2);
    qt_eq("experiments", l.job.n_experiments, 2);
    for (int i = 0; i < l.job.n_models; i++)
        if (l.job.models[i].training)
            assert_true(l.job.models[i].training->from < i);
    unload(&l);
}

static void a_teacher_teaches_its_own_seed(void **state)
{
    (void)state;
    loaded l;
    qt_ok(load(&l,
               "\"pupil\": {\"train\": {\"from\": \"original\", \"seeds\": [5, 7], " SMSA
               ", \"distill\": {\"from\": \"tuned\", \"weight\": 1}}}," TUNED,
               "\"a\": {\"model\": \"pupil\", \"dataset\": \"smsa\"}"));
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, "pupil_s7/train", &l.problems));
    int pupil = model(&l, "pupil_s7"), tuned = model(&l, "tuned_s7");
    qt_eq("teacher", l.job.models[pupil].training->teacher, tuned);
    const qg_plan_training *t = l.plan.models[pupil].training;
    assert_string_equal(t->teacher_hash, l.plan.models[tuned].hash);
    qt_eq("needs", l.plan.sched_tasks[t->task].n_needs, 1);
    qt_eq("need", l.plan.sched_tasks[t->task].needs[0], l.plan.models[tuned].training->task);
    qt_eq("selected", l.plan.n_selected, 2);
    assert_true(l.plan.cells[l.plan.models[tuned].training->cell].selected);
    unload(&l);
}

static void a_training_takes_seed_and_length_of_its_job(void **state)
{
    (void)state;
    loaded l;
    qt_ok(load(&l, "\"one\": {\"train\": {\"from\": \"original\", " SMSA "}}",
               "\"a\": {\"model\": \"one\", \"dataset\": \"smsa\"}"));
    const qg_training_config *c = l.job.models[model(&l, "one")].training->config;
    qt_eq("seed", c->seed, l.job.seed);
    qt_eq("length", c->max_length, l.job.max_length);
    qt_eq("labels", c->K, 3);
    qt_eq("seed_group", l.job.models[model(&l, "one")].seed_group.n, 0);
    unload(&l);
}

/* The only mistake of these models contains all of the pieces. */
static void refused(const char *models, const char *piece, const char *place)
{
    loaded l;
    char text[1024];
    qg_code rc = load(&l, models, "\"x\": {\"model\": \"original\", \"dataset\": \"smsa\"}");
    qt_eq("code", rc, QG_EJOB);
    qg_error_format(text, sizeof text, &l.problems.item[0]);
    if (l.problems.n != 1 || !strstr(text, piece) || !strstr(text, place))
        fail_msg("%d problems, the first is: %s\nwanted: %s, %s", l.problems.n, text, piece, place);
    unload(&l);
}

static void mistakes_of_trainings_are_named_with_their_place(void **state)
{
    (void)state;
    refused("\"a\": {\"train\": {\"from\": \"none\", " SMSA "}}",
            "there is no model 'none' in the job and no such folder, models are: original, a",
            "job.json:3:17: /models/a/train/from");
    refused("\"a\": {\"train\": {\"from\": \"b\", " SMSA
            "}}, \"b\": {\"train\": {\"from\": \"c\", " SMSA
            "}}, \"c\": {\"train\": {\"from\": \"a\", " SMSA "}}",
            "models are trained from each other: a <- b <- c <- a", "/models/a/train/from");
    refused("\"a\": {\"train\": {\"from\": \"a\", " SMSA "}}",
            "models are trained from each other: a <- a", "/models/a/train/from");
    refused(TUNED ", \"a\": {\"train\": {\"from\": \"tuned\", " SMSA ", \"seeds\": [7, 8]}}",
            "'tuned', which it is trained from, has no seed 8; its seeds are: 7, 5, 11",
            "/models/a/train/seeds");
    refused(TUNED ", \"a\": {\"train\": {\"from\": \"tuned\", " SMSA ", \"seed\": 7}}",
            "has seeds: use \"seeds\", or leave it out", "/models/a/train/seed");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"seed\": 7, \"seeds\": [7]}}",
            "exclude each other", "/models/a/train/seed");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"seeds\": [7, 7]}}",
            "7 occurs twice", "/models/a/train/seeds/1");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"seeds\": []}}",
            "1 to 64 seeds", "/models/a/train/seeds");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"seeds\": [1.5]}}",
            "an integer in [0, 2^53)", "/models/a/train/seeds/0");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"epoch\": 2}}",
            "unknown key 'epoch', did you mean 'epochs'?", "/models/a/train/epoch");
    refused("\"a\": {\"train\": {\"from\": \"original\", \"validation\": \"smsa\", \"dataset\": "
            "\"sms\"}}",
            "there is no data set 'sms' in the job and no such file", "/models/a/train/dataset");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA ", \"labels\": [\"x\", \"y\"]}}",
            "labels are those of the job", "/models/a/train/labels");
    refused("\"a\": {\"path\": \"x\", \"train\": {\"from\": \"original\", " SMSA "}}",
            "unknown key 'path'", "/models/a/path");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA
            ", \"distill\": {\"from\": \"b\"}}}, \"b\": {\"train\": {\"from\": \"a\", " SMSA "}}",
            "models are trained from each other: a <- b <- a", "/models/a/train/from");
    refused(TUNED ", \"a\": {\"train\": {\"from\": \"original\", " SMSA
                  ", \"distill\": {\"from\": \"tuned\"}}}",
            "'tuned' has seeds, and what it is to teach has none", "/models/a/train/distill/from");
    refused("\"a\": {\"train\": {\"from\": \"original\", " SMSA
            ", \"distill\": {\"from\": \"none\"}}}",
            "there is no model 'none' in the job", "/models/a/train/distill/from");
    refused("\"a\": {\"train\": {\"objective\": \"mlm\", \"from\": \"original\", " SMSA
            "}}, \"b\": {\"train\": {\"from\": \"a\", " SMSA "}}",
            "'a' is pre-trained and has no classifier; \"head\": \"random\" draws one",
            "/models/b/train/from");
    refused(TUNED ", \"tuned_s5\": \"models/mini-original\"",
            "'tuned_s5' is the name of two models, of 'tuned' and of 'tuned_s5'", "/models/tuned");
}

static void a_fanned_name_may_be_too_long(void **state)
{
    (void)state;
    char name[80], models[400];
    memset(name, 'a', sizeof name);
    name[63] = 0;
    snprintf(models, sizeof models,
             "\"%s\": {\"train\": {\"from\": \"original\", " SMSA ", \"seeds\": [42]}}", name);
    refused(models, "is not made of 1 to 64 letters", "/models/aaaa");
}

/* Key of model "a", trained with these options besides from and data. */
static void key_of(char key[65], const char *options)
{
    loaded l;
    char models[1000];
    snprintf(models, sizeof models, "\"a\": {\"train\": {\"from\": \"original\", " SMSA "%s%s}}",
             options[0] ? ", " : "", options);
    with_plan(&l, models);
    memcpy(key, l.plan.models[model(&l, "a")].hash, 65);
    unload(&l);
}

static void a_key_tells_what_determines_the_weights(void **state)
{
    (void)state;
    static const char *const same[] = {"\"recompute\": true", "\"checkpoint\": {\"steps\": 3}",
                                       "\"epochs\": 3, \"seed\": 42"};
    static const char *const other[] = {
        "\"seed\": 43",
        "\"epochs\": 4",
        "\"leaves\": 4",
        "\"qat\": \"int8\"",
        "\"qat\": \"int4\"",
        "\"dropout\": {\"hidden\": 0}",
        "\"max_length\": 64",
        "\"patience\": 1",
        "\"learning_rate\": 2.000000000000001e-5",
        "\"reduce\": \"mpi\"",
        "\"distill\": {\"from\": \"models/mini-finetuned\"}",
        "\"distill\": {\"from\": \"models/mini-finetuned\", \"temperature\": 3}",
        "\"metric\": \"loss\""};
    char plain[65], key[65];
    key_of(plain, "");
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        key_of(key, same[i]);
        if (strcmp(key, plain) != 0)
            fail_msg("%s changes the key", same[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        key_of(key, other[i]);
        if (strcmp(key, plain) == 0)
            fail_msg("%s does not change the key", other[i]);
    }
}

static void a_key_knows_texts_and_not_where_they_are(void **state)
{
    (void)state;
    loaded l;
    const char *copy = qt_tmp("copy.tsv");
    char models[2000], text[200000];
    FILE *f = fopen("datasets/test.tsv", "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    (void)fclose(f);
    qt_write(copy, text, n);
    snprintf(models, sizeof models,
             "\"a\": {\"train\": {\"from\": \"original\", " SMSA "}},"
             "\"b\": {\"train\": {\"from\": \"models/mini-original\", \"head\": \"random\","
             " \"dataset\": {\"path\": \"%s\", \"format\": \"smsa\"}, \"validation\": \"smsa\"}},"
             "\"c\": {\"train\": {\"from\": \"original\", \"dataset\": {\"path\": \"%s\","
             " \"format\": \"smsa\", \"sample\": {\"count\": 100}}, \"validation\": \"smsa\"}},"
             "\"d\": {\"train\": {\"from\": \"a\", " SMSA "}}",
             copy, copy);
    with_plan(&l, models);
    const char *a = l.plan.models[model(&l, "a")].hash;
    assert_string_equal(l.plan.models[model(&l, "b")].hash, a);
    assert_string_not_equal(l.plan.models[model(&l, "c")].hash, a);
    assert_string_not_equal(l.plan.models[model(&l, "d")].hash, a);
    assert_string_equal(l.plan.models[model(&l, "d")].training->from_hash, a);
    /* Two entries for one training: the second waits for the first. */
    const qg_plan_training *b = l.plan.models[model(&l, "b")].training;
    qt_eq("needs", l.plan.sched_tasks[b->task].n_needs, 1);
    qt_eq("need", l.plan.sched_tasks[b->task].needs[0],
          l.plan.models[model(&l, "a")].training->task);
    unload(&l);
}

static void a_training_comes_before_what_needs_it(void **state)
{
    (void)state;
    loaded l;
    qt_ok(load(&l, "\"q\": {\"train\": {\"from\": \"tuned\", " SMSA ", \"qat\": \"int8\"}}," TUNED,
               "\"a\": {\"model\": \"q\", \"dataset\": \"smsa\"}"));
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, "a_s5/int8", &l.problems));
    int packs = 0;
    for (int t = 0; t < l.plan.n_tasks; t++) {
        const qg_task *s = &l.plan.sched_tasks[t];
        for (int i = 0; i < s->n_needs; i++)
            assert_true(s->needs[i] < t);
        if (strcmp(l.plan.tasks[t].kind->name, "pack") != 0)
            continue;
        packs++;
        qt_eq("needs", s->n_needs, 1);
        assert_string_equal(l.plan.tasks[s->needs[0]].kind->name, "train");
        qt_eq("model", l.plan.tasks[s->needs[0]].model, l.plan.tasks[t].model);
    }
    qt_eq("packs", packs, 6);
    /* A selected cell takes along the trainings that it goes back to. */
    qt_eq("selected", l.plan.n_selected, 3);
    for (int c = 0; c < l.plan.n_cells; c++)
        qt_eq(l.plan.cells[c].name, l.plan.cells[c].selected,
              strcmp(l.plan.cells[c].name, "a_s5/int8") == 0 ||
                  strcmp(l.plan.cells[c].name, "q_s5/train") == 0 ||
                  strcmp(l.plan.cells[c].name, "tuned_s5/train") == 0);
    unload(&l);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(seeds_fan_out_into_models_and_experiments),
    cmocka_unit_test(seeds_are_paired_and_inherited),
    cmocka_unit_test(a_teacher_teaches_its_own_seed),
    cmocka_unit_test(a_training_takes_seed_and_length_of_its_job),
    cmocka_unit_test(mistakes_of_trainings_are_named_with_their_place),
    cmocka_unit_test(a_fanned_name_may_be_too_long),
    cmocka_unit_test(a_key_tells_what_determines_the_weights),
    cmocka_unit_test(a_key_knows_texts_and_not_where_they_are),
    cmocka_unit_test(a_training_comes_before_what_needs_it),
};
QT_MAIN("job_models", tests)
