/*
 * normalize_text.c - the one text rule of a dataset, in Unicode.
 *
 * White space is the property White_Space of the Unicode character database (PropList.txt): the
 * categories Z* and U+0009..U+000D, U+0085. Letters are the categories L*; marks (M*) stay with the
 * letter they stand on, so that the variation selector of a removed emoji does not stay alone.
 */
#include "qgrid/normalize.h"

#include <string.h>
#include <utf8proc.h>

static bool is_space(utf8proc_int32_t c)
{
    if (c < 0x80)
        return c == ' ' || (c >= 0x09 && c <= 0x0d);
    utf8proc_category_t k = utf8proc_category(c);
    return c == 0x85 || k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL ||
           k == UTF8PROC_CATEGORY_ZP;
}

static bool is_letter(utf8proc_category_t k)
{
    return k == UTF8PROC_CATEGORY_LU || k == UTF8PROC_CATEGORY_LL || k == UTF8PROC_CATEGORY_LT ||
           k == UTF8PROC_CATEGORY_LM || k == UTF8PROC_CATEGORY_LO;
}

static bool is_mark(utf8proc_category_t k)
{
    return k == UTF8PROC_CATEGORY_MN || k == UTF8PROC_CATEGORY_MC || k == UTF8PROC_CATEGORY_ME;
}

/* Whether the character stays; `after_letter` says whether the one before it did. */
static bool stays(int rule, utf8proc_int32_t c, bool after_letter)
{
    if (rule != QG_NORMALIZE_LETTERS)
        return !is_space(c);
    utf8proc_category_t k = utf8proc_category(c);
    return is_letter(k) || (after_letter && is_mark(k));
}

/* Results are never longer than the text: a character stays as it is or becomes one space. */
char *qg_normalize_text(qg_arena *a, int rule, const char *text, size_t len, size_t *out_len)
{
    char *out = qg_arena_strndup(a, text, len);
    *out_len = len;
    if (!out || rule == QG_NORMALIZE_NONE)
        return out;
    size_t n = 0;
    bool kept = false;
    for (size_t i = 0; i < len;) {
        utf8proc_int32_t c;
        utf8proc_ssize_t w =
            utf8proc_iterate((const utf8proc_uint8_t *)text + i, (utf8proc_ssize_t)(len - i), &c);
        if (w < 1) { /* not UTF-8: the byte counts as a sign of its own */
            c = 0xfffd;
            w = 1;
        }
        bool keep = stays(rule, c, kept);
        if (keep) {
            if (!kept && n > 0)
                out[n++] = ' ';
            memcpy(out + n, text + i, (size_t)w);
            n += (size_t)w;
        }
        kept = keep;
        i += (size_t)w;
    }
    out[n] = 0;
    *out_len = n;
    return out;
}
