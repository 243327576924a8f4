/*
 * test_gang_training.c - whole trainings over gangs: the same files from 1, 2, 4 and 8 ranks, also
 * when the gang is another one after an interruption.
 */
#include "gang_rig.h"

#include "qgrid/file.h"
#include "qgrid/training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[512]; /* the same on all ranks */

static void keep_first(void *a, const void *b, void *ctx)
{
    (void)a, (void)b, (void)ctx;
}

/* The largest gang that this world can form. */
static int largest(void)
{
    int size = 1;
    while (2 * size <= gang_par->size && size < 8)
        size *= 2;
    return size;
}

static void agree_on_folder(const qg_gang *g)
{
    if (g->index == 0)
        snprintf(folder, sizeof folder, "%s", qt_tmp("run"));
    qt_ok(qg_gang_reduce(g, folder, sizeof folder, keep_first, NULL));
    if (g->index == 0)
        qt_ok(qg_mkdirs(folder));
}

static void write_config(const char *path)
{
    static const char config[] =
        "{\"from\": \"models/mini-original\", \"head\": \"random\", \"output\": \"unused\",\n"
        " \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
        " \"dataset\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"},\n"
        " \"validation\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"},\n"
        " \"epochs\": 2, \"batch\": 30, \"leaves\": 8, \"max_length\": 20, \"qat\": \"int8\",\n"
        " \"learning_rate\": 1e-3, \"checkpoint\": {\"steps\": 4, \"minutes\": 0}}\n";
    qt_write(path, config, sizeof config - 1);
}

/* A training by the gang into folder/name. */
static qg_code train(const qg_gang *g, qg_training_summary *out, const char *name,
                     const char *const *set)
{
    char path[600], output[600];
    qg_arena *a = qg_arena_create(0);
    qg_training_config c;
    qg_training_options o = {.progress = QG_PROGRESS_NONE};
    assert_non_null(a);
    qg_problems problems = {.arena = a};
    snprintf(path, sizeof path, "%s", qt_tmp("config.json"));
    snprintf(output, sizeof output, "%s/%s", folder, name);
    write_config(path);
    qt_ok(qg_training_config_load(&c, a, path, set, &problems));
    c.output = output;
    qg_code rc = qg_training_run(out, a, &c, &o, g, &problems);
    qg_arena_destroy(a);
    return rc;
}

static void check_same_file(const char *name, const char *file)
{
    char path[600], want[600], hex[2][QG_SHA256_HEX];
    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    snprintf(want, sizeof want, "%s/reference/%s", folder, file);
    qt_ok(qg_sha256_file(hex[0], path));
    qt_ok(qg_sha256_file(hex[1], want));
    assert_string_equal(hex[0], hex[1]);
}

/* The model of the undisturbed run, and nothing beside it. */
static void check_same(const qg_gang *g, const char *name)
{
    static const char *const rest[] = {"checkpoint",  "checkpoint-tmp", "lock",     "qgrid-new",
                                       "qgrid-epoch", "qgrid-packed",   "qgrid-old"};
    char path[600];
    if (g->index != 0)
        return;
    check_same_file(name, "model.safetensors");
    check_same_file(name, "training.jsonl");
    for (size_t i = 0; i < sizeof rest / sizeof rest[0]; i++) {
        snprintf(path, sizeof path, "%s/%s.%s", folder, name, rest[i]);
        if (access(path, F_OK) == 0)
            fail_msg("%s is left", path);
    }
}

static void any_number_of_ranks_leaves_the_same_files(void **state)
{
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        char name[16] = "reference";
        qg_training_summary s;
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        if (size > 1)
            snprintf(name, sizeof name, "ranks%d", size);
        qt_ok(train(&g, &s, name, NULL));
        assert_true(s.written);
        assert_false(s.interrupted);
        qt_eq("steps", (long long)s.record.steps, 12);
        qt_eq("epochs", s.record.epochs, 2);
        check_same(&g, name);
    }
}

/* Asked after each step and before each pass of the validation: true from the n-th time on. */
static bool in_a_while(void *ctx)
{
    return --*(int *)ctx < 0;
}

static void interrupt(const char *name, int size, int times)
{
    qg_training_summary s;
    qg_gang g;
    if (!gang_form(&g, size))
        return;
    g.ctx = &times;
    g.ending = g.index == size - 1 ? in_a_while : NULL; /* one of them learns of it */
    qt_fails(train(&g, &s, name, NULL), QG_ELOST, "saved", name, NULL);
    assert_true(s.interrupted);
    assert_false(s.written);
}

