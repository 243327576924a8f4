/*
 * test_job_explain.c - the "explain" member of a job: what it means, mistakes named with their
 * place, and what keys of explanations tell.
 */
#include "qt.h"

#include "qgrid/plan.h"

#include <string.h>

typedef struct loaded {
    qg_arena *arena;
    qg_job job;
    qg_plan plan;
    qg_problems problems;
} loaded;

/* A job with this "explain" (NULL: none) and these precisions: experiments "a" and "b" on one data
 * set, "c" on another, "s" with seeds 7 and 5, "t" with seeds 1, 2 and 3. */
static qg_code load(loaded *l, const char *explain, const char *precisions)
{
    const char *path = qt_tmp("job.json");
    memset(l, 0, sizeof *l);
    l->arena = qg_arena_create(0);
    l->problems.arena = l->arena;
    char *text = qg_arena_printf(
        l->arena,
        "{\"name\": \"t\", \"labels\": [\"positive\", \"neutral\", \"negative\"],\n"
        "\"models\": {\"m\": \"models/mini-finetuned\",\n"
        "\"o\": {\"path\": \"models/mini-original\", \"head\": \"random\"},\n"
        "\"two\": {\"train\": {\"from\": \"m\", \"dataset\": \"d\", \"validation\": \"d\", "
        "\"seeds\": [7, 5]}},\n"
        "\"three\": {\"train\": {\"from\": \"m\", \"dataset\": \"d\", \"validation\": \"d\", "
        "\"seeds\": [1, 2, 3]}}},\n"
        "\"datasets\": {\"d\": {\"path\": \"datasets/test.tsv\", \"format\": \"smsa\"},\n"
        "\"e\": {\"path\": \"datasets/INA_TweetsPPKM_Labeled_Pure.csv\", \"format\": "
        "\"tweets\"}},\n"
        "\"experiments\": {\"a\": {\"model\": \"m\", \"dataset\": \"d\"}, "
        "\"b\": {\"model\": \"o\", \"dataset\": \"d\"}, \"c\": {\"model\": \"m\", \"dataset\": "
        "\"e\"},\n"
        "\"s\": {\"model\": \"two\", \"dataset\": \"d\"}, "
        "\"t\": {\"model\": \"three\", \"dataset\": \"d\"}},\n"
        "\"precisions\": [%s]%s%s}",
        precisions, explain ? ",\n\"explain\": " : "", explain ? explain : "");
    qt_write(path, text, strlen(text));
    return qg_job_load(&l->job, l->arena, path, NULL, &l->problems);
}

static void read(loaded *l, const char *explain)
{
    qt_ok(load(l, explain, "\"int8\", \"fp32\""));
}

static void unload(loaded *l)
{
    qg_arena_destroy(l->arena);
}

static void little_said_means_a_lot(void **state)
{
    (void)state;
    loaded l;
    read(&l, "{\"methods\": [\"lime\", {\"method\": \"lime\", \"name\": \"l2\", \"samples\": 9}]}");
    const qg_explain_options *o = &l.job.explain;
    const double k[] = {1, 3, 5, 10, 0.2, 0.5};
    qt_eq("methods", o->n_methods, 2);
    assert_string_equal(o->methods[0].name, "lime");
    assert_string_equal(o->methods[1].name, "l2");
    qt_eq("per class", o->per_class, 17);
    qt_eq("correct only", o->correct_only, 1);
    qt_eq("seed", o->seed, l.job.seed);
    qt_eq("target", o->target, QG_TARGET_REFERENCE);
    qt_eq("k", o->faithful.n_k, 6);
    qt_same("k", o->faithful.k, k, 6, sizeof *k);
    qt_eq("steps", o->faithful.curve_steps, 10);
    qt_eq("infidelity", o->faithful.infidelity, 0);
    qt_eq("leave one out", o->faithful.leave_one_out, 1);
    qt_eq("normalised", o->faithful.normalised, 0);
    qt_eq("exact", o->faithful.exact_words, 8);
    qt_eq("beam", o->faithful.beam, 5);
    qt_eq("soft", o->faithful.soft, 0);
    qt_eq("randomisation", o->randomisation.wanted, 0);
    qt_eq("draws", o->floor_draws, 30);
    assert_false(o->internals);
    qt_eq("pairs", o->n_pairs, 0);
    unload(&l);
    read(&l, NULL);
    qt_eq("nothing", l.job.explain.n_methods, 0);
    unload(&l);
}

