/*
 * str.c - growing strings, UTF-8, names.
 */
#include "qgrid/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void qg_str_fini(qg_str *s)
{
    free(s->data);
    *s = (qg_str){0};
}

void qg_str_clear(qg_str *s)
{
    s->len = 0;
    s->failed = false;
    if (s->data)
        s->data[0] = 0;
}

static bool reserve(qg_str *s, size_t more)
{
    if (s->failed || more > SIZE_MAX / 4 - s->len) {
        s->failed = true;
        return false;
    }
    size_t need = s->len + more + 1;
    if (need <= s->cap)
        return true;
    size_t cap = s->cap ? s->cap : 256;
    while (cap < need)
        cap *= 2;
    char *p = realloc(s->data, cap);
    if (!p) {
        s->failed = true;
        return false;
    }
    s->data = p;
    s->cap = cap;
    return true;
}

void qg_str_addn(qg_str *s, const void *bytes, size_t len)
{
    if (!reserve(s, len))
        return;
    if (len)
        memcpy(s->data + s->len, bytes, len);
    s->len += len;
    s->data[s->len] = 0;
}

void qg_str_add(qg_str *s, const char *text)
{
    qg_str_addn(s, text, strlen(text));
}

void qg_str_addf(qg_str *s, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int len = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (len >= 0 && reserve(s, (size_t)len)) {
        vsnprintf(s->data + s->len, (size_t)len + 1, fmt, again);
        s->len += (size_t)len;
    }
    va_end(again);
}

int qg_utf8_width(unsigned char lead)
{
    if (lead >= 0xf0 && lead <= 0xf4)
        return 4;
    if (lead >= 0xe0)
        return lead <= 0xef ? 3 : 1;
    return lead >= 0xc2 && lead <= 0xdf ? 2 : 1;
}

/* Bytes of the valid sequence at s, 0 if there is none (overlong, surrogate, cut, above 10FFFF). */
static int valid_sequence(const unsigned char *s, size_t left)
{
    if (s[0] < 0x80)
        return 1;
    int w = qg_utf8_width(s[0]);
    if (w == 1 || (size_t)w > left)
        return 0;
    for (int i = 1; i < w; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
        (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return w;
}

size_t qg_utf8_check(const char *s, size_t len)
{
    const unsigned char *p = (const unsigned char *)s;
    size_t i = 0;
    while (i < len) {
        int w = valid_sequence(p + i, len - i);
        if (w == 0)
            return i;
        i += (size_t)w;
    }
    return len;
}

size_t qg_utf8_length(const char *s, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++)
        n += ((unsigned char)s[i] & 0xc0) != 0x80;
    return n;
}

void qg_str_add_json(qg_str *s, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;
    qg_str_addn(s, "\"", 1);
    for (size_t i = 0; i < len;) {
        int w = valid_sequence(p + i, len - i);
        if (w == 0) {
            qg_str_add(s, "\\ufffd");
            i++;
            continue;
        }
        if (p[i] == '"' || p[i] == '\\')
            qg_str_addf(s, "\\%c", p[i]);
        else if (p[i] == '\n')
            qg_str_add(s, "\\n");
        else if (p[i] == '\t')
            qg_str_add(s, "\\t");
        else if (p[i] < 0x20 || p[i] == 0x7f)
            qg_str_addf(s, "\\u%04x", p[i]);
        else
            qg_str_addn(s, p + i, (size_t)w);
        i += (size_t)w;
    }
    qg_str_addn(s, "\"", 1);
}

void qg_str_add_f32(qg_str *s, float v)
{
    if (isfinite(v))
        qg_str_addf(s, "%.9g", (double)v);
    else
        qg_str_add(s, "null");
}

void qg_str_add_f64(qg_str *s, double v)
{
    if (isfinite(v))
        qg_str_addf(s, "%.17g", v);
    else
        qg_str_add(s, "null");
}

qg_code qg_str_status(const qg_str *s)
{
    if (s->failed)
        return QG_FAIL(QG_ENOMEM, "no memory for a text of more than %zu bytes", s->len);
    return QG_OK;
}

enum { NAME_MAX_COMPARED = 64 };

static int edit_distance(const char *a, const char *b)
{
    int row[NAME_MAX_COMPARED + 1];
    int n = (int)strlen(b), i = 0;
    if (n > NAME_MAX_COMPARED || strlen(a) > NAME_MAX_COMPARED)
        return NAME_MAX_COMPARED;
    for (int j = 0; j <= n; j++)
        row[j] = j;
    for (; a[i]; i++) {
        int diagonal = row[0];
        row[0] = i + 1;
        for (int j = 1; j <= n; j++) {
            int best = diagonal + (a[i] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[n];
}

const char *qg_nearest(const char *got, const char *const *names)
{
    const char *best = NULL;
    int limit = (int)strlen(got) / 3 + 1, least = limit + 1;
    for (; *names; names++) {
        int d = edit_distance(got, *names);
        if (d < least) {
            least = d;
            best = *names;
        }
    }
    return best;
}

char *qg_join_names(char *out, size_t size, const char *const *names)
{
    size_t len = 0;
    out[0] = 0;
    for (; *names; names++) {
        int n = snprintf(out + len, size - len, "%s%s", len ? ", " : "", *names);
        if (n < 0 || (size_t)n >= size - len) {
            if (size > 4)
                snprintf(out + size - 4, 4, "...");
            break;
        }
        len += (size_t)n;
    }
    return out;
}

bool qg_glob(const char *pattern, const char *name)
{
    const char *star = NULL, *resume = NULL;
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            resume = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == 0;
}

char *qg_format_bytes(char *out, size_t size, double bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    int u = 0;
    while (bytes >= 1024 && u < 4) {
        bytes /= 1024;
        u++;
    }
    snprintf(out, size, u == 0 ? "%.0f %s" : "%.1f %s", bytes, unit[u]);
    return out;
}

char *qg_format_seconds(char *out, size_t size, double seconds)
{
    if (!(seconds >= 0))
        snprintf(out, size, "?");
    else if (seconds < 1)
        snprintf(out, size, "%.0f ms", seconds * 1000);
    else if (seconds < 60)
        snprintf(out, size, "%.1f s", seconds);
    else {
        long s = (long)(seconds + 0.5);
        snprintf(out, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
    }
    return out;
}
