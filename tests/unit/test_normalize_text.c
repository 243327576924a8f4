/*
 * test_normalize_text.c - the text rules.
 */
#include "qt.h"

#include "qgrid/dataset.h"
#include "qgrid/str.h"

#include <string.h>

static void gives(qg_text_rule rule, const char *text, const char *want)
{
    size_t len;
    qg_arena *a = qg_arena_create(0);
    char *got = qg_normalize_text(a, &(qg_normalization){1, {rule}}, text, strlen(text), &len);
    assert_non_null(got);
    assert_string_equal(got, want);
    qt_eq("length", (long long)len, (long long)strlen(want));
    qg_arena_destroy(a);
}

static void none_keeps_every_byte(void **state)
{
    (void)state;
    gives(QG_TEXT_NONE, "", "");
    gives(QG_TEXT_NONE, "  a\t\r\nB ", "  a\t\r\nB ");
}

static void whitespace_is_that_of_unicode(void **state)
{
    (void)state;
    gives(QG_TEXT_WHITESPACE, "", "");
    gives(QG_TEXT_WHITESPACE, " \t\n", "");
    gives(QG_TEXT_WHITESPACE, "  a\t\v\f\r\n B.  ", "a B.");
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
        gives(QG_TEXT_WHITESPACE, text, "a b");
    }
    for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
        snprintf(text, sizeof text, "a%sb", other[i]);
        gives(QG_TEXT_WHITESPACE, text, text);
    }
}

static void letters_keep_letters_with_their_marks(void **state)
{
    (void)state;
    gives(QG_TEXT_LETTERS, "Tidak2 bagus!! (50%) @user_1", "Tidak bagus user");
    gives(QG_TEXT_LETTERS, "123 ...", "");
    gives(QG_TEXT_LETTERS, "caf\xc3\xa9 cafe\xcc\x81 \xd0\xb4\xd0\xb0 \xe4\xb8\xad",
          "caf\xc3\xa9 cafe\xcc\x81 \xd0\xb4\xd0\xb0 \xe4\xb8\xad");
    /* Emoji, its variation selector, a keycap: nothing stays of them. */
    gives(QG_TEXT_LETTERS,
          "a\xe2\x9d\xa4\xef\xb8\x8f"
          "b 1\xef\xb8\x8f\xe2\x83\xa3 \xf0\x9f\x98\xa3",
          "a b");
    /* Roman numeral (Nl) and superscript (No) are numbers; a modifier letter (Lm) is a letter. */
    gives(QG_TEXT_LETTERS, "x\xe2\x85\xa3y\xc2\xb2z\xca\xb0", "x y z\xca\xb0");
}

static void lower_is_by_code_point(void **state)
{
    (void)state;
    gives(QG_TEXT_LOWER, "TIDAK Enak!\n", "tidak enak!\n");
    gives(QG_TEXT_LOWER, "\xc3\x89\xce\xa3 \xc4\xb0\xc6\x91", "\xc3\xa9\xcf\x83 i\xcc\x87\xc6\x92");
    gives(QG_TEXT_LOWER, "A\xffZ\xef\xbf\xbd", "a\xffz\xef\xbf\xbd");
}

/* The values are of unicodedata.normalize of Python 3.11. */
static void composed_forms_are_those_of_unicode(void **state)
{
    (void)state;
    static const char text[] =
        "cafe\xcc\x81 \xef\xac\x81 \xe2\x91\xa0 \xef\xbc\xa1 \xe1\x84\x80\xe1\x85\xa1";
    gives(QG_TEXT_NFC, text, "caf\xc3\xa9 \xef\xac\x81 \xe2\x91\xa0 \xef\xbc\xa1 \xea\xb0\x80");
    gives(QG_TEXT_NFKC, text, "caf\xc3\xa9 fi 1 A \xea\xb0\x80");
    gives(QG_TEXT_NFC, "", "");
    gives(QG_TEXT_NFKC, "e\xcc\x81\xff", "e\xcc\x81\xff");
}