static void everything_may_be_said(void **state)
{
    (void)state;
    loaded l;
    read(&l, "{\"methods\": [\"shap\"], \"target\": \"neutral\", \"floor_draws\": 5, \"samples\": "
             "{\"per_class\": 2, \"correct_only\": false, \"seed\": 0}, \"faithfulness\": {\"k\": "
             "[2, 0.25], \"order\": \"magnitude\", \"masking\": \"delete\", \"curve_steps\": 0, "
             "\"infidelity\": 7, \"sensitivity\": 3, \"leave_one_out\": false, \"normalised\": "
             "true, \"exact_words\": 4, \"beam\": 9, \"soft\": 6}}");
    const qg_explain_options *o = &l.job.explain;
    qt_eq("target", o->target, 1);
    qt_eq("draws", o->floor_draws, 5);
    qt_eq("per class", o->per_class, 2);
    qt_eq("correct only", o->correct_only, 0);
    qt_eq("seed", o->seed, 0);
    qt_eq("k", o->faithful.n_k, 2);
    assert_true(o->faithful.k[0] == 2 && o->faithful.k[1] == 0.25);
    qt_eq("order", o->faithful.by_magnitude, 1);
    qt_eq("masking", o->faithful.masking, QG_MASKING_DELETE);
    qt_eq("steps", o->faithful.curve_steps, 0);
    qt_eq("infidelity", o->faithful.infidelity, 7);
    qt_eq("leave one out", o->faithful.leave_one_out, 0);
    qt_eq("normalised", o->faithful.normalised, 1);
    qt_eq("exact", o->faithful.exact_words, 4);
    qt_eq("beam", o->faithful.beam, 9);
    qt_eq("soft", o->faithful.soft, 6);
    qt_eq("sensitivity", o->faithful.sensitivity, 3);
    unload(&l);
    read(&l, "{\"methods\": [\"shap\"], \"target\": \"predicted\", \"faithfulness\": false}");
    qt_eq("target", l.job.explain.target, QG_TARGET_PREDICTED);
    qt_eq("not measured", l.job.explain.faithful.n_k, 0);
    unload(&l);
    read(&l, "{\"methods\": [\"shap\"], \"faithfulness\": true}");
    qt_eq("as it is said nowhere", l.job.explain.faithful.n_k, 6);
    unload(&l);
}

static void a_pair_is_one_for_each_seed(void **state)
{
    (void)state;
    loaded l;
    read(&l, "{\"methods\": [\"shap\"], \"pairs\": [[\"a\", \"b\"], [\"s\", \"a\"]]}");
    static const char *const names[][2] = {{"a", "b"}, {"s_s7", "a"}, {"s_s5", "a"}};
    const qg_explain_options *o = &l.job.explain;
    qt_eq("pairs", o->n_pairs, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(l.job.experiments[o->pairs[i].a].name, names[i][0]);
        assert_string_equal(l.job.experiments[o->pairs[i].b].name, names[i][1]);
    }
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, "s_s5/vs/a", &l.problems));
    /* With the pair go the explanations of both, the training, and predictions of fp32: those of a,
     * from whose model s is trained, choose the texts of both. */
    qt_eq("selected", l.plan.n_selected, 1 + 2 * 2 + 1 + 1);
    unload(&l);
}

/* The only mistake of this job contains both pieces. */
static void wrong(const char *explain, const char *precisions, const char *piece, const char *place)
{
    loaded l;
    char text[1024];
    qg_code rc = load(&l, explain, precisions);
    qt_eq(explain, rc, QG_EJOB);
    qg_error_format(text, sizeof text, &l.problems.item[0]);
    if (l.problems.n != 1 || !strstr(text, piece) || !strstr(text, place))
        fail_msg("%d problems, the first is: %s\nwanted: %s, %s", l.problems.n, text, piece, place);
    unload(&l);
}

static void refused(const char *explain, const char *piece, const char *place)
{
    wrong(explain, "\"fp32\", \"int8\"", piece, place);
}

