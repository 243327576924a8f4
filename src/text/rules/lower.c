/*
 * lower.c - rule "lower": lower case, each code point for itself, as the tokenizers do.
 */
#include "rules.h"

void qg_rule_lower(qg_str *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len;) {
        int width;
        int32_t lower[2], c = qg_rule_next(text + i, len - i, &width);
        int n = qg_lower(lower, c);
        if (c == 0xfffd || (n == 1 && lower[0] == c)) {
            qg_str_addn(out, text + i, (size_t)width);
        } else {
            char bytes[8];
            int size = 0;
            for (int k = 0; k < n; k++)
                size += qg_utf8_encode(bytes + size, lower[k]);
            qg_str_addn(out, bytes, (size_t)size);
        }
        i += (size_t)width;
    }
}
