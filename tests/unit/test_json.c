/*
 * test_json.c - strict JSON with places.
 */
#include "qt.h"

#include "qgrid/str.h"

#include <string.h>

static qg_code parse(qg_json_doc *doc, qg_arena *a, const char *text)
{
    return qg_json_parse(doc, a, "job.json", text, strlen(text));
}

static void values_know_their_place(void **state)
{
    (void)state;
    char pointer[96];
    int64_t line, column;
    qg_json_doc doc;
    qg_arena *a = qg_arena_create(0);
    qt_ok(parse(&doc, a, "{\"a\": 1,\n  \"b\": [true, {\"c\": \"x\\ufffdy\"}]}"));
    const qg_json *b = qg_json_get(doc.root, "b");
    const qg_json *c = qg_json_get(b->child->next, "c");
    qg_json_place(&doc, c, &line, &column);
    qt_eq("line", line, 2);
    qt_eq("column", column, 16);
    assert_string_equal(qg_json_pointer(pointer, sizeof pointer, c), "/b/1/c");
    assert_string_equal(c->string, "x\xef\xbf\xbdy");
    qt_eq("count", b->count, 2);
    qg_arena_destroy(a);
}

static void broken_documents_are_refused_with_line_and_column(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *msg;
    } bad[] = {
        {"", "1:1", "a value is missing"},
        {"{\n \"a\": 1,\n}", "2:8", "a comma before }"},
        {"[1, 2 , ]", "1:7", "a comma before ]"},
        {"{a: 1}", "1:2", "a key in double quotes"},
        {"{\"a\": 1, // one\n}", "1:10", "JSON has no comments"},
        {"[1 /* one */]", "1:4", "JSON has no comments"},
        {"{\"a\" # one\n: 1}", "1:6", "JSON has no comments"},
        {"[/ 1]", "1:2", "not a JSON value"},
        {"{\"a\" 1}", "1:6", "':' is expected"},
        {"[1 2]", "1:4", "',' or ']'"},
        {"[1,\n[2]", "1:1", "not closed"},
        {"{\"a\": 1, \"b\": 2, \"a\": 3}", "1:18", "occurs twice"},
        {"[01]", "1:2", "begin with 0"},
        {"[1.]", "1:2", "decimal point"},
        {"[1e999]", "1:2", "too large"},
        {"[NaN]", "1:2", "not a JSON value"},
        {"[\"a\nb\"]", "1:2", "not closed"},
        {"[\"\\x\"]", "1:3", "unknown escape"},
        {"[\"\\ud800\"]", "1:3", "surrogate"},
        {"[\"a\\u0000b\"]", "1:4", "\\u0000, which no text may hold"},
        {"{\"a\\u0000\": 1}", "1:4", "\\u0000, which no text may hold"},
        {"[\"\xc3\x28\"]", "1:3", "UTF-8"},
        {"[1] x", "1:5", "follows the end"},
        {"// hello\n1", "1:1", "JSON has no comments"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_json_doc doc;
        qg_arena *a = qg_arena_create(0);
        qt_fails(parse(&doc, a, bad[i].text), QG_EFORMAT, "job.json", bad[i].place, bad[i].msg,
                 NULL);
        qg_arena_destroy(a);
    }
}

static void deep_nesting_is_refused(void **state)
{
    (void)state;
    qg_str s = {0};
    qg_json_doc doc;
    qg_arena *a = qg_arena_create(0);
    for (int i = 0; i < 100000; i++)
        qg_str_add(&s, "[");
    qt_fails(qg_json_parse(&doc, a, "job.json", s.data, s.len), QG_EFORMAT, "nested", NULL);
    qg_str_fini(&s);
    qg_arena_destroy(a);
}

static qg_code parse_something(qg_arena *a, void *ctx)
{
    qg_json_doc doc;
    (void)ctx;
    return parse(&doc, a, "{\"a\": [1, 2, {\"b\": \"text\"}], \"c\": null}");
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    qt_torture(parse_something, NULL);
}

static void canonical_text_ignores_order_and_spaces(void **state)
{
    (void)state;
    qg_json_doc x, y;
    qg_str sx = {0}, sy = {0};
    qg_arena *a = qg_arena_create(0);
    qt_ok(parse(&x, a, "{\"b\": [1, 2.50], \"a\": {\"d\": null, \"c\": \"q\"}}"));
    qt_ok(parse(&y, a, "{ \"a\":{\"c\":\"\\u0071\",\"d\":null},\n\"b\":[1e0,2.5] }"));
    qg_json_canonical(&sx, x.root);
    qg_json_canonical(&sy, y.root);
    assert_string_equal(sx.data, sy.data);
    qg_str_fini(&sx);
    qg_str_fini(&sy);
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(values_know_their_place),
    cmocka_unit_test(broken_documents_are_refused_with_line_and_column),
    cmocka_unit_test(deep_nesting_is_refused),
    cmocka_unit_test(every_failing_allocation_is_reported),
    cmocka_unit_test(canonical_text_ignores_order_and_spaces),
};
QT_MAIN("json", tests)
