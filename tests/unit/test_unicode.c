/*
 * test_unicode.c - tables of characters: closed forms of UAX #15, and what holds for all code
 * points. scripts/unicode-tables.py --check compares the tables with Python's.
 */
#include "qt.h"
#include "text/unicode.h"

#include <string.h>

static void becomes(const char *text, const char *want, bool compatible)
{
    qg_str s = {0};
    qg_str_add(&s, "");
    qg_compose(&s, text, strlen(text), compatible);
    assert_string_equal(s.data, want);
    qg_str_fini(&s);
}

static void forms_of_the_annex(void **state)
{
    (void)state;
    becomes("e\u0301", "\u00e9", false);
    becomes("\u212b", "\u00c5", false);             /* a singleton does not come back */
    becomes("\u0958", "\u0915\u093c", false);       /* excluded from composition */
    becomes("\u1e0b\u0323", "\u1e0d\u0307", false); /* order of marks (UAX #15, figure 5) */
    becomes("q\u0307\u0323", "q\u0323\u0307", false);
    becomes("a\u0315\u0300\u05ae\u0301b", "\u00e0\u05ae\u0301\u0315b", false); /* one is blocked */
    becomes("\u1112\u1161\u11ab", "\ud55c", false); /* a syllable by arithmetic */
    becomes("\ud558\u11ab", "\ud55c", false);
    becomes("\u1112\u1161\u0301\u11ab", "\ud558\u0301\u11ab", false);
    becomes("\ufb01\u00b2", "\ufb01\u00b2", false);
    becomes("\ufb01\u00b2", "fi2", true);
    becomes("\u017f\u0323\u0307", "\u1e69", true); /* UAX #15, figure 6 */
    becomes("\xff", "\xff", true);                 /* no text: as it stands */
}

/* What a code point becomes is the end of it, and is the same from its parts. */
static void all_code_points_are_stable(void **state)
{
    (void)state;
    for (int32_t c = 0x80; c < 0x110000; c++) {
        char whole[5] = {0}, apart[80] = {0};
        int32_t part[QG_MAX_DECOMPOSED];
        if (c == 0xd800)
            c = 0xe000;
        qg_utf8_encode(whole, c);
        int n = qg_decompose(part, c), size = 0, width;
        qt_eq("decoded", qg_utf8_decode(whole, &width), c);
        for (int i = 0; i < n; i++)
            size += qg_utf8_encode(apart + size, part[i]);
        for (int kind = 0; kind < 2; kind++) {
            qg_str a = {0}, b = {0};
            qg_compose(&a, whole, strlen(whole), kind);
            qg_compose(&b, apart, (size_t)size, kind);
            assert_string_equal(a.data, b.data);
            becomes(a.data, b.data, kind);
            qg_str_fini(&a);
            qg_str_fini(&b);
        }
    }
}

/* Marks in one run are ordered in less than the square of their number. */
static void many_marks_are_ordered(void **state)
{
    (void)state;
    enum { MARKS = 400000 };
    qg_str text = {0}, out = {0};
    qg_str_add(&text, "q");
    for (int i = 0; i < MARKS; i++)
        qg_str_add(&text, i % 2 ? "\u0323" : "\u0307");
    qg_compose(&out, text.data, text.len, false);
    qt_eq("bytes", (long long)out.len, 1 + 2 * MARKS);
    assert_memory_equal(out.data, "q\u0323\u0323", 5);
    assert_memory_equal(out.data + out.len - 4, "\u0307\u0307", 4);
    qg_str_fini(&text);
    qg_str_fini(&out);
}

/* UnicodeData.txt: what it says of these. */
static void kinds_of_characters(void **state)
{
    (void)state;
    int32_t low[2];
    assert_true(qg_is_space(0x3000) && qg_is_space(0x2028) && !qg_is_space(0x200b));
    assert_true(qg_is_control(0xad) && qg_is_control(0xe000) && !qg_is_control(0x378));
    assert_true(qg_is_punctuation(0xbf) && !qg_is_punctuation(0xd7) && qg_is_punctuation('$'));
    assert_true(qg_is_mark(0x301) && !qg_is_mark(0x903) && qg_is_any_mark(0x903));
    assert_true(qg_is_joined(0x24b6) && qg_is_joined(0x200d) && !qg_is_joined(0xb2));
    assert_true(qg_is_word_character(0xb2) && !qg_is_word_character(0x301));
    qt_eq("U+1E9E", qg_lower(low, 0x1e9e) == 1 ? low[0] : -1, 0xdf);
    qt_eq("U+10400", qg_lower(low, 0x10400) == 1 ? low[0] : -1, 0x10428);
    qt_eq("U+0130", qg_lower(low, 0x130), 2);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(forms_of_the_annex),
    cmocka_unit_test(all_code_points_are_stable),
    cmocka_unit_test(many_marks_are_ordered),
    cmocka_unit_test(kinds_of_characters),
};
QT_MAIN("unicode", tests)
