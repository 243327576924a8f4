/*
 * err.c - the thread-local error record and the table of codes.
 */
#include "qgrid/err.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local qg_error last;

static const struct {
    const char *name;
    qg_scope scope;
} table[QG_ERR_COUNT] = {[QG_OK] = {"QG_OK", QG_SCOPE_CELL},
#define X(code, sc, txt) [code] = {#code, QG_SCOPE_##sc},
                         QG_ERR_LIST(X)
#undef X
};

static int known(qg_code code)
{
    return code >= 0 && code < QG_ERR_COUNT;
}

const char *qg_code_name(qg_code code)
{
    return known(code) ? table[code].name : "QG_E?";
}

qg_scope qg_code_scope(qg_code code)
{
    return known(code) ? table[code].scope : QG_SCOPE_GRID;
}

/* One line whatever the input held: control characters would break logs and tables. */
static void flatten(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
}

static void copy_text(char *dst, size_t size, const char *src)
{
    snprintf(dst, size, "%s", src ? src : "");
    flatten(dst);
}

qg_code qg_error_set(qg_code code, const char *src, const char *fmt, ...)
{
    va_list ap;
    int cause = errno; /* of this error, or left over from long ago */
    memset(&last, 0, sizeof last);
    last.code = code;
    copy_text(last.src, sizeof last.src, src);
    va_start(ap, fmt);
    vsnprintf(last.msg, sizeof last.msg, fmt, ap);
    va_end(ap);
    flatten(last.msg);
    last.cause = cause > 0 && strstr(last.msg, strerror(cause)) ? cause : 0;
    return code;
}

qg_code qg_error_restore(const qg_error *e)
{
    last = *e;
    return last.code;
}

qg_code qg_error_place(const char *path, int64_t line, int64_t column, const char *field)
{
    if (path && !last.path[0])
        copy_text(last.path, sizeof last.path, path);
    if (line > 0 && last.line == 0) {
        last.line = line;
        last.column = column;
    }
    if (field && !last.field[0])
        copy_text(last.field, sizeof last.field, field);
    return last.code;
}

const qg_error *qg_error_last(void)
{
    return &last;
}

void qg_error_clear(void)
{
    memset(&last, 0, sizeof last);
}

int qg_error_format_short(char *out, size_t size, const qg_error *e)
{
    char place[384] = "";
    if (e->path[0] && e->line > 0 && e->column > 0)
        snprintf(place, sizeof place, "%s:%lld:%lld: ", e->path, (long long)e->line,
                 (long long)e->column);
    else if (e->path[0] && e->line > 0)
        snprintf(place, sizeof place, "%s:%lld: ", e->path, (long long)e->line);
    else if (e->path[0])
        snprintf(place, sizeof place, "%s: ", e->path);
    return snprintf(out, size, "%s%s%s%s", place, e->field, e->field[0] ? ": " : "", e->msg);
}

int qg_error_format(char *out, size_t size, const qg_error *e)
{
    int n = qg_error_format_short(out, size, e);
    if (n < 0 || (size_t)n >= size)
        return n;
    return n + snprintf(out + n, size - (size_t)n, " [%s %s]", qg_code_name(e->code), e->src);
}

size_t qg_error_short_length(const char *text)
{
    size_t n = strlen(text);
    const char *source = NULL;
    for (const char *p = text; (p = strstr(p, " [QG_E")); p++)
        source = p;
    return source && text[n - 1] == ']' ? (size_t)(source - text) : n;
}

void qg_bug_trap(void)
{
#ifndef NDEBUG
    abort();
#endif
}
