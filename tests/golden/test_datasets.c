/*
 * test_datasets.c - real files: counts that are known of them, and hashes of what is read.
 *
 * The hashes are SHA-256 over "text NUL label-name NUL" of all rows that are not empty, made with
 * Python's csv module and unicodedata from the same files.
 */
#include "qt.h"

#include "qgrid/dataset.h"
#include "qgrid/file.h"

#include <string.h>

static const char *const labels[] = {"positive", "neutral", "negative", NULL};

static void load(qg_dataset *ds, qg_arena *a, qg_dataset_spec spec)
{
    spec.name = "ds";
    qt_ok(qg_dataset_load(ds, a, &spec, labels));
}

static void counts_are(const qg_dataset *ds, int64_t records, int64_t empty, int64_t duplicates,
                       int64_t conflicting)
{
    qt_eq("records", ds->records, records);
    qt_eq("skipped", ds->skipped, 0);
    qt_eq("empty", ds->empty, empty);
    qt_eq("rows", ds->n, records - empty);
    qt_eq("duplicates", ds->duplicates, duplicates);
    qt_eq("conflicting", ds->conflicting, conflicting);
}

static void labels_are(const qg_dataset *ds, int positive, int neutral, int negative)
{
    int of[3] = {0};
    for (int64_t i = 0; i < ds->n; i++)
        of[ds->label[i]]++;
    qt_eq("positive", of[0], positive);
    qt_eq("neutral", of[1], neutral);
    qt_eq("negative", of[2], negative);
}

static void hash_is(const qg_dataset *ds, const char *want)
{
    char hex[QG_SHA256_HEX];
    qg_sha256 h;
    qg_sha256_init(&h);
    for (int64_t i = 0; i < ds->n; i++) {
        qg_sha256_add(&h, ds->text[i], ds->text_len[i] + 1);
        qg_sha256_add(&h, labels[ds->label[i]], strlen(labels[ds->label[i]]) + 1);
    }
    qg_sha256_final(&h, hex);
    assert_string_equal(hex, want);
}

static void known_as(const qg_dataset *ds, const char *name)
{
    const qg_known_file *k = qg_known_file_find(ds->sha256);
    assert_non_null(ds->known_as);
    assert_string_equal(ds->known_as, name);
    assert_non_null(k);
    qt_eq("known records", k->records, ds->records);
}

static void smsa_has_the_rows_that_indonlu_states(void **state)
{
    (void)state;
    qg_dataset train, valid, test;
    qg_arena *a = qg_arena_create(0);
    load(&train, a,
         (qg_dataset_spec){.path = qt_shared("data/smsa/train_preprocess.tsv"),
                           .rules = {1, {QG_TEXT_LETTERS}}});
    hash_is(&train, "132b423a8c9441795d78406a65ef0ab6c3d3e91f4293f29d33f4b81e2c418ca1");
    load(&train, a, (qg_dataset_spec){.path = qt_shared("data/smsa/train_preprocess.tsv")});
    counts_are(&train, 11000, 0, 67, 0);
    labels_are(&train, 6416, 1148, 3436);
    hash_is(&train, "8b4b93c2bd3fbb5b28c48713cf4ea921c13982eddbe0a5cfea3734b2bd02c6df");
    known_as(&train, "SmSA train (IndoNLU)");
    load(&valid, a, (qg_dataset_spec){.path = qt_shared("data/smsa/valid_preprocess.tsv")});
    counts_are(&valid, 1260, 0, 0, 0);
    labels_are(&valid, 735, 131, 394);
    known_as(&valid, "SmSA valid (IndoNLU)");
    load(&test, a, (qg_dataset_spec){.path = qt_shared("data/smsa/test_preprocess.tsv")});
    counts_are(&test, 500, 0, 0, 0);
    labels_are(&test, 208, 88, 204);
    hash_is(&test, "f23e1f011f78b87d6879ec264832f6c958e47b67b09074c70e080bed7c66c49e");
    known_as(&test, "SmSA test (IndoNLU)");
    qt_eq("valid in train", qg_dataset_shared(&train, &valid), 14);
    qg_arena_destroy(a);
}

