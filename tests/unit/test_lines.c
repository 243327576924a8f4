/*
 * test_lines.c - texts from a stream.
 */
#include "qt.h"

#include "qgrid/lines.h"

#include <string.h>
#include <unistd.h>

static void start(qg_lines *r, const char *text, size_t size, bool jsonl)
{
    const char *path = qt_tmp(jsonl ? "in.jsonl" : "in.txt");
    qt_write(path, text, size);
    qt_ok(qg_lines_open(r, path, QG_LINES_BY_NAME));
}

static void text_is(qg_lines *r, qg_arena *a, int64_t number, const char *text, const char *id)
{
    qg_line line;
    bool more;
    qt_ok(qg_lines_next(&line, &more, r, a));
    assert_true(more);
    qt_eq("line", line.number, number);
    assert_non_null(line.text);
    assert_string_equal(line.text, text);
    qt_eq("length", (long long)line.text_len, (long long)strlen(text));
    assert_null(line.ids);
    if (id)
        assert_string_equal(line.id, id);
    else
        assert_null(line.id);
}

static void ends(qg_lines *r, qg_arena *a)
{
    qg_line line;
    bool more = true;
    for (int i = 0; i < 2; i++) {
        qt_ok(qg_lines_next(&line, &more, r, a));
        assert_false(more);
    }
    qg_lines_close(r);
}

static void plain_lines_are_texts_and_empty_lines_empty_texts(void **state)
{
    (void)state;
    qg_lines r;
    qg_arena *a = qg_arena_create(0);
    static const char text[] = "\xef\xbb\xbfsatu\r\n\n {\"text\": 1}\t\n\r\nakhir";
    start(&r, text, sizeof text - 1, false);
    text_is(&r, a, 1, "satu", NULL);
    text_is(&r, a, 2, "", NULL);
    text_is(&r, a, 3, " {\"text\": 1}\t", NULL);
    text_is(&r, a, 4, "", NULL);
    text_is(&r, a, 5, "akhir", NULL);
    ends(&r, a);
    start(&r, "", 0, false);
    ends(&r, a);
    start(&r, "\n", 1, false);
    text_is(&r, a, 1, "", NULL);
    ends(&r, a);
    qg_arena_destroy(a);
}

static void json_lines_hold_texts_or_ids(void **state)
{
    (void)state;
    qg_lines r;
    qg_line line;
    bool more;
    qg_arena *a = qg_arena_create(0);
    static const char text[] =
        "{\"text\": \"a\\nb\", \"id\": 1.50e1 }\r\n"
        "\n"
        "{\"label\": [], \"i\\u0064\" : \t\"x\\\"\\u00e9\\\\\",\"text\":\"\"}\n"
        "{\"id\":12345678901234567890,\"text\":\"c\"}\n"
        "{\"text\":\"d\",\"id\":null}\n"
        "{\"ids\": [3, 1305, 4, 2147483647], \"id\": \"k\"}";
    start(&r, text, sizeof text - 1, true);
    text_is(&r, a, 1, "a\nb", "1.50e1");
    text_is(&r, a, 3, "", "\"x\\\"\\u00e9\\\\\"");
    text_is(&r, a, 4, "c", "12345678901234567890");
    text_is(&r, a, 5, "d", NULL);
    qt_ok(qg_lines_next(&line, &more, &r, a));
    assert_true(more);
    assert_null(line.text);
    static const int32_t want[] = {3, 1305, 4, INT32_MAX};
    qt_eq("ids", line.n_ids, 4);
    qt_same("ids", line.ids, want, 4, sizeof want[0]);
    assert_string_equal(line.id, "\"k\"");
    ends(&r, a);
    qg_arena_destroy(a);
}

