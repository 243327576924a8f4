/*
 * html.c - rule "html": character references become their characters, once.
 *
 * Numbers (&#39; &#x27;) and the names of HTML 4 with a semicolon; those of mark-up itself also
 * without one where no letter, digit or "=" follows, as cut tweets have them. Numbers 128 to 159
 * are of windows-1252, as browsers read them; what is no character becomes U+FFFD (HTML,
 * section 13.2.5).
 */
#include "rules.h"

#include <stdlib.h>
#include <string.h>

static const struct entity {
    const char *name;
    int32_t c;
} entities[] = {
#define QG_ENTITY(name, c) {name, c},
#include "entities.def"
#undef QG_ENTITY
};

enum { LONGEST_NAME = 8 };

static const int32_t windows_1252[32] = {
    0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020, 0x2021, 0x2c6,  0x2030, 0x160,
    0x2039, 0x152,  0x8d,   0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a, 0x153,  0x9d,   0x17e,  0x178};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alphanumeric(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int value_of(char c)
{
    if (is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
}

static int32_t character(int32_t number)
{
    if (number >= 0x80 && number <= 0x9f)
        return windows_1252[number - 0x80];
    bool good = number > 0 && number <= 0x10ffff && (number < 0xd800 || number > 0xdfff);
    return good ? number : 0xfffd;
}

/* "#39;" or "#x27;", the semicolon may lack: its bytes, or 0. */
static size_t number_at(int32_t *c, const char *s, size_t left)
{
    bool hex = left > 1 && (s[1] | 0x20) == 'x';
    int base = hex ? 16 : 10;
    size_t first = hex ? 2 : 1, i = first;
    int32_t n = 0;
    for (; i < left && value_of(s[i]) < base; i++)
        n = n > 0x10ffff ? n : n * base + value_of(s[i]);
    *c = character(n);
    return i == first ? 0 : i + (i < left && s[i] == ';');
}

static int by_name(const void *key, const void *row)
{
    return strcmp(key, ((const struct entity *)row)->name);
}

static bool is_markup(const char *name)
{
    return strcmp(name, "amp") == 0 || strcmp(name, "lt") == 0 || strcmp(name, "gt") == 0 ||
           strcmp(name, "quot") == 0 || strcmp(name, "nbsp") == 0;
}

/* "amp;": its bytes, or 0. */
static size_t name_at(int32_t *c, const char *s, size_t left)
{
    char name[LONGEST_NAME + 1];
    size_t n = 0;
    while (n < left && n < LONGEST_NAME && is_alphanumeric(s[n]))
        n++;
    memcpy(name, s, n);
    name[n] = 0;
    const struct entity *e =
        bsearch(name, entities, sizeof entities / sizeof entities[0], sizeof entities[0], by_name);
    if (!e)
        return 0;
    *c = e->c;
    if (n < left && s[n] == ';')
        return n + 1;
    bool goes_on = n < left && (is_alphanumeric(s[n]) || s[n] == '=');
    return is_markup(name) && !goes_on ? n : 0;
}

void qg_rule_html(qg_str *out, const char *text, size_t len)
{
    const char *end = text + len;
    while (text < end) {
        const char *sign = memchr(text, '&', (size_t)(end - text));
        qg_str_addn(out, text, (size_t)((sign ? sign : end) - text));
        if (!sign)
            return;
        text = sign + 1;
        size_t left = (size_t)(end - text);
        int32_t c = 0;
        size_t n = left > 0 && *text == '#' ? number_at(&c, text, left) : name_at(&c, text, left);
        char bytes[4] = "&";
        qg_str_addn(out, bytes, n > 0 ? (size_t)qg_utf8_encode(bytes, c) : 1);
        text += n;
    }
}
