/*
 * test_gang_mlm.c - pre-training over gangs: masks, losses, weights and validation are the same on
 * any number of ranks.
 */
#include "gang_rig.h"

#include "qgrid/file.h"
#include "qgrid/training.h"

#include <string.h>

static char folder[512]; /* the same on all ranks */

static void keep_first(void *a, const void *b, void *ctx)
{
    (void)a, (void)b, (void)ctx;
}

static qg_code train(const qg_gang *g, qg_training_summary *out, const char *name)
{
    static const char config[] =
        "{\"objective\": \"mlm\", \"from\": \"models/mini-original\", \"weights\": \"random\",\n"
        " \"output\": \"unused\", \"validation\": \"datasets/test.tsv\",\n"
        " \"dataset\": [\"datasets/test.tsv\", {\"format\": \"tweets\",\n"
        "             \"path\": \"datasets/INA_TweetsPPKM_Labeled_Pure.csv\"}],\n"
        " \"epochs\": 2, \"batch\": 60, \"leaves\": 8, \"max_length\": 30, \"learning_rate\": "
        "1e-3}\n";
    char path[600], output[600];
    qg_arena *a = qg_arena_create(0);
    qg_training_config c;
    qg_training_options o = {.progress = QG_PROGRESS_NONE};
    assert_non_null(a);
    qg_problems problems = {.arena = a};
    snprintf(path, sizeof path, "%s", qt_tmp("mlm.json"));
    snprintf(output, sizeof output, "%s/%s", folder, name);
    qt_write(path, config, sizeof config - 1);
    qt_ok(qg_training_config_load(&c, a, path, NULL, &problems));
    c.output = output;
    qg_code rc = qg_training_run(out, a, &c, &o, g, &problems);
    qg_arena_destroy(a);
    return rc;
}

static void check_same(const char *name)
{
    static const char *const files[] = {"model.safetensors", "training.jsonl"};
    for (size_t i = 0; i < 2; i++) {
        char path[600], want[600], hex[2][QG_SHA256_HEX];
        snprintf(path, sizeof path, "%s/%s/%s", folder, name, files[i]);
        snprintf(want, sizeof want, "%s/ranks1/%s", folder, files[i]);
        qt_ok(qg_sha256_file(hex[0], path));
        qt_ok(qg_sha256_file(hex[1], want));
        assert_string_equal(hex[0], hex[1]);
    }
}

static void any_number_of_ranks_leaves_the_same_files(void **state)
{
    int most = 1;
    qg_gang all, g;
    (void)state;
    while (2 * most <= gang_par->size && most < 8)
        most *= 2;
    if (!gang_form(&all, most))
        return;
    if (all.index == 0)
        snprintf(folder, sizeof folder, "%s", qt_tmp("run"));
    qt_ok(qg_gang_reduce(&all, folder, sizeof folder, keep_first, NULL));
    if (all.index == 0)
        qt_ok(qg_mkdirs(folder));
    for (int size = 1; size <= most; size *= 2) {
        char name[16];
        qg_training_summary s;
        if (!gang_form(&g, size))
            continue;
        snprintf(name, sizeof name, "ranks%d", size);
        qt_ok(train(&g, &s, name));
        assert_true(s.written);
        qt_eq("steps", (long long)s.record.steps, 10);
        if (g.index == 0)
            check_same(name);
    }
    qt_ok(qg_gang_agree(&all, QG_OK, NULL)); /* nobody removes the folder before all are done */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_number_of_ranks_leaves_the_same_files),
    };
    return gang_main("gang_mlm", tests, sizeof tests / sizeof tests[0]);
}
