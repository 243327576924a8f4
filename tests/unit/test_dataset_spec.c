/*
 * test_dataset_spec.c - "datasets" entries of a job: defaults, and every mistake with its place.
 */
#include "qt.h"

#include "qgrid/dataset.h"

#include <string.h>

static qg_code read_spec(qg_dataset_spec *spec, qg_problems *p, const char *text)
{
    qg_json_doc doc;
    qt_ok(qg_json_parse(&doc, p->arena, "job.json", text, strlen(text)));
    p->n = 0;
    return qg_dataset_spec_read(spec, "tweets", &doc, doc.root, p);
}

static void keys_are_read_and_defaults_set(void **state)
{
    (void)state;
    qg_dataset_spec s;
    qg_problems p = {.arena = qg_arena_create(0)};
    qt_ok(read_spec(&s, &p, "{\"path\": \"x/y.tsv\"}"));
    assert_string_equal(s.name, "tweets");
    assert_string_equal(s.path, "x/y.tsv");
    assert_string_equal(s.format, "smsa");
    qt_eq("rules", s.rules.n, 0);
    qt_eq("on_error", s.on_error, 0);
    assert_null(s.label_map);
    assert_null(s.sample);
    qt_eq("count", s.sampling.count, 0);

    qt_ok(read_spec(&s, &p, "\"a.jsonl\""));
    assert_string_equal(s.path, "a.jsonl");
    assert_string_equal(s.format, "jsonl");

    qt_ok(read_spec(&s, &p,
                    "{\"path\": \"x.csv\", \"format\": \"tweets\", \"normalize\": \"letters\","
                    " \"on_error\": \"skip\", \"text_column\": \"t\", \"label_column\": \"l\","
                    " \"id_column\": \"i\", \"delimiter\": \"\\t\", \"label_map\": {\"a\": \"b\"},"
                    " \"sample\": {\"fraction\": 0.05}}"));
    assert_string_equal(s.format, "tweets");
    qt_eq("rules", s.rules.n, 1);
    qt_eq("rule", s.rules.rule[0], QG_TEXT_LETTERS);
    qt_eq("on_error", s.on_error, 1);
    assert_string_equal(s.text_column, "t");
    assert_string_equal(s.label_column, "l");
    assert_string_equal(s.id_column, "i");
    assert_string_equal(s.delimiter, "\t");
    assert_string_equal(s.label_map->child->string, "b");
    qt_close("fraction", s.sampling.fraction, 0.05, 0, 0);
    qt_eq("seed", s.sampling.seed, 42);

    qt_ok(
        read_spec(&s, &p, "{\"path\": \"x.csv\", \"normalize\": [\"html\", \"none\", \"lower\"]}"));
    qt_eq("rules", s.rules.n, 2);
    qt_eq("first rule", s.rules.rule[0], QG_TEXT_HTML);
    qt_eq("second rule", s.rules.rule[1], QG_TEXT_LOWER);

    qt_ok(read_spec(&s, &p, "{\"path\": \"x.txt\", \"sample\": {\"per_class\": 7, \"seed\": 0}}"));
    qt_eq("per_class", s.sampling.per_class, 7);
    qt_eq("seed", s.sampling.seed, 0);
    qg_arena_destroy(p.arena);
}