static void bad_lines_are_named_and_reading_can_go_on(void **state)
{
    (void)state;
#define T(s) (s), sizeof(s) - 1
    static const struct {
        bool jsonl;
        const char *text;
        size_t size;
        const char *place, *msg;
    } bad[] = {
        {false, T("\na\xff\nok"), "in.txt:2:2: ", "byte 0xff is not valid UTF-8"},
        {false, T("\na\0b\nok"), "in.txt:2:2: ", "a NUL byte"},
        {true, T("\n{\"text\": \"a\"\n{\"text\": \"ok\"}"),
         "in.jsonl:2:1: ", "this object is not closed"},
        {true, T("\n\"a\"\n{\"text\": \"ok\"}"), "2:1: ", "found a string, an object is expected"},
        {true, T("\n{}\n{\"text\": \"ok\"}"), "2:1: ", "neither 'text' nor 'ids' is there"},
        {true, T("\n{\"text\": \"\", \"ids\": [1]}\n{\"text\": \"ok\"}"),
         "2:1: ", "'text' and 'ids' are both there"},
        {true, T("\n{\"text\": 7}\n{\"text\": \"ok\"}"),
         "2:2: /text: ", "found a number, a string is expected"},
        {true, T("\n{\"ids\": \"1\"}\n{\"text\": \"ok\"}"),
         "2:2: /ids: ", "found a string, an array of token ids is expected"},
        {true, T("\n{\"ids\": []}\n{\"text\": \"ok\"}"), "2:2: /ids: ", "no token ids"},
        {true, T("\n{\"ids\": [1, \"2\"]}\n{\"text\": \"ok\"}"),
         "2:13: /ids/1: ", "found a string, a token id is expected"},
        {true, T("\n{\"ids\": [-1]}\n{\"text\": \"ok\"}"),
         "2:10: /ids/0: ", "-1 is not a token id"},
        {true, T("\n{\"ids\": [1.5]}\n{\"text\": \"ok\"}"), "/ids/0: ", "1.5 is not a token id"},
        {true, T("\n{\"ids\": [2147483648]}\n{\"text\": \"ok\"}"),
         "/ids/0: ", "2147483648 is not a token id"},
        {true, T("\n{\"text\": \"a\", \"id\": {}}\n{\"text\": \"ok\"}"),
         "2:15: /id: ", "found an object, a string or a number is expected"},
    };
#undef T
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        qg_lines r;
        qg_line line;
        bool more;
        qg_arena *a = qg_arena_create(0);
        start(&r, bad[i].text, bad[i].size, bad[i].jsonl);
        if (!bad[i].jsonl)
            text_is(&r, a, 1, "", NULL);
        qt_fails(qg_lines_next(&line, &more, &r, a), QG_EFORMAT, bad[i].place, bad[i].msg, NULL);
        text_is(&r, a, 3, "ok", NULL);
        ends(&r, a);
        qg_arena_destroy(a);
    }
}

static void lines_have_at_most_16_mib(void **state)
{
    (void)state;
    qg_lines r;
    qg_line line;
    bool more;
    qg_arena *a = qg_arena_create(0);
    size_t size = 2 * (size_t)QG_LINE_MAX + 16;
    char *text = qg_arena_alloc(a, size, 1);
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text + QG_LINE_MAX, "\r\n", 2);
    text[size - 2] = '\n';
    start(&r, text, size, false);
    qt_ok(qg_lines_next(&line, &more, &r, a));
    qt_eq("length", (long long)line.text_len, QG_LINE_MAX);
    qt_fails(qg_lines_next(&line, &more, &r, a), QG_EFORMAT,
             "in.txt:2:1: ", "the line has 16777228 bytes, at most 16777216 are read", NULL);
    text_is(&r, a, 3, "x", NULL);
    ends(&r, a);
    qg_arena_destroy(a);
}

static void streams_are_read_and_missing_files_named(void **state)
{
    (void)state;
    qg_lines r;
    int ends_of_pipe[2];
    qg_arena *a = qg_arena_create(0);
    qt_eq("pipe", pipe(ends_of_pipe), 0);
    FILE *f = fdopen(ends_of_pipe[0], "r");
    assert_non_null(f);
    qt_eq("write", (long long)write(ends_of_pipe[1], "a\nb", 3), 3);
    qg_lines_init(&r, f, "standard input", false);
    text_is(&r, a, 1, "a", NULL); /* before the writer closes */
    close(ends_of_pipe[1]);
    text_is(&r, a, 2, "b", NULL);
    ends(&r, a);
    fclose(f);
    qt_ok(qg_lines_open(&r, "-", QG_LINES_JSONL));
    assert_true(r.jsonl && r.file == stdin);
    qg_lines_close(&r);
    qt_fails(qg_lines_open(&r, qt_tmp("none.jsonl"), QG_LINES_TEXT), QG_EIO,
             "none.jsonl: ", "cannot open: No such file", NULL);
    qg_lines_close(&r);
    qt_ok(qg_lines_open(&r, "/tmp", QG_LINES_TEXT));
    qg_line line;
    bool more;
    qt_fails(qg_lines_next(&line, &more, &r, a), QG_EIO, "/tmp:1: ", "cannot read: Is a directory",
             NULL);
    qg_lines_close(&r);
    qg_arena_destroy(a);
}

static qg_code read_something(qg_arena *a, void *ctx)
{
    qg_lines r;
    qg_line line;
    bool more = true;
    qg_code rc = qg_lines_open(&r, ctx, QG_LINES_BY_NAME);
    while (rc == QG_OK && more)
        rc = qg_lines_next(&line, &more, &r, a);
    qg_lines_close(&r);
    return rc;
}

static void every_failing_allocation_is_reported(void **state)
{
    (void)state;
    static const char text[] = "{\"text\": \"a\", \"id\": \"x\"}\n\n{\"ids\": [1, 2]}\n";
    char path[512];
    snprintf(path, sizeof path, "%s", qt_tmp("torture.jsonl"));
    qt_write(path, text, sizeof text - 1);
    qt_torture(read_something, path);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_lines_are_texts_and_empty_lines_empty_texts),
    cmocka_unit_test(json_lines_hold_texts_or_ids),
    cmocka_unit_test(bad_lines_are_named_and_reading_can_go_on),
    cmocka_unit_test(lines_have_at_most_16_mib),
    cmocka_unit_test(streams_are_read_and_missing_files_named),
    cmocka_unit_test(every_failing_allocation_is_reported),
};
QT_MAIN("lines", tests)
