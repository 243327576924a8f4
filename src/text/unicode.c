/*
 * unicode.c - categories, case and decomposition by utf8proc.
 */
#include "unicode.h"

#include "qgrid/tokenizer.h"

#include <stdlib.h>
#include <utf8proc.h>

int32_t qg_utf8_decode(const char *s, int *width)
{
    const unsigned char *p = (const unsigned char *)s;
    if (p[0] < 0x80) {
        *width = 1;
        return p[0];
    }
    if (p[0] < 0xe0) {
        *width = 2;
        return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (p[0] < 0xf0) {
        *width = 3;
        return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *width = 4;
    return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

int qg_utf8_encode(char *out, int32_t c)
{
    return (int)utf8proc_encode_char(c, (utf8proc_uint8_t *)out);
}

bool qg_is_space(int32_t c)
{
    if (c < 0x80)
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    utf8proc_category_t k = utf8proc_category(c);
    return k == UTF8PROC_CATEGORY_ZS || k == UTF8PROC_CATEGORY_ZL || k == UTF8PROC_CATEGORY_ZP;
}

bool qg_is_white_space(int32_t c)
{
    return qg_is_space(c) || c == 0x0b || c == 0x0c || c == 0x85;
}

/* Unassigned code points stay, as in the Rust tokenizer: what is unassigned depends on the version
 * of Unicode, and a result must not. */
bool qg_is_control(int32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    if (c < 0x80)
        return c < 0x20 || c == 0x7f;
    switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
        return true;
    default:
        return c == 0xfffd;
    }
}

bool qg_is_punctuation(int32_t c)
{
    if (c < 0x80)
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126);
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_PC && k <= UTF8PROC_CATEGORY_PO;
}

bool qg_is_cjk(int32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
           (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b820 && c <= 0x2ceaf) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

bool qg_is_letter(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_ME;
}

bool qg_is_word_character(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return c == '_' || (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
           (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO);
}

/* The ranges are the letters in circles and squares: symbols that are Other_Alphabetic. */
bool qg_is_joined(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return (k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_NL) || k == UTF8PROC_CATEGORY_PC ||
           c == 0x200c || c == 0x200d || (c >= 0x24b6 && c <= 0x24e9) ||
           (c >= 0x1f130 && c <= 0x1f149) || (c >= 0x1f150 && c <= 0x1f169) ||
           (c >= 0x1f170 && c <= 0x1f189);
}

bool qg_is_any_mark(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    return k >= UTF8PROC_CATEGORY_MN && k <= UTF8PROC_CATEGORY_ME;
}

bool qg_is_mark(int32_t c)
{
    return c >= 0x300 && utf8proc_category(c) == UTF8PROC_CATEGORY_MN;
}

int qg_lower(int32_t out[2], int32_t c)
{
    if (c == 0x130) { /* the one code point whose lower case has two */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : utf8proc_tolower(c);
    return 1;
}

int qg_decompose(int32_t out[QG_MAX_DECOMPOSED], int32_t c)
{
    int boundary = 0;
    if (c < 0xc0) {
        out[0] = c;
        return 1;
    }
    utf8proc_ssize_t n =
        utf8proc_decompose_char(c, out, QG_MAX_DECOMPOSED, UTF8PROC_DECOMPOSE, &boundary);
    if (n < 1 || n > QG_MAX_DECOMPOSED) {
        out[0] = c;
        return 1;
    }
    return (int)n;
}

void qg_compose(qg_str *out, const char *text, size_t len, bool compatible)
{
    utf8proc_uint8_t *made = NULL;
    int how = UTF8PROC_STABLE | UTF8PROC_COMPOSE | (compatible ? UTF8PROC_COMPAT : 0);
    utf8proc_ssize_t n = utf8proc_map((const utf8proc_uint8_t *)text, (utf8proc_ssize_t)len, &made,
                                      (utf8proc_option_t)how);
    if (n == UTF8PROC_ERROR_NOMEM)
        out->failed = true;
    else if (n < 0)
        qg_str_addn(out, text, len);
    else
        qg_str_addn(out, made, (size_t)n);
    free(made); /* as utf8proc says */
}

qg_library qg_utf8proc_library(void)
{
    return (qg_library){"utf8proc",
                        QG_STR(UTF8PROC_VERSION_MAJOR) "." QG_STR(
                            UTF8PROC_VERSION_MINOR) "." QG_STR(UTF8PROC_VERSION_PATCH),
                        utf8proc_version()};
}
