/*
 * runs.c - rules "whitespace" and "letters": runs of characters that do not stay become one space.
 *
 * White space is the property White_Space of the Unicode character database (PropList.txt). Marks
 * (M*) stay with the letter (L*) they stand on, so that the variation selector of a removed emoji
 * does not stay alone.
 */
#include "rules.h"

/* Whether a character stays; `after` says whether the one before it did. */
typedef bool stays(int32_t c, bool after);

static void keep_runs(qg_str *out, const char *text, size_t len, stays *of)
{
    bool kept = false;
    for (size_t i = 0; i < len;) {
        int width;
        int32_t c = qg_rule_next(text + i, len - i, &width);
        bool keep = of(c, kept);
        if (keep && !kept && out->len > 0)
            qg_str_addn(out, " ", 1);
        if (keep)
            qg_str_addn(out, text + i, (size_t)width);
        kept = keep;
        i += (size_t)width;
    }
}

static bool is_no_space(int32_t c, bool after)
{
    (void)after;
    return !qg_is_white_space(c);
}

static bool is_of_letter(int32_t c, bool after)
{
    return qg_is_letter(c) && (after || !qg_is_any_mark(c));
}

void qg_rule_whitespace(qg_str *out, const char *text, size_t len)
{
    keep_runs(out, text, len, is_no_space);
}

void qg_rule_letters(qg_str *out, const char *text, size_t len)
{
    keep_runs(out, text, len, is_of_letter);
}