static void mistakes_in_methods_are_named_with_their_place(void **state)
{
    (void)state;
    refused("{}", "key 'methods' is missing", "job.json:11:1: /explain");
    refused("{\"methods\": [\"shap\", \"lmie\"]}", "there is no method 'lmie', did you mean 'lime'",
            "job.json:11:33: /explain/methods/1");
    refused("{\"methods\": [{\"method\": \"lime\", \"samples\": 1}]}", "samples",
            "job.json:11:44: /explain/methods/0/samples");
    refused("{\"methods\": [{\"method\": \"lime\", \"sample\": 9}]}",
            "unknown key 'sample', did you mean 'samples'?", "/explain/methods/0/sample");
    refused("{\"methods\": [{\"samples\": 9}]}", "key 'method' is missing", "/explain/methods/0");
    refused("{\"methods\": [{\"method\": \"occlusion\", \"stride\": 3}]}", "stride",
            "/explain/methods/0");
    refused("{\"methods\": [\"lime\", \"shap\", {\"method\": \"lime\", \"samples\": 9}]}",
            "method 'lime' occurs twice", "/explain/methods/2");
    refused("{\"methods\": [\"lime\", {\"method\": \"shap\", \"name\": \"lime\"}]}",
            "method 'lime' occurs twice; give one of them another \"name\"", "/explain/methods/1");
    refused("{\"methods\": [{\"method\": \"shap\", \"name\": \"latency\"}]}",
            "name 'latency' is taken", "job.json:11:25: /explain/methods/0");
    refused("{\"methods\": [{\"method\": \"shap\", \"name\": \"a/b\"}]}",
            "is not made of 1 to 64 letters", "/explain/methods/0");
    refused("{\"methods\": \"lime\"}", "found a string", "/explain/methods");
    refused("{\"methods\": [1]}", "found a number", "/explain/methods/0");
    char many[600];
    int at = snprintf(many, sizeof many, "{\"methods\": [0");
    for (int i = 1; i < 257; i++)
        at += snprintf(many + at, sizeof many - (size_t)at, ",0");
    snprintf(many + at, sizeof many - (size_t)at, "]}");
    refused(many, "257 methods, at most 256 are allowed", "job.json:11:13: /explain/methods");
}

static void mistakes_in_the_rest_are_named_with_their_place(void **state)
{
    (void)state;
#define LIME "{\"methods\": [\"lime\"], "
    refused(LIME "\"sample\": {}}", "unknown key 'sample', did you mean 'samples'?",
            "/explain/sample");
    refused(LIME "\"samples\": {\"per_class\": 0}}", "per_class",
            "job.json:11:46: /explain/samples/per_class");
    refused(LIME "\"target\": \"bad\"}",
            "'bad' is neither reference, predicted nor a label: positive, neutral, negative",
            "job.json:11:34: /explain/target");
    refused(LIME "\"floor_draws\": 0}", "floor_draws", "/explain/floor_draws");
    refused("{\"methods\": [{\"method\": \"lime\", \"name\": \"internals\"}]}",
            "name 'internals' is taken", "/explain/methods/0");
    static const char *const bad_k[] = {"0", "-1", "1.5", "10001", "\"1\"", "true", "1e300"};
    for (size_t i = 0; i < sizeof bad_k / sizeof bad_k[0]; i++) {
        char text[200];
        snprintf(text, sizeof text, LIME "\"faithfulness\": {\"k\": [1, %s]}}", bad_k[i]);
        refused(text, "is neither a number of words, 1 to 10000, nor a share of them",
                "/explain/faithfulness/k/1");
    }
    refused(LIME "\"faithfulness\": {\"k\": [1, 3, 1]}}", "1 occurs twice",
            "/explain/faithfulness/k/2");
    refused(LIME "\"faithfulness\": {\"k\": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}",
            "17 numbers, at most 16 are allowed", "/explain/faithfulness/k");
    refused(LIME "\"faithfulness\": {\"masking\": \"gone\"}}",
            "'gone' is not one of: mask, delete, pad, unk, hide", "/explain/faithfulness/masking");
    refused(LIME "\"faithfulness\": {\"steps\": 3}}", "unknown key 'steps'",
            "/explain/faithfulness/steps");
    wrong(LIME "\"target\": \"reference\"}", "\"int8\"",
          "explanations are compared with those of fp32, which is not among precisions",
          "job.json:11:1: /explain");
}