static void tweets_in_their_original_format(void **state)
{
    (void)state;
    static const char *const want[] = {
        "1d7fb2e69f9681117b4f9124fbe57472967f7ba7487ff242af340493e8822507",
        "bf92ff744e25ece60c5a3d490b3d6b62facb8dce0fe9c210dddcaa8def1991e2",
        "bb9dbfc67ce5d383e56b2fc83cfa072352e4fef30c9165f70888451b32fe035f"};
    qg_arena *a = qg_arena_create(0);
    for (int rule = QG_TEXT_NONE; rule <= QG_TEXT_LETTERS; rule++) {
        qg_dataset ds;
        load(&ds, a,
             (qg_dataset_spec){.path = qt_shared("data/tweets_ppkm/INA_TweetsPPKM_raw_sample.csv"),
                               .format = "tweets",
                               .rules = {1, {(qg_text_rule)rule}}});
        counts_are(&ds, 54, 0, 0, 0);
        labels_are(&ds, 9, 33, 12);
        hash_is(&ds, want[rule]);
        assert_null(ds.known_as);
        assert_string_equal(ds.sample_id[53], "53");
        qt_eq("first", ds.line[0], 2);
        qt_eq("third", ds.line[2], 5);
    }
    qg_arena_destroy(a);
}

static const qg_json *map(qg_arena *a, const char *text)
{
    qg_json_doc doc;
    qt_ok(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    return doc.root;
}

static void cleaned_tweets_are_plain_csv_with_a_label_map(void **state)
{
    (void)state;
    qg_dataset ds;
    qg_arena *a = qg_arena_create(0);
    qg_dataset_spec spec = {.path = qt_shared("data/tweets_ppkm/ppkm_data_clean.csv"),
                            .text_column = "cleaned_text",
                            .label_column = "sentiment"};
    spec.label_map = map(a, "{\"0\": \"positive\", \"1\": \"neutral\", \"2\": \"negative\"}");
    load(&ds, a, spec);
    counts_are(&ds, 23644, 1, 2594, 24);
    labels_are(&ds, 1958, 17705, 3980);
    hash_is(&ds, "6e2e065a73dd835ef73d0090fe8cfd1d56356414659314d34d7f7a69d5cc710f");
    known_as(&ds, "PPKM tweets, cleaned (ppkm_data_clean.csv)");
    spec.rules = (qg_normalization){1, {QG_TEXT_WHITESPACE}};
    load(&ds, a, spec);
    counts_are(&ds, 23644, 1, 2622, 24);
    hash_is(&ds, "0bec0144f2684d7be8fd68344ea5b83c55fa384ec8e320d03fc69321b2578093");

    spec.sampling.fraction = 0.05;
    spec.sampling.seed = 42;
    load(&ds, a, spec);
    qt_eq("a twentieth", ds.n, 1182);
    qt_eq("records", ds.records, 23644);
    qg_arena_destroy(a);
}

static void raw_tweets_of_other_annotators(void **state)
{
    (void)state;
    static const char *const want[] = {
        "f57cbc1592fef8c8e7cd812a4b5f2d98ac97ca7a48f47c22afea206668467bc1",
        "cc0d8a1277915fa85aea61ef94ce6fc8291047f1879a8d594442d8d148bc78d2",
        "ffc11fa3749b6e7036d4d09cc3d31ae1a11fa8f11ec209a4b54dd26631581bba"};
    static const int64_t duplicates[] = {224, 224, 251};
    qg_arena *a = qg_arena_create(0);
    const qg_json *m = map(a, "{\"2\": \"positive\", \"1\": \"neutral\", \"0\": \"negative\"}");
    for (int rule = QG_TEXT_NONE; rule <= QG_TEXT_LETTERS; rule++) {
        qg_dataset ds;
        int multi_line = 0;
        load(&ds, a,
             (qg_dataset_spec){.path = qt_shared("data/tweets_ifest/train_raw.csv"),
                               .text_column = "raw",
                               .label_map = m,
                               .rules = {1, {(qg_text_rule)rule}}});
        counts_are(&ds, 9810, 0, duplicates[rule], 25);
        labels_are(&ds, 1284, 4028, 4498);
        hash_is(&ds, want[rule]);
        for (int64_t i = 0; i < ds.n; i++)
            multi_line += strchr(ds.text[i], '\n') != NULL;
        qt_eq("multi-line texts", multi_line, rule == QG_TEXT_NONE ? 2509 : 0);
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(smsa_has_the_rows_that_indonlu_states),
    cmocka_unit_test(tweets_in_their_original_format),
    cmocka_unit_test(cleaned_tweets_are_plain_csv_with_a_label_map),
    cmocka_unit_test(raw_tweets_of_other_annotators),
};
QT_MAIN("datasets", tests)
