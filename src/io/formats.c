/*
 * formats.c - the table of dataset formats, found by name or by a path's extension.
 */
#include "io/formats.h"

#include <string.h>
#include <strings.h>

const qg_format *const qg_formats[] = {
#define QG_FORMAT(id) &qg_format_##id,
#include "io/formats.def"
#undef QG_FORMAT
    NULL,
};

const qg_format *qg_format_find(const char *name)
{
    for (int i = 0; qg_formats[i]; i++)
        if (strcmp(qg_formats[i]->name, name) == 0)
            return qg_formats[i];
    return NULL;
}

/* Whether `word` of length n, in any case, is one of the words of a list separated by spaces. */
static bool has_word(const char *list, const char *word, size_t n)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        if (len == n && strncasecmp(list, word, n) == 0)
            return true;
        list += len;
        list += strspn(list, " ");
    }
    return false;
}

const qg_format *qg_format_of_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *dot = strrchr(slash ? slash : path, '.');
    for (int i = 0; dot && qg_formats[i]; i++)
        if (qg_formats[i]->extensions && has_word(qg_formats[i]->extensions, dot, strlen(dot)))
            return qg_formats[i];
    return NULL;
}
