/*
 * error.c - one line of text from HDF5's error stack.
 *
 * The innermost entry says what went wrong ("file signature not found"); the rest is the way up.
 * System failures carry errno's text after the numbers of the call: only that text is kept.
 */
#include "h5.h"

#include <errno.h>
#include <string.h>

static herr_t take_innermost(unsigned n, const H5E_error2_t *e, void *text)
{
    if (n == 0 && e->desc)
        snprintf(text, sizeof((qg_error *)0)->msg, "%s", e->desc);
    return 0;
}

/* "file write failed: time = ..., error message = 'No space left on device', buf = ..."
 * "unable to close file, errno = 5, error message = 'Input/output error'" */
static void keep_words(char *text)
{
    static const char mark[] = "error message = '";
    char *message = strstr(text, mark), *values = strstr(text, " = ");
    if (!message)
        return;
    message += sizeof mark - 1;
    message[strcspn(message, "'")] = 0;
    while (values > text && *values != ':' && *values != ',')
        values--;
    if (values > text) {
        *values = ':';
        memmove(values + 2, message, strlen(message) + 1);
    }
}

qg_code qg_h5_fail(const char *src, const char *path, const char *field, const char *what)
{
    char text[sizeof((qg_error *)0)->msg] = "";
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_innermost, text);
    H5Eclear2(H5E_DEFAULT);
    keep_words(text);
    qg_error_set(QG_ESTORE, src, "%s%s%s", what, text[0] ? ": " : "", text);
    return qg_error_place(path, 0, 0, field);
}

qg_code qg_h5_fail_errno(const char *src, const char *path, const char *what)
{
    qg_error_set(QG_ESTORE, src, "%s: %s", what, strerror(errno));
    return qg_error_place(path, 0, 0, NULL);
}

qg_code qg_h5_file(qg_code rc, const char *path)
{
    if (rc == QG_OK)
        return QG_OK;
    qg_error e = *qg_error_last();
    e.code = QG_ESTORE;
    (void)qg_error_restore(&e);
    return qg_error_place(path, 0, 0, NULL);
}
