/*
 * test_base.c - arena, error record, strings, random numbers, files, option tables.
 */
#include "qt.h"

#include "qgrid/file.h"
#include "qgrid/opt.h"
#include "qgrid/rng.h"
#include "qgrid/str.h"

#include <math.h>
#include <string.h>

static void arena_gives_zeroed_aligned_memory_and_keeps_its_budget(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(1 << 20);
    qg_mark m = qg_arena_mark(a);
    unsigned char *p = qg_arena_alloc(a, 1000, 1);
    assert_non_null(p);
    qt_eq("alignment", (long long)((uintptr_t)p % 64), 0);
    for (int i = 0; i < 1000; i++)
        qt_eq("byte", p[i], 0);
    memset(p, 0xff, 1000);
    qg_arena_release(a, m);
    qt_eq("used", (long long)qg_arena_used(a), 0);
    p = qg_arena_alloc(a, 1000, 1);
    qt_eq("byte after reuse", p[999], 0);
    assert_null(qg_arena_alloc(a, 1 << 20, 1));
    qt_fails(QG_ENOMEM, QG_ENOMEM, "budget", NULL);
    volatile size_t huge = SIZE_MAX / 2;
    assert_null(qg_arena_alloc(a, huge, 4));
    qg_arena_destroy(a);
}

static void the_source_of_an_error_is_told_apart(void **state)
{
    (void)state;
    char text[512], brief[512];
    (void)QG_FAIL_AT(QG_EFORMAT, "d.csv", 3, 7, "label", "a text with [QG_E in it]");
    qg_error_format(text, sizeof text, qg_error_last());
    qg_error_format_short(brief, sizeof brief, qg_error_last());
    assert_string_equal(brief, "d.csv:3:7: label: a text with [QG_E in it]");
    assert_true(qg_error_short_length(text) == strlen(brief));
    assert_true(strncmp(text, brief, strlen(brief)) == 0);
    assert_non_null(strstr(text + strlen(brief), " [QG_EFORMAT tests/unit/test_base.c:"));
    static const char *const whole[] = {"", "no memory", "ends with ]", "cut [QG_EFORMAT src/io"};
    for (size_t i = 0; i < sizeof whole / sizeof whole[0]; i++)
        assert_true(qg_error_short_length(whole[i]) == strlen(whole[i]));
}

static void innermost_place_of_an_error_wins(void **state)
{
    (void)state;
    char text[1024];
    (void)QG_FAIL_AT(QG_EFORMAT, "a.csv", 42, 7, "label", "label '%s' is\nodd", "x");
    (void)qg_error_place("b.csv", 1, 1, "text");
    qg_error_format(text, sizeof text, qg_error_last());
    assert_non_null(strstr(text, "a.csv:42:7: label: label 'x' is odd [QG_EFORMAT"));
}

static void strict_utf8(void **state)
{
    (void)state;
    qt_eq("plain", (long long)qg_utf8_check("a\xc3\xa9\xf0\x9f\x98\x80", 7), 7);
    qt_eq("overlong", (long long)qg_utf8_check("a\xc0\xaf", 3), 1);
    qt_eq("surrogate", (long long)qg_utf8_check("\xed\xa0\x80", 3), 0);
    qt_eq("cut", (long long)qg_utf8_check("ab\xe2\x82", 4), 2);
    qt_eq("beyond", (long long)qg_utf8_check("\xf4\x90\x80\x80", 4), 0);
    qt_eq("length", (long long)qg_utf8_length("a\xc3\xa9\xf0\x9f\x98\x80", 7), 3);
}

static void names(void **state)
{
    (void)state;
    static const char *const known[] = {"precision", "models", "datasets", NULL};
    assert_string_equal(qg_nearest("precisions", known), "precision");
    assert_string_equal(qg_nearest("dataset", known), "datasets");
    assert_null(qg_nearest("zebra", known));
    assert_true(qg_glob("finetuned_*/int?", "finetuned_smsa/int8"));
    assert_true(qg_glob("*", ""));
    assert_false(qg_glob("*/int8", "finetuned_smsa/int8/lime"));
    assert_true(qg_glob("*/int8*", "finetuned_smsa/int8/lime"));
}