/* Both in the middle of an epoch and in a validation, each time with other members. */
static void an_interrupted_training_goes_on_with_another_gang(void **state)
{
    int most = largest();
    qg_training_summary s;
    qg_gang g;
    (void)state;
    interrupt("broken", 1, 2);    /* after step 3 */
    interrupt("broken", most, 3); /* after step 6 or in the validation */
    interrupt("broken", most / 2 < 1 ? 1 : most / 2, 0);
    interrupt("broken", most, 4);
    if (!gang_form(&g, most))
        return;
    qt_ok(train(&g, &s, "broken", NULL));
    check_same(&g, "broken");
}

/* True some time after there is a checkpoint. */
static bool after_a_checkpoint(void *ctx)
{
    char path[600];
    snprintf(path, sizeof path, "%s/lost.checkpoint", folder);
    return access(path, F_OK) == 0 && --*(int *)ctx < 0;
}

/* As when a member dies: all give up, each somewhere else. What the checkpoint has is kept. */
static void a_gang_that_broke_is_followed_by_another(void **state)
{
    int most = largest();
    qg_training_summary s;
    qg_gang g;
    (void)state;
    for (int round = 0; round < 2; round++) {
        if (!gang_form(&g, most))
            continue;
        int polls = 3 + 4 * round + 2 * g.index;
        g.poll = after_a_checkpoint;
        g.ctx = &polls;
        qt_fails(train(&g, &s, "lost", NULL), QG_ELOST, NULL);
        assert_false(s.interrupted);
    }
    if (!gang_form(&g, most / 2 < 1 ? 1 : most / 2))
        return;
    qt_ok(train(&g, &s, "lost", NULL));
    check_same(&g, "lost");
}

static void remove_output(const char *name)
{
    char path[600];
    snprintf(path, sizeof path, "%s/%s/packed", folder, name);
    assert_true(qg_dir_exists(path));
    qt_ok(qg_remove(path));
    *strrchr(path, '/') = 0;
    qt_ok(qg_remove(path));
}

static void errors_reach_all_members(void **state)
{
    static const char *const explodes[] = {"/learning_rate=1e30", "/warmup=0", "/qat=\"fp32\"",
                                           NULL};
    /* One step an epoch; the first is at a learning rate of 0. */
    static const char *const later[] = {"/learning_rate=1e30", "/warmup=1", "/batch=165",
                                        "/qat=\"fp32\"", NULL};
    static const char *const few[] = {"/leaves=1", NULL};
    (void)state;
    for (int size = 1; size <= 8; size *= 2) {
        qg_training_summary s;
        qg_gang g;
        if (!gang_form(&g, size))
            continue;
        qt_fails(train(&g, &s, "reference", NULL), QG_EUSAGE, "exists and is not empty", NULL);
        qt_fails(train(&g, &s, "nan", explodes), QG_ENUMERIC, "step", NULL);
        qt_fails(train(&g, &s, "nan", later), QG_ENUMERIC, "is not finite", NULL);
        assert_true(s.written); /* the epoch before */
        if (g.index == 0)
            remove_output("nan");
        if (size > 1)
            qt_fails(train(&g, &s, "few", few), QG_EUSAGE, "for a training of 1 leaves", NULL);
    }
}

static void a_checkpoint_of_another_training_is_refused_by_all(void **state)
{
    static const char *const other[] = {"/seed=7", NULL};
    int most = largest();
    qg_training_summary s;
    qg_gang g;
    (void)state;
    interrupt("kept", most, 1);
    if (!gang_form(&g, most))
        return;
    qt_fails(train(&g, &s, "kept", other), QG_ECHANGED, "config", "seed: 42", NULL);
}

/* First of all: where it all happens. */
static void members_agree_on_a_folder(void **state)
{
    qg_gang g;
    (void)state;
    if (!gang_form(&g, largest()))
        return;
    agree_on_folder(&g);
    assert_true(folder[0] == '/');
}

/* Last of all: nobody removes the folder before all are done with it. */
static void all_are_done(void **state)
{
    qg_gang g;
    (void)state;
    if (gang_form(&g, largest()))
        qt_ok(qg_gang_agree(&g, QG_OK, NULL));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_agree_on_a_folder),
        cmocka_unit_test(any_number_of_ranks_leaves_the_same_files),
        cmocka_unit_test(an_interrupted_training_goes_on_with_another_gang),
        cmocka_unit_test(a_gang_that_broke_is_followed_by_another),
        cmocka_unit_test(errors_reach_all_members),
        cmocka_unit_test(a_checkpoint_of_another_training_is_refused_by_all),
        cmocka_unit_test(all_are_done),
    };
    return gang_main("gang_training", tests, sizeof tests / sizeof tests[0]);
}
