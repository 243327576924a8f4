/*
 * test_normalize_text.c - the three text rules.
 */
#include "qt.h"

#include "qgrid/dataset.h"
#include "qgrid/str.h"

#include <string.h>

static void gives(int rule, const char *text, const char *want)
{
    size_t len;
    qg_arena *a = qg_arena_create(0);
    char *got = qg_normalize_text(a, rule, text, strlen(text), &len);
    assert_non_null(got);
    assert_string_equal(got, want);
    qt_eq("length", (long long)len, (long long)strlen(want));
    qg_arena_destroy(a);
}

static void none_keeps_every_byte(void **state)
{
    (void)state;
    gives(QG_NORMALIZE_NONE, "", "");
    gives(QG_NORMALIZE_NONE, "  a\t\r\nB ", "  a\t\r\nB ");
}

static void whitespace_is_that_of_unicode(void **state)
{
    (void)state;
    gives(QG_NORMALIZE_WHITESPACE, "", "");
    gives(QG_NORMALIZE_WHITESPACE, " \t\n", "");
    gives(QG_NORMALIZE_WHITESPACE, "  a\t\v\f\r\n B.  ", "a B.");
    /* The 25 characters with White_Space=yes, and six that look like it and are not. */
    static const char *const space[] = {"\t",           "\n",           "\v",
                                        "\f",           "\r",           " ",
                                        "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80",
                                        "\xe2\x80\x80", "\xe2\x80\x81", "\xe2\x80\x82",
                                        "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85",
                                        "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
                                        "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
                                        "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f",
                                        "\xe3\x80\x80"};
    static const char *const other[] = {"\x1c",         "\xc2\x84",     "\xe2\x80\x8b",
                                        "\xe2\x80\x8d", "\xe2\x81\xa0", "\xef\xbb\xbf"};
    char text[16];
    for (size_t i = 0; i < sizeof space / sizeof space[0]; i++) {
        snprintf(text, sizeof text, "a%sb%s", space[i], space[i]);
        gives(QG_NORMALIZE_WHITESPACE, text, "a b");
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        snprintf(text, sizeof text, "a%sb", other[i]);
        gives(QG_NORMALIZE_WHITESPACE, text, text);
    }
}

static void letters_keep_letters_with_their_marks(void **state)
{
    (void)state;
    gives(QG_NORMALIZE_LETTERS, "Tidak2 bagus!! (50%) @user_1", "Tidak bagus user");
    gives(QG_NORMALIZE_LETTERS, "123 ...", "");
    gives(QG_NORMALIZE_LETTERS, "caf\xc3\xa9 cafe\xcc\x81 \xd0\xb4\xd0\xb0 \xe4\xb8\xad",
          "caf\xc3\xa9 cafe\xcc\x81 \xd0\xb4\xd0\xb0 \xe4\xb8\xad");
    /* Emoji, its variation selector, a keycap: nothing stays of them. */
    gives(QG_NORMALIZE_LETTERS,
          "a\xe2\x9d\xa4\xef\xb8\x8f"
          "b 1\xef\xb8\x8f\xe2\x83\xa3 \xf0\x9f\x98\xa3",
          "a b");
    /* Roman numeral (Nl) and superscript (No) are numbers; a modifier letter (Lm) is a letter. */
    gives(QG_NORMALIZE_LETTERS, "x\xe2\x85\xa3y\xc2\xb2z\xca\xb0", "x y z\xca\xb0");
}

static void rules_are_idempotent_and_stand_bytes_that_are_no_text(void **state)
{
    (void)state;
    qg_arena *a = qg_arena_create(0);
    char text[64];
    uint32_t seed = 1;
    for (int i = 0; i < 2000; i++) {
        size_t n = (size_t)i % sizeof text, once_len, twice_len;
        for (size_t j = 0; j < n; j++) {
            seed = seed * 1664525u + 1013904223u;
            text[j] = (char)(seed >> 24);
        }
        for (int rule = QG_NORMALIZE_NONE; rule <= QG_NORMALIZE_LETTERS; rule++) {
            const char *once = qg_normalize_text(a, rule, text, n, &once_len);
            assert_non_null(once);
            assert_true(once_len <= n);
            if (qg_utf8_check(text, n) != n)
                continue;
            const char *twice = qg_normalize_text(a, rule, once, once_len, &twice_len);
            assert_non_null(twice);
            qt_eq("length", (long long)twice_len, (long long)once_len);
            qt_same("bytes", twice, once, once_len, 1);
        }
    }
    qg_arena_destroy(a);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(none_keeps_every_byte),
    cmocka_unit_test(whitespace_is_that_of_unicode),
    cmocka_unit_test(letters_keep_letters_with_their_marks),
    cmocka_unit_test(rules_are_idempotent_and_stand_bytes_that_are_no_text),
};
QT_MAIN("normalize_text", tests)