static void randomisation_is_of_all_or_of_those_named(void **state)
{
    (void)state;
    loaded l;
    read(&l, "{\"methods\": [\"lime\", \"shap\"], \"randomisation\": true}");
    const qg_randomisation_options *o = &l.job.explain.randomisation;
    assert_true(o->wanted && o->method[0] && o->method[1] && o->experiment[0] && o->experiment[1]);
    qt_eq("smooth", o->smooth, 0);
    qt_eq("bins", o->bins, 10);
    qt_eq("seed", o->seed, l.job.seed);
    qt_close("noise", o->noise, 0.1, 0, 0);
    unload(&l);
    read(&l, "{\"methods\": [\"lime\", \"shap\"], \"randomisation\": {\"methods\": [\"shap\"], "
             "\"experiments\": [\"b\"], \"smooth\": 4, \"noise\": 0.5, \"bins\": 7, \"seed\": 3}}");
    assert_true(o->wanted && !o->method[0] && o->method[1] && !o->experiment[0] &&
                o->experiment[1]);
    qt_eq("smooth", o->smooth, 4);
    qt_eq("bins", o->bins, 7);
    qt_eq("seed", o->seed, 3);
    qt_close("noise", o->noise, 0.5, 0, 0);
    unload(&l);
    read(&l,
         "{\"methods\": [\"lime\", \"occlusion\"], \"randomisation\": {\"methods\": [\"loo\"]}}");
    assert_true(!o->method[0] && o->method[1]);
    unload(&l);
    read(&l, "{\"methods\": [\"lime\"], \"randomisation\": false}");
    qt_eq("not wanted", o->wanted, 0);
    unload(&l);
    refused(LIME "\"randomisation\": {\"methods\": [\"shap\"]}}",
            "is not the name of one of the job's methods", "/explain/randomisation/methods/0");
    refused(LIME "\"randomisation\": {\"experiments\": [\"x\"]}}", "there is no experiment 'x'",
            "/explain/randomisation/experiments/0");
    refused(LIME "\"randomisation\": {\"experiments\": []}}", "is empty",
            "/explain/randomisation/experiments");
    refused(LIME "\"randomisation\": {\"layers\": 3}}", "unknown key 'layers'",
            "/explain/randomisation/layers");
    refused(LIME "\"randomisation\": 3}", "found", "/explain/randomisation");
}

static void mistakes_in_pairs_are_named_with_their_place(void **state)
{
    (void)state;
    refused(LIME "\"pairs\": [[\"a\", \"x\"]]}",
            "there is no experiment 'x', known are: a, b, c, s, t",
            "job.json:11:50: /explain/pairs/0/1");
    refused(LIME "\"pairs\": [[\"a\", \"s_s7\"]]}", "there is no experiment 's_s7'",
            "/explain/pairs/0/1");
    refused(LIME "\"pairs\": [[\"a\", \"b\"], [\"a\", \"c\"]]}",
            "'a' and 'c' are not of one data set", "/explain/pairs/1");
    refused(LIME "\"pairs\": [[\"a\", \"a\"]]}", "an experiment is not compared with itself",
            "/explain/pairs/0");
    refused(LIME "\"pairs\": [[\"s\", \"t\"]]}", "'s' and 't' are not of the same seeds",
            "/explain/pairs/0");
    refused(LIME "\"pairs\": [[\"a\"]]}", "[experiment, experiment] is expected",
            "/explain/pairs/0");
    refused(LIME "\"pairs\": [[\"a\", 1]]}", "[experiment, experiment] is expected",
            "/explain/pairs/0");
    refused(LIME "\"pairs\": [\"a\", [\"a\", \"b\"]]}", "found a string", "/explain/pairs/0");
    refused(LIME "\"pairs\": [[\"a\", \"b\"], [\"a\", \"b\"]]}", "occurs twice",
            "/explain/pairs/1");
    refused(LIME "\"pairs\": [[\"s\", \"a\"], [\"a\", \"s\"], [\"s\", \"a\"]]}",
            "the pair of 's' and 'a' occurs twice", "/explain/pairs/2");
}

