/*
 * test_display.c - columns of text, what is cut, what is shown in place of controls.
 */
#include "qt.h"

#include "qgrid/display.h"

#include <limits.h>
#include <string.h>

static void shows(const char *text, int most, const char *want, int columns)
{
    qg_str s = {0};
    qg_str_add(&s, ""); /* an empty text appends nothing */
    qt_eq("columns", qg_display_add(&s, text, strlen(text), most), columns);
    qt_eq("columns alone", qg_display_add(NULL, text, strlen(text), most), columns);
    assert_string_equal(s.data, want);
    qg_str_fini(&s);
}

static void plain_text_stays_as_it_is(void **state)
{
    (void)state;
    shows("", INT_MAX, "", 0);
    shows("enak <b>&", INT_MAX, "enak <b>&", 9);
}

static void wide_characters_take_two_columns_and_marks_none(void **state)
{
    (void)state;
    shows("\xe4\xbd\xa0\xe5\xa5\xbd", INT_MAX, "\xe4\xbd\xa0\xe5\xa5\xbd", 4);
    shows("e\xcc\x81", INT_MAX, "e\xcc\x81", 1);
    shows("\xc3\xa9", INT_MAX, "\xc3\xa9", 1);
}

static void what_acts_on_a_terminal_is_shown(void **state)
{
    (void)state;
    shows("a\x1b[31mb", INT_MAX, "a\\x1b[31mb", 10);
    shows("\n\t\x7f", INT_MAX, "\\x0a\\x09\\x7f", 12);
    shows("\xc2\x9b", INT_MAX, "\\x9b", 4);              /* CSI of C1 */
    shows("\xe2\x80\xae", INT_MAX, "\\u202e", 6);        /* right to left override */
    shows("\xe2\x80\xa8", INT_MAX, "\\u2028", 6);        /* line separator */
    shows("\xf3\xa0\x81\x81", INT_MAX, "\\ue0041", 7);   /* a tag */
    shows("a\xe2\x80\x8d", INT_MAX, "a\xe2\x80\x8d", 1); /* joiners belong to scripts */
}

static void what_is_longer_is_cut(void **state)
{
    (void)state;
    shows("makanan", 7, "makanan", 7);
    shows("makanan", 6, "makan~", 6);
    shows("makanan", 1, "~", 1);
    /* A wide character that would be halved goes as a whole, an escape too. */
    shows("\xe4\xbd\xa0\xe5\xa5\xbd\xe4\xbd\xa0", 4, "\xe4\xbd\xa0~", 3);
    shows("ab\x1b", 4, "ab~", 3);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(plain_text_stays_as_it_is),
    cmocka_unit_test(wide_characters_take_two_columns_and_marks_none),
    cmocka_unit_test(what_acts_on_a_terminal_is_shown),
    cmocka_unit_test(what_is_longer_is_cut),
};
QT_MAIN("display", tests)
