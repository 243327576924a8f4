/*
 * display.c - columns and escapes by utf8proc.
 */
#include "qgrid/display.h"
#include "qgrid/tokenizer.h"

#include "unicode.h"

#include <utf8proc.h>

enum { ZERO_WIDTH_NON_JOINER = 0x200c, ZERO_WIDTH_JOINER = 0x200d };

/* Joiners are part of scripts and of emoji; the other format characters are invisible or worse. */
static bool is_shown(int32_t c)
{
    utf8proc_category_t k = utf8proc_category(c);
    if (c == ZERO_WIDTH_NON_JOINER || c == ZERO_WIDTH_JOINER)
        return true;
    return k != UTF8PROC_CATEGORY_CC && k != UTF8PROC_CATEGORY_CF && k != UTF8PROC_CATEGORY_ZL &&
           k != UTF8PROC_CATEGORY_ZP;
}

/* What stands for the code point at s, and the columns it takes; *bytes of it are read. */
static int shown(char out[16], const char *s, int *bytes)
{
    int32_t c = qg_utf8_decode(s, bytes);
    if (is_shown(c)) {
        snprintf(out, 16, "%.*s", *bytes, s);
        return utf8proc_charwidth(c);
    }
    return snprintf(out, 16, c < 0x100 ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

static int width_of(const char *text, size_t len)
{
    char piece[16];
    int bytes, width = 0;
    for (size_t i = 0; i < len; i += (size_t)bytes)
        width += shown(piece, text + i, &bytes);
    return width;
}

int qg_display_add(qg_str *out, const char *text, size_t len, int most)
{
    char piece[16];
    int bytes, used = 0;
    bool cut = width_of(text, len) > most;
    for (size_t i = 0; i < len; i += (size_t)bytes) {
        int width = shown(piece, text + i, &bytes);
        if (cut && used + width > most - 1)
            break;
        if (out)
            qg_str_add(out, piece);
        used += width;
    }
    if (cut && out)
        qg_str_add(out, "~");
    return used + cut;
}

static void add_markup(qg_str *out, const char *text, size_t len)
{
    char piece[16];
    int bytes;
    for (size_t i = 0; i < len; i += (size_t)bytes) {
        shown(piece, text + i, &bytes);
        switch (piece[0]) {
        case '&':
            qg_str_add(out, "&amp;");
            break;
        case '<':
            qg_str_add(out, "&lt;");
            break;
        case '>':
            qg_str_add(out, "&gt;");
            break;
        case '"':
            qg_str_add(out, "&quot;");
            break;
        case '\'':
            qg_str_add(out, "&#39;");
            break;
        default:
            qg_str_add(out, piece);
        }
    }
}

void qg_display_markup(qg_str *out, const char *text, size_t len)
{
    size_t good;
    while ((good = qg_utf8_check(text, len)) < len) {
        add_markup(out, text, good);
        qg_str_addf(out, "\\x%02x", (unsigned char)text[good]);
        text += good + 1;
        len -= good + 1;
    }
    add_markup(out, text, len);
}

qg_library qg_utf8proc_library(void)
{
    return (qg_library){"utf8proc",
                        QG_STR(UTF8PROC_VERSION_MAJOR) "." QG_STR(
                            UTF8PROC_VERSION_MINOR) "." QG_STR(UTF8PROC_VERSION_PATCH),
                        utf8proc_version()};
}