static void fp32_is_the_name_of_fp32_alone(void **state)
{
    (void)state;
    static const char *const other[] = {
        "{\"precision\": \"int8\", \"name\": \"fp32\"}",
        "{\"precision\": \"fp32\", \"embeddings\": \"int8\", \"name\": \"fp32\"}"};
    for (int i = 0; i < 2; i++)
        wrong(LIME "\"target\": \"reference\"}", other[i],
              "name 'fp32' is taken for what others are compared with",
              "job.json:10:16: /precisions/0");
    loaded l;
    qt_ok(load(&l, LIME "\"target\": \"reference\"}",
               "{\"precision\": \"fp32\", \"name\": \"q\"}, {\"precision\": \"fp32\"}"));
    qt_eq("reference", qg_job_reference(&l.job), 1);
    unload(&l);
}

/* Key of a/int8/l, or of the cell after it. */
static void key_of(char key[65], const char *explain)
{
    loaded l;
    read(&l, explain);
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, NULL, &l.problems));
    memcpy(key, qg_plan_explain_cell(&l.plan, 0, 0, 0)->key, 65);
    unload(&l);
}

#define METHODS "\"methods\": [{\"method\": \"lime\", \"name\": \"l\"}]"

static void a_key_tells_what_determines_the_numbers(void **state)
{
    (void)state;
    static const char *const same[] = {
        "{\"methods\": [{\"samples\": 1000, \"method\": \"lime\"}]}",
        "{\"methods\": [\"lime\", \"shap\"]}",
        "{" METHODS ", \"samples\": {\"per_class\": 17, \"seed\": 42}}",
        "{" METHODS ", \"target\": \"reference\", \"faithfulness\": {}}",
        "{" METHODS ", \"pairs\": [[\"a\", \"b\"]]}",
    };
    static const char *const other[] = {
        "{\"methods\": [{\"method\": \"lime\", \"samples\": 999}]}",
        "{\"methods\": [\"shap\"]}",
        "{" METHODS ", \"samples\": {\"per_class\": 16}}",
        "{" METHODS ", \"samples\": {\"seed\": 43}}",
        "{" METHODS ", \"samples\": {\"correct_only\": false}}",
        "{" METHODS ", \"target\": \"predicted\"}",
        "{" METHODS ", \"target\": \"positive\"}",
        "{" METHODS ", \"target\": \"neutral\"}",
        "{" METHODS ", \"faithfulness\": false}",
        "{" METHODS ", \"faithfulness\": {\"k\": [1, 3, 5, 10, 0.2]}}",
        "{" METHODS ", \"faithfulness\": {\"k\": [1, 3, 5, 10, 0.2, 0.25]}}",
        "{" METHODS ", \"faithfulness\": {\"curve_steps\": 9}}",
        "{" METHODS ", \"faithfulness\": {\"infidelity\": 1}}",
        "{" METHODS ", \"faithfulness\": {\"leave_one_out\": false}}",
        "{" METHODS ", \"faithfulness\": {\"normalised\": true}}",
        "{" METHODS ", \"faithfulness\": {\"exact_words\": 7}}",
        "{" METHODS ", \"faithfulness\": {\"beam\": 4}}",
        "{" METHODS ", \"faithfulness\": {\"soft\": 1}}",
        "{" METHODS ", \"faithfulness\": {\"sensitivity\": 1}}",
        "{" METHODS ", \"faithfulness\": {\"order\": \"magnitude\"}}",
        "{" METHODS ", \"faithfulness\": {\"masking\": \"delete\"}}",
    };
    enum { OTHERS = sizeof other / sizeof other[0] };
    char plain[65], key[OTHERS][65];
    key_of(plain, "{" METHODS "}");
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        key_of(key[0], same[i]);
        if (strcmp(key[0], plain) != 0)
            fail_msg("%s changes the key", same[i]);
    }
    for (size_t i = 0; i < OTHERS; i++) {
        key_of(key[i], other[i]);
        if (strcmp(key[i], plain) == 0)
            fail_msg("%s does not change the key", other[i]);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(key[i], key[j]);
    }
}

/* Keys of the tests over the explanations of experiment a, of a pair, and of an explanation. */
static void keys_of_tests(char key[3][65], const char *margin)
{
    loaded l;
    char text[256];
    snprintf(text, sizeof text, "{" METHODS ", \"pairs\": [[\"a\", \"b\"]]}%s", margin);
    read(&l, text);
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, NULL, &l.problems));
    memcpy(key[2], qg_plan_explain_cell(&l.plan, 0, 0, 0)->key, 65);
    for (int i = 0; i < l.plan.n_cells; i++) {
        const qg_cell *c = &l.plan.cells[i];
        if (c->kind == QG_CELL_EXPLANATIONS && c->experiment == 0)
            memcpy(key[0], c->key, 65);
        if (c->kind == QG_CELL_PAIR)
            memcpy(key[1], c->key, 65);
    }
    unload(&l);
}

