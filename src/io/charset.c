/*
 * charset.c - files whose bytes are not UTF-8: iconv of the C library reads them.
 */
#include "io/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

static const char *const iconv_names[] = {
    [QG_UTF_8] = "UTF-8",
    [QG_UTF_16] = "UTF-16",
    [QG_LATIN_1] = "ISO-8859-1",
    [QG_CP1252] = "CP1252",
};

/* Where in the file the bytes are that cannot be read: after the lines that came out so far. */
static qg_code no_text(const char *path, const char *made, size_t n, const char *name)
{
    int64_t line = 1, column = 1;
    for (size_t i = 0; i < n; i++) {
        column++;
        if (made[i] == '\n') {
            line++;
            column = 1;
        }
    }
    return QG_FAIL_AT(QG_EFORMAT, path, line, column, NULL, "bytes that are no text in %s", name);
}

/* A byte of a one-byte set takes at most 3 in UTF-8, two of UTF-16 as well. */
enum { MOST_GROWTH = 3 };

qg_code qg_charset_to_utf8(const char **data, size_t *size, qg_arena *a, const char *path,
                           int charset)
{
    const char *name = iconv_names[charset];
    bool little =
        *size < 2 || ((unsigned char)(*data)[0] != 0xfe && (unsigned char)(*data)[0] != 0xff);
    char *in, *out, *made;
    size_t left = *size, most, room;
    QG_TRY(qg_mul_size(&most, *size, MOST_GROWTH));
    QG_NEW(in, a, *size + 1);
    QG_NEW(made, a, most + 1);
    memcpy(in, *data, *size);
    iconv_t cd = iconv_open("UTF-8", charset == QG_UTF_16 && little ? "UTF-16LE" : name);
    if (cd == (iconv_t)-1)
        return QG_FAIL_AT(QG_EUNSUPPORTED, path, 0, 0, NULL,
                          "the C library of this machine cannot read %s: %s", name,
                          strerror(errno));
    out = made;
    room = most;
    size_t bad = iconv(cd, &in, &left, &out, &room);
    iconv_close(cd);
    if (bad == (size_t)-1)
        return no_text(path, made, most - room, name);
    *data = made;
    *size = most - room;
    return QG_OK;
}
