/*
 * normalize_text.c - the rules by which a data set's texts are cleaned, once, for every stage.
 */
#include "qgrid/dataset.h"

#include "unicode.h"

/* White space of the whitespace rule: what separates words, and the ASCII controls that Python's
 * split() takes for spaces. */
static bool is_gap(int32_t c)
{
    return qg_is_space(c) || c == 0x0b || c == 0x0c || (c >= 0x1c && c <= 0x1f) || c == 0x85;
}

char *qg_normalize_text(qg_arena *a, int rule, const char *text, size_t len, size_t *out_len)
{
    if (rule == QG_NORMALIZE_NONE) {
        *out_len = len;
        return qg_arena_strndup(a, text, len);
    }
    char *out = qg_arena_alloc(a, len + 1, 1);
    size_t n = 0;
    bool gap = false;
    for (size_t i = 0; out && i < len;) {
        int width;
        int32_t c = qg_utf8_decode(text + i, &width);
        if (is_gap(c) || (rule == QG_NORMALIZE_LETTERS && !qg_is_letter(c))) {
            gap = n > 0;
        } else {
            if (gap)
                out[n++] = ' ';
            gap = false;
            for (int b = 0; b < width; b++)
                out[n++] = text[i + (size_t)b];
        }
        i += (size_t)width;
    }
    *out_len = n;
    return out;
}