/* The values are of html.unescape of Python 3.11, but for names without a semicolon. */
static void entities_become_characters_once(void **state)
{
    (void)state;
    gives(QG_TEXT_HTML, "a &amp; b &lt;c&gt; &quot;&apos;&#39;&#x27;&#X27;", "a & b <c> \"''''");
    gives(QG_TEXT_HTML, "&amp;lt; &nbsp;&eacute;&hellip;&thetasym;",
          "&lt; \xc2\xa0\xc3\xa9\xe2\x80\xa6\xcf\x91");
    gives(QG_TEXT_HTML, "&amp &amp\xe2\x80\xa6 &lt", "& &\xe2\x80\xa6 <");
    gives(QG_TEXT_HTML, "?a=1&lt=2&amp3 &copy 1 &nosuch; &; & &#; &#x; &#xg",
          "?a=1&lt=2&amp3 &copy 1 &nosuch; &; & &#; &#x; &#xg");
    gives(QG_TEXT_HTML, "&#128;&#150;&#129;", "\xe2\x82\xac\xe2\x80\x93\xc2\x81");
    gives(QG_TEXT_HTML, "&#0;&#xd800;&#x110000;&#99999999999999999999;",
          "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    gives(QG_TEXT_HTML, "&#128512;&#65",
          "\xf0\x9f\x98\x80"
          "A");
}

static void users_and_links_of_tweets(void **state)
{
    (void)state;
    gives(QG_TEXT_TWEET, "@jokowi: PPKM https://t.co/ZcRNOJUlA5, (www.a.id/x?y=@z). @_1",
          "@USER: PPKM HTTPURL, (HTTPURL). @USER");
    gives(QG_TEXT_TWEET, "RT @a @b_c HTTP://A.B/C\xe2\x80\x83x",
          "RT @USER @USER HTTPURL\xe2\x80\x83x");
    gives(QG_TEXT_TWEET, "a@b.com @ @- http:// www. xhttp://a",
          "a@b.com @ @- http:// www. xhttp://a");
    gives(QG_TEXT_TWEET, "(@a)@b", "(@USER)@USER");
}

static void rules_apply_in_their_order(void **state)
{
    (void)state;
    static const qg_normalization how = {
        4, {QG_TEXT_HTML, QG_TEXT_TWEET, QG_TEXT_LOWER, QG_TEXT_WHITESPACE}};
    static const char text[] = " Halo&nbsp;&nbsp;@Budi &amp; @ANI ", want[] = "halo @user & @user";
    size_t len;
    qg_arena *a = qg_arena_create(0);
    const char *got = qg_normalize_text(a, &how, text, sizeof text - 1, &len);
    assert_non_null(got);
    assert_string_equal(got, want);
    qt_eq("length", (long long)len, (long long)(sizeof want - 1));
    assert_string_equal(qg_normalization_name(a, &how), "html tweet lower whitespace");
    assert_string_equal(qg_normalization_name(a, &(qg_normalization){0}), "none");
    qg_arena_destroy(a);
}

static void rules_but_html_are_idempotent_and_stand_bytes_that_are_no_text(void **state)
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
        for (int rule = 0; rule < QG_TEXT_RULES; rule++) {
            const qg_normalization how = {1, {(qg_text_rule)rule}};
            const char *once = qg_normalize_text(a, &how, text, n, &once_len);
            assert_non_null(once);
            if (qg_utf8_check(text, n) != n || rule == QG_TEXT_HTML)
                continue;
            const char *twice = qg_normalize_text(a, &how, once, once_len, &twice_len);
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
    cmocka_unit_test(lower_is_by_code_point),
    cmocka_unit_test(composed_forms_are_those_of_unicode),
    cmocka_unit_test(entities_become_characters_once),
    cmocka_unit_test(users_and_links_of_tweets),
    cmocka_unit_test(rules_apply_in_their_order),
    cmocka_unit_test(rules_but_html_are_idempotent_and_stand_bytes_that_are_no_text),
};
QT_MAIN("normalize_text", tests)