/* Known answer of Philox4x32-10 for key 0 and counter 0 (Random123's kat_vectors). */
static void random_numbers_are_philox_by_counter(void **state)
{
    (void)state;
    static const uint32_t zero[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    qg_rng r = {0};
    for (int i = 0; i < 4; i++)
        qt_eq("word", qg_rng_u32(&r), zero[i]);

    uint32_t words[12];
    qg_rng e = qg_rng_make(1, "blocks", 9);
    qg_rng_blocks(words, &e, 2, 3);
    for (int i = -8; i < 12; i++) {
        uint32_t word = qg_rng_u32(&e);
        if (i >= 0)
            qt_eq("word from anywhere", word, words[i]);
    }
    qg_rng a = qg_rng_make(42, "purpose", 7), b = qg_rng_make(42, "purpose", 7);
    qg_rng c = qg_rng_make(42, "purpose", 8), d = qg_rng_make(42, "other", 7);
    uint64_t first = qg_rng_u64(&a);
    assert_true(first == qg_rng_u64(&b));
    assert_true(first != qg_rng_u64(&c) && first != qg_rng_u64(&d));

    double sum = 0, sq = 0;
    int count[7] = {0};
    for (int i = 0; i < 70000; i++) {
        double z = qg_rng_normal(&a);
        sum += z;
        sq += z * z;
        count[qg_rng_below(&b, 7)]++;
    }
    qt_close("mean", sum / 70000, 0, 0, 0.02);
    qt_close("variance", sq / 70000, 1, 0, 0.03);
    for (int i = 0; i < 7; i++)
        qt_close("count", count[i], 10000, 0.05, 0);
}

static void files_are_written_whole_or_not_at_all(void **state)
{
    (void)state;
    char hex[QG_SHA256_HEX];
    char *text;
    size_t size;
    qg_arena *a = qg_arena_create(0);
    const char *path = qt_tmp("file.txt");
    qt_ok(qg_file_write(path, "abc", 3));
    qt_ok(qg_sha256_file(hex, path));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    qt_ok(qg_file_read(&text, &size, a, path, 100));
    assert_string_equal(text, "abc");
    qt_fails(qg_file_read(&text, &size, a, path, 2), QG_EFORMAT, "file.txt", "at most 2", NULL);
    qt_fails(qg_file_write(qt_tmp("no/such/dir"), "x", 1), QG_EIO, "No such file", NULL);
    qg_map m;
    qt_fails(qg_file_map(&m, qt_tmp("missing")), QG_EIO, "missing", "No such file", NULL);
    qt_fails(qg_file_map(&m, "/tmp"), QG_EIO, "not a regular file", NULL);
    qg_arena_destroy(a);
}

struct sample_opts {
    int64_t runs;
    double share;
    const char *name;
    bool on;
    int rule;
};
static const char *const rules[] = {"none", "letters", NULL};
static const qg_opt sample_table[] = {
    {"runs", QG_OPT_INT, offsetof(struct sample_opts, runs), .def = 20, .min = 1, .max = 1000},
    {"share", QG_OPT_REAL, offsetof(struct sample_opts, share), .def = 0.5, .min = 0, .max = 1},
    {"name", QG_OPT_STRING, offsetof(struct sample_opts, name), .def_text = "x"},
    {"on", QG_OPT_BOOL, offsetof(struct sample_opts, on)},
    {"rule", QG_OPT_ENUM, offsetof(struct sample_opts, rule), .names = rules},
    QG_OPT_END,
};

static void option_tables_collect_every_mistake(void **state)
{
    (void)state;
    const char *text =
        "{\"run\": 3,\n \"runs\": 0, \"share\": \"a\", \"rule\": \"leters\", \"on\": 1}";
    qg_arena *a = qg_arena_create(0);
    qg_problems p = {.arena = a};
    struct sample_opts o;
    qg_json_doc doc;
    char line[1024];
    qt_ok(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    qt_eq("code", qg_opt_read(&o, sample_table, &doc, doc.root, &p), QG_EJOB);
    qt_eq("problems", p.n, 5);
    qg_error_format(line, sizeof line, &p.item[0]);
    assert_non_null(strstr(line, "job.json:1:2: /run: unknown key 'run', did you mean 'runs'?"));
    qg_error_format(line, sizeof line, &p.item[1]);
    assert_non_null(strstr(line, "job.json:2:2: /runs: 0 is outside [1, 1000]"));
    qt_eq("default", o.runs, 20);

    p.n = 0;
    qg_str s = {0};
    text = "{\"runs\": 7, \"rule\": \"letters\"}";
    qt_ok(qg_json_parse(&doc, a, "job.json", text, strlen(text)));
    qt_ok(qg_opt_read(&o, sample_table, &doc, doc.root, &p));
    qg_opt_write(&s, sample_table, &o);
    assert_string_equal(
        s.data, "{\"runs\":7,\"share\":0.5,\"name\":\"x\",\"on\":false,\"rule\":\"letters\"}");
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(arena_gives_zeroed_aligned_memory_and_keeps_its_budget),
    cmocka_unit_test(the_source_of_an_error_is_told_apart),
    cmocka_unit_test(innermost_place_of_an_error_wins),
    cmocka_unit_test(strict_utf8),
    cmocka_unit_test(names),
    cmocka_unit_test(random_numbers_are_philox_by_counter),
    cmocka_unit_test(files_are_written_whole_or_not_at_all),
    cmocka_unit_test(option_tables_collect_every_mistake),
};
QT_MAIN("base", tests)