static void mistakes_are_named_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *msg;
    } bad[] = {
        {"3", "job.json:1:1: ", "found a number, an object is expected"},
        {"{\"format\": \"csv\"}", "job.json:1:1: ", "key 'path' is missing"},
        {"{\"path\": \"x.csv\", \"sampel\": {}}",
         "1:19: /sampel: ", "unknown key 'sampel', did you mean 'sample'?"},
        {"{\"path\": \"x.csv\", \"format\": \"excel\"}", "1:19: /format: ",
         "format 'excel' is not one of: csv, jsonl, lines, probes, smsa, tweets"},
        {"{\"path\": \"x.txt2\"}",
         "1:1: ", "the extension of 'x.txt2' names no format; set 'format' to one of: csv, jsonl"},
        {"{\"path\": \"x.XLSX\"}", "1:1: ", "files like 'x.XLSX' are not read, tables of text"},
        {"{\"path\": \"x.parquet\"}", "1:1: ", "pandas.read_parquet(FILE).to_csv("},
        {"\"x\"", "1:1: ", "the extension of 'x' names no format"},
        {"{\"path\": \"x.csv\", \"normalize\": \"lowr\"}",
         "/normalize: ", "'lowr' is not one of: none, whitespace, letters, lower, nfc"},
        {"{\"path\": \"x.csv\", \"normalize\": [\"html\", 1]}",
         "/normalize/1: ", "found a number, the name of a text rule is expected"},
        {"{\"path\": \"x.csv\", \"on_error\": \"stop\"}",
         "/on_error: ", "'stop' is not one of: fail, skip"},
        {"{\"path\": \"x.tsv\", \"text_column\": \"a\"}",
         "1:19: /text_column: ", "format 'smsa' does not take 'text_column'"},
        {"{\"path\": \"x.txt\", \"label_map\": {}}",
         "/label_map: ", "format 'lines' does not take 'label_map'"},
        {"{\"path\": \"x.jsonl\", \"delimiter\": \",\"}",
         "/delimiter: ", "format 'jsonl' does not take 'delimiter'"},
        {"{\"path\": \"x.csv\", \"delimiter\": \";;\"}",
         "/delimiter: ", "';;' is not one ASCII character"},
        {"{\"path\": \"x.csv\", \"delimiter\": \"\"}",
         "/delimiter: ", "'' is not one ASCII character"},
        {"{\"path\": \"x.csv\", \"delimiter\": \"\\\"\"}",
         "/delimiter: ", "other than a quote or a line end"},
        {"{\"path\": \"x.csv\", \"delimiter\": \"\xc2\xa7\"}",
         "/delimiter: ", "is not one ASCII character"},
        {"{\"path\": \"x.csv\", \"label_map\": [1]}",
         "/label_map: ", "found an array, an object is expected"},
        {"{\"path\": \"x.csv\", \"label_map\": {\"a\": 1}}",
         "/label_map/a: ", "found a number, the name of a label is expected"},
        {"{\"path\": \"x.csv\", \"sample\": 5}",
         "/sample: ", "found a number, an object is expected"},
        {"{\"path\": \"x.csv\", \"sample\": {\"seed\": 1}}",
         "/sample: ", "one of these is missing: count, fraction, per_class"},
        {"{\"path\": \"x.csv\", \"sample\": {\"count\": 1, \"fraction\": 1}}",
         "/sample/fraction: ", "'count' and 'fraction' exclude each other"},
        {"{\"path\": \"x.csv\", \"sample\": {\"fraction\": 1.5}}",
         "/sample/fraction: ", "1.5 is outside [0, 1]"},
        {"{\"path\": \"x.csv\", \"sample\": {\"fraction\": 0}}",
         "/sample/fraction: ", "0 rows are no sample, above 0 is expected"},
        {"{\"path\": \"x.csv\", \"sample\": {\"count\": 0}}",
         "/sample/count: ", "0 is outside [1, "},
        {"{\"path\": \"x.csv\", \"sample\": {\"per_class\": 2.5}}",
         "/sample/per_class: ", "found a fraction, an integer is expected"},
        {"{\"path\": \"x.csv\", \"sample\": {\"count\": 1, \"seed\": -1}}",
         "/sample/seed: ", "-1 is outside [0, "},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_dataset_spec s;
        qg_problems p = {.arena = qg_arena_create(0)};
        qt_eq("code", read_spec(&s, &p, bad[i].text), QG_EJOB);
        qt_eq("problems", p.n, 1);
        qt_fails(qg_error_restore(&p.item[0]), QG_EJOB, "job.json", bad[i].place, bad[i].msg, NULL);
        qg_arena_destroy(p.arena);
    }
}

static void all_mistakes_are_collected(void **state)
{
    (void)state;
    qg_dataset_spec s;
    qg_problems p = {.arena = qg_arena_create(0)};
    qt_eq("code",
          read_spec(&s, &p,
                    "{\"path\": \"x.tsv\", \"normalise\": 1, \"on_error\": 1, \"id_column\": \"a\","
                    " \"text_column\": \"b\", \"label_map\": 3, \"sample\": {\"counts\": 3}}"),
          QG_EJOB);
    qt_eq("problems", p.n, 7);
    qg_arena_destroy(p.arena);
}

static qg_code read_something(qg_arena *a, void *ctx)
{
    static const char text[] = "{\"path\": \"x.tsv\", \"text_column\": \"b\", \"x\": 1}";
    qg_dataset_spec s;
    qg_json_doc doc;
    qg_problems p = {.arena = a};
    (void)ctx;
    QG_TRY(qg_json_parse(&doc, a, "job.json", text, sizeof text - 1));
    qg_code rc = qg_dataset_spec_read(&s, "d", &doc, doc.root, &p);
    return rc == QG_EJOB && p.n == 2 ? QG_OK : rc;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    qt_torture(read_something, NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(keys_are_read_and_defaults_set),
    cmocka_unit_test(mistakes_are_named_with_their_place),
    cmocka_unit_test(all_mistakes_are_collected),
    cmocka_unit_test(every_failing_allocation_is_reported),
};
QT_MAIN("dataset_spec", tests)
