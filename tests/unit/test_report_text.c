/*
 * test_report_text.c - a table as text: widths, alignment, heads, what is undefined, any bytes.
 */
#include "qt.h"

#include "report/table.h"

#include <math.h>
#include <string.h>

typedef struct sheet {
    qg_arena *arena;
    qg_table t;
} sheet;

static sheet begin(qg_shape shape, const char *title, const qg_column *column, int n)
{
    sheet s = {.arena = qg_arena_create(0)};
    s.t = (qg_table){.name = "t", .title = title, .shape = shape, .arena = s.arena};
    qt_ok(qg_table_add_columns(&s.t, column, n));
    return s;
}

/* A row of a text and numbers; NULL in place of the second text is a number. */
static void add(sheet *s, const char *name, const char *text, double number)
{
    qg_value *v;
    qt_ok(qg_table_add_row(&v, &s->t));
    v[0].text = name;
    v[1] = (qg_value){text, number};
}

static void prints(sheet *s, int indent, const char *want)
{
    qg_str out = {0};
    qt_ok(qg_table_text(&out, &s->t, indent));
    assert_string_equal(out.data ? out.data : "", want);
    qg_str_fini(&out);
    qg_arena_destroy(s->arena);
}

static void columns_are_as_wide_as_what_stands_in_them(void **state)
{
    static const qg_column columns[] = {{"name", NULL, QG_TEXT, 0}, {"a", NULL, QG_FIXED, 2}};
    (void)state;
    sheet s = begin(QG_COLUMNS, NULL, columns, 2);
    add(&s, "x", NULL, 1);
    add(&s, "longer than its head", NULL, -123.456);
    prints(&s, 0,
           "name                        a\n"
           "x                        1.00\n"
           "longer than its head  -123.46\n");
}

static void heads_are_never_cut(void **state)
{
    static const qg_column columns[] = {{"n", NULL, QG_TEXT, 0},
                                        {"int4_g128_a8_emb_int8", NULL, QG_FIXED, 1},
                                        {"median", "ms", QG_FIXED, 1}};
    (void)state;
    sheet s = begin(QG_COLUMNS, "a title of many words", columns, 3);
    add(&s, "x", NULL, 0.5);
    prints(&s, 2,
           "  a title of many words  int4_g128_a8_emb_int8  median ms\n"
           "  x                                        0.5          -\n");
}

static void width_is_what_a_terminal_shows(void **state)
{
    static const qg_column columns[] = {{"", NULL, QG_TEXT, 0}, {"n", NULL, QG_SIGNIFICANT, 3}};
    (void)state;
    sheet s = begin(QG_COLUMNS, NULL, columns, 2);
    add(&s, "\xe4\xbd\xa0\xe5\xa5\xbd", NULL, 1); /* two wide characters */
    add(&s, "caf\xc3\xa9", NULL, 22);
    add(&s, "e\xcc\x81", NULL, 333); /* a combining mark */
    prints(&s, 0,
           "        n\n"
           "\xe4\xbd\xa0\xe5\xa5\xbd    1\n"
           "caf\xc3\xa9   22\n"
           "e\xcc\x81     333\n");
}

static void bytes_that_are_no_text_are_shown(void **state)
{
    static const qg_column columns[] = {{"", NULL, QG_TEXT, 0}, {"n", NULL, QG_SIGNIFICANT, 3}};
    (void)state;
    sheet s = begin(QG_LIST, NULL, columns, 2);
    add(&s, "a\xff\x1b[1mb", NULL, 1);
    add(&s, "\xe4\xbd", "\xc3", 0);
    prints(&s, 0,
           "a\\xff\\x1b[1mb  1\n"
           "\\xe4\\xbd       \\xc3\n");
}

static void undefined_numbers_are_dashes(void **state)
{
    static const qg_column columns[] = {{"", NULL, QG_TEXT, 0}, {"size", NULL, QG_BYTES, 0}};
    (void)state;
    sheet s = begin(QG_COLUMNS, NULL, columns, 2);
    add(&s, "x", NULL, (double)NAN);
    add(&s, "y", NULL, 1572864);
    add(&s, "z", "many", 0);
    prints(&s, 0,
           "      size\n"
           "x        -\n"
           "y  1.5 MiB\n"
           "z     many\n");
}

static void whole_numbers_keep_their_digits(void **state)
{
    static const qg_column columns[] = {{"", NULL, QG_TEXT, 0}, {"n", NULL, QG_SIGNIFICANT, 3}};
    (void)state;
    sheet s = begin(QG_LIST, NULL, columns, 2);
    add(&s, "size_bytes", NULL, 5651584);
    add(&s, "share", NULL, 0.123456);
    add(&s, "all", NULL, 1);
    add(&s, "none", NULL, (double)INFINITY);
    prints(&s, 2,
           "  size_bytes  5651584\n"
           "  share       0.123\n"
           "  all         1\n"
           "  none        inf\n");
}

static void blocks_have_heads_and_share_widths_and_units(void **state)
{
    static const qg_column columns[] = {
        {"block", NULL, QG_TEXT, 0}, {"", NULL, QG_TEXT, 0}, {"x", "ms", QG_FIXED, 0}};
    static const char *const block[] = {"one", "one", "another"};
    (void)state;
    sheet s = begin(QG_MATRIX, "of", columns, 3);
    s.t.blocks = true;
    for (int i = 0; i < 3; i++) {
        qg_value *v;
        qt_ok(qg_table_add_row(&v, &s.t));
        v[0].text = block[i];
        v[1].text = "row";
        v[2].number = i * 500;
    }
    prints(&s, 0,
           "of, one, ms         x\n"
           "row                 0\n"
           "row               500\n"
           "of, another, ms     x\n"
           "row              1000\n");
}

static void nothing_of_nothing(void **state)
{
    static const qg_column columns[] = {{"n", NULL, QG_TEXT, 0}};
    (void)state;
    sheet s = begin(QG_COLUMNS, NULL, columns, 1);
    prints(&s, 0, "");
}

static void lines_end_where_their_text_ends(void **state)
{
    static const qg_column columns[] = {{"n", NULL, QG_TEXT, 0}, {"why", NULL, QG_TEXT, 0}};
    (void)state;
    sheet s = begin(QG_LIST, NULL, columns, 2);
    add(&s, "long", "", 0);
    add(&s, "x", "y", 0);
    prints(&s, 0, "long\nx     y\n");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_wide_as_what_stands_in_them),
        cmocka_unit_test(heads_are_never_cut),
        cmocka_unit_test(width_is_what_a_terminal_shows),
        cmocka_unit_test(bytes_that_are_no_text_are_shown),
        cmocka_unit_test(undefined_numbers_are_dashes),
        cmocka_unit_test(whole_numbers_keep_their_digits),
        cmocka_unit_test(blocks_have_heads_and_share_widths_and_units),
        cmocka_unit_test(nothing_of_nothing),
        cmocka_unit_test(lines_end_where_their_text_ends),
    };
    return qt_run("report_text", tests, sizeof tests / sizeof tests[0]);
}
