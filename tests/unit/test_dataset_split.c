/*
 * test_dataset_split.c - parts of a file: disjoint, complete, in equal shares, equal texts
 * together.
 */
#include "dataset_case.h"

#include "io/dataset_rows.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS = 400 };

/* Rows of three labels, 200, 120 and 80 of them; every eighth text occurs twice. */
static const char *table(qg_arena *a)
{
    char *text = qg_arena_alloc(a, 40 * ROWS, 1), *p = text;
    assert_non_null(text);
    for (int i = 0; i < ROWS; i++) {
        int of = i % 8 == 7 ? i - 1 : i;
        const char *label = i < 200 ? "positive" : i < 320 ? "neutral" : "negative";
        p += snprintf(p, 40, "%s nomor %d\t%s\n", i % 8 == 7 ? "Teks" : "teks", of, label);
    }
    return text;
}

static qg_dataset part(qg_arena *a, const char *text, const char *split, const char *name)
{
    qg_dataset ds;
    qg_problems problems = {.arena = a};
    qg_json_doc doc;
    const char *path = qt_tmp("data.tsv");
    const char *job = qg_arena_printf(a, "{\"path\": \"%s\", \"split\": %s, \"part\": \"%s\"}",
                                      path, split, name);
    qg_dataset_spec spec;
    qt_write(path, text, strlen(text));
    qt_ok(qg_json_parse(&doc, a, "job.json", job, strlen(job)));
    qt_ok(qg_dataset_spec_read(&spec, "ds", &doc, doc.root, &problems));
    qt_ok(qg_dataset_load(&ds, a, &spec, labels));
    return ds;
}

static void parts_are_disjoint_complete_and_stratified(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const char *text = table(a), *split = "{\"train\": 0.7, \"valid\": 0.1, \"test\": 0.2}";
    static const char *const name[] = {"train", "valid", "test"};
    static const double share[] = {0.7, 0.1, 0.2};
    static const int rows[] = {200, 120, 80};
    int seen[ROWS] = {0}, where[ROWS];
    for (int k = 0; k < 3; k++) {
        qg_dataset d = part(a, text, split, name[k]);
        int count[3] = {0};
        for (int64_t i = 0; i < d.n; i++) {
            int record = (int)strtol(d.sample_id[i], NULL, 10);
            seen[record]++;
            where[record] = k;
            count[d.label[i]]++;
            assert_true(i == 0 || record > (int)strtol(d.sample_id[i - 1], NULL,
                                                       10)); /* the order of the file */
        }
        for (int c = 0; c < 3; c++) /* pairs of equal texts move together: a row more or less */
            assert_true(fabs(count[c] - share[k] * rows[c]) <= 2);
    }
    for (int i = 0; i < ROWS; i++) {
        qt_eq("each row once", seen[i], 1);
        if (i % 8 == 7)
            qt_eq("equal texts", where[i], where[i - 1]);
    }
    qg_arena_destroy(a);
}

static void the_seed_decides_and_nothing_else(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    const char *text = table(a);
    qg_dataset x = part(a, text, "{\"train\": 0.5, \"test\": 0.5}", "train");
    qg_dataset y = part(a, text, "{\"seed\": 42, \"train\": 0.5}", "train");
    qg_dataset z = part(a, text, "{\"train\": 0.5, \"test\": 0.5, \"seed\": 7}", "train");
    int same = 0;
    qt_eq("rows", x.n, y.n);
    for (int64_t i = 0; i < x.n; i++) {
        assert_string_equal(x.sample_id[i], y.sample_id[i]);
        same += i < z.n && strcmp(x.sample_id[i], z.sample_id[i]) == 0;
    }
    assert_true(same < x.n / 2);
    qg_arena_destroy(a);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *entry, *says;
    } bad[] = {
        {"{\"split\": {\"a\": 0.7, \"b\": 0.4}}", "the shares add up to 1.1"},
        {"{\"split\": {\"a\": 0}}", "a share above 0"},
        {"{\"split\": {\"a\": \"x\"}}", "a share above 0"},
        {"{\"split\": {\"seed\": 1}}", "names no part"},
        {"{\"split\": {\"a\": 1, \"seed\": 1.5}}", "an integer in [0, 2^53)"},
        {"{\"split\": [0.5]}", "an object is expected"},
        {"{\"split\": {\"a\": 0.5, \"b\": 0.5}, \"part\": \"c\"}",
         "there is no part 'c', these are: a, b"},
        {"{\"part\": \"c\"}", "is of a data set with \"split\""},
    };
    qg_arena *a = qg_arena_create(0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_problems problems = {.arena = a};
        qg_json_doc doc;
        qg_dataset_spec spec;
        const char *job = qg_arena_printf(a, "{\"path\": \"x.tsv\", %s", bad[i].entry + 1);
        qt_ok(qg_json_parse(&doc, a, "job.json", job, strlen(job)));
        qt_eq("refused", qg_dataset_spec_read(&spec, "ds", &doc, doc.root, &problems), QG_EJOB);
        qt_eq("problems", problems.n, 1);
        assert_non_null(strstr(problems.item[0].msg, bad[i].says));
    }
    qg_dataset ds;
    qt_fails(LOAD(&ds, a, SPEC(.format = "smsa", .split = object(a, "{\"a\": 1}")), "a\tneutral\n"),
             QG_EJOB, "split", "\"part\" is missing", NULL);
    qt_fails(LOAD(&ds, a,
                  SPEC(.format = "smsa", .split = object(a, "{\"a\": 0.1}"), .part = "a",
                       .part_to = 0.1),
                  "a\tneutral\n"),
             QG_EJOB, "split", "part 'a' has no rows", NULL);
    static const char pairs[] =
        "{\"text\": \"tidak enak\", \"label\": \"negative\", \"phenomenon\": \"x\", "
        "\"cues\": [\"tidak\"], \"pair\": {\"text\": \"enak\", \"label\": \"positive\"}}\n";
    qt_fails(LOAD(&ds, a,
                  SPEC(.format = "probes", .split = object(a, "{\"a\": 0.5}"), .part = "a",
                       .part_to = 0.5),
                  pairs),
             QG_EJOB, "split", "would tear minimal pairs apart", NULL);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(parts_are_disjoint_complete_and_stratified),
    cmocka_unit_test(the_seed_decides_and_nothing_else),
    cmocka_unit_test(what_is_wrong_is_named),
};
QT_MAIN("dataset_split", tests)