static void a_margin_has_defaults_and_is_part_of_the_tests_keys(void **state)
{
    (void)state;
    loaded l;
    char plain[3][65], same[3][65], other[3][65];
    read(&l, "{" METHODS "}");
    assert_true(l.job.margin.rho == 0.05 && l.job.margin.accuracy == 0.01);
    assert_true(l.job.margin.aopc == 0.05);
    unload(&l);
    read(&l, "{" METHODS "}, \"margin\": {\"rho\": 0.1, \"accuracy\": 0.02, \"aopc\": 0.2}");
    assert_true(l.job.margin.rho == 0.1 && l.job.margin.accuracy == 0.02);
    assert_true(l.job.margin.aopc == 0.2);
    unload(&l);
    refused("{" METHODS "}, \"margin\": {\"rho\": 0}", "0 is outside [0.0001, 2]", "/margin/rho");
    refused("{" METHODS "}, \"margin\": {\"tau\": 1}", "unknown key 'tau'", "/margin/tau");
    keys_of_tests(plain, "");
    keys_of_tests(same, ", \"margin\": {\"rho\": 0.05}");
    keys_of_tests(other, ", \"margin\": {\"rho\": 0.06}");
    for (int i = 0; i < 3; i++) {
        assert_string_equal(plain[i], same[i]);
        assert_true((strcmp(plain[i], other[i]) != 0) == (i < 2));
    }
}

/* Labels of test.tsv: 65, 38 and 62. */
static void a_class_has_no_more_slots_than_texts(void **state)
{
    (void)state;
    loaded l;
    read(&l, "{" METHODS ", \"samples\": {\"per_class\": 40, \"correct_only\": false}}");
    qt_ok(qg_plan_make(&l.plan, l.arena, &l.job, NULL, &l.problems));
    const qg_plan_explained *x = &l.plan.explained[0];
    const qg_dataset *d = &l.plan.datasets[0].data;
    int32_t *reference;
    int64_t *row;
    reference = qg_arena_alloc(l.arena, (size_t)d->n, sizeof *reference);
    row = qg_arena_alloc(l.arena, (size_t)x->slots, sizeof *row);
    assert_true(reference && row);
    qt_eq("slots", x->slots, 40 + 38 + 40);
    qt_eq("second class", x->class_slot[1], 40);
    qt_eq("third class", x->class_slot[2], 78);
    for (int64_t r = 0; r < d->n; r++)
        reference[r] = 2;
    qg_plan_explained_rows(row, &l.plan, 0, &(qg_plan_choice){.predicted = reference});
    for (int64_t i = 0; i < x->slots; i++)
        qt_eq("class", d->label[row[i]], i < 40 ? 0 : i < 78 ? 1 : 2);
    l.job.explain.correct_only = true;
    qg_plan_explained_rows(row, &l.plan, 0, &(qg_plan_choice){.predicted = reference});
    for (int64_t i = 0; i < x->slots; i++)
        qt_eq("right ones alone", row[i] >= 0, i >= 78);
    unload(&l);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(little_said_means_a_lot),
    cmocka_unit_test(randomisation_is_of_all_or_of_those_named),
    cmocka_unit_test(everything_may_be_said),
    cmocka_unit_test(a_pair_is_one_for_each_seed),
    cmocka_unit_test(mistakes_in_methods_are_named_with_their_place),
    cmocka_unit_test(mistakes_in_the_rest_are_named_with_their_place),
    cmocka_unit_test(mistakes_in_pairs_are_named_with_their_place),
    cmocka_unit_test(fp32_is_the_name_of_fp32_alone),
    cmocka_unit_test(a_key_tells_what_determines_the_numbers),
    cmocka_unit_test(a_margin_has_defaults_and_is_part_of_the_tests_keys),
    cmocka_unit_test(a_class_has_no_more_slots_than_texts),
};
QT_MAIN("job_explain", tests)
