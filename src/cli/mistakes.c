/*
 * mistakes.c - all that is wrong with a job, each with its line and a mark at its place.
 */
#include "cli.h"

#include "qgrid/display.h"
#include "qgrid/log.h"
#include "qgrid/str.h"

#include <string.h>

enum {
    MOST_LINE = 1 << 16, /* bytes of a line that are looked at */
    BEFORE = 50,         /* columns shown before the place, and in all */
    SHOWN = 76
};

/* Line `number` of a file without its end, as much of it as fits; false where there is none. */
static bool read_line(char *line, size_t size, const char *path, int64_t number)
{
    FILE *f = fopen(path, "re");
    bool whole = true, found = false;
    while (f && number > 0 && fgets(line, (int)size, f)) {
        found = whole && number == 1;
        size_t n = strlen(line);
        whole = n > 0 && line[n - 1] == '\n';
        number -= found || whole;
        if (found)
            break;
    }
    if (f)
        fclose(f);
    line[strcspn(line, "\r\n")] = 0;
    return found;
}

/* Where in a line showing it begins: not far before the place, and not inside a character. */
static size_t first_shown(const char *line, size_t at)
{
    size_t from = at > BEFORE ? at - BEFORE : 0;
    while (from < at && ((unsigned char)line[from] & 0xc0) == 0x80)
        from++;
    return from;
}

/* What of a text can be shown: up to what is not UTF-8. */
static size_t good_length(const char *text, size_t len)
{
    return qg_utf8_check(text, len);
}

/* "    | {"name": "own",}" and below it "    |               ^". */
static void show_place(const qg_error *e)
{
    char line[MOST_LINE];
    qg_str s = {0};
    if (!e->path[0] || e->line < 1 || e->column < 1 ||
        !read_line(line, sizeof line, e->path, e->line))
        return;
    size_t n = strlen(line), at = (size_t)e->column - 1;
    if (at > n || good_length(line, at) < at)
        return;
    size_t from = first_shown(line, at);
    const char *dots = from > 0 ? "..." : "";
    qg_str_addf(&s, "    | %s", dots);
    qg_display_add(&s, line + from, good_length(line + from, n - from), SHOWN);
    int mark = (int)strlen(dots) + qg_display_add(NULL, line + from, at - from, MOST_LINE);
    qg_str_addf(&s, "\n    | %*s", mark + 1, "^");
    if (!s.failed)
        fprintf(stderr, "%s\n", s.data);
    qg_str_fini(&s);
}

int qg_cli_problems(const qg_problems *problems)
{
    for (int i = 0; i < problems->n; i++)
        if (problems->item[i].code == QG_ENOMEM) { /* nobody's mistake, and what is behind it may
                                                      follow from it */
            qg_log_error(&problems->item[i]);
            return QG_EXIT_STOPPED;
        }
    for (int i = 0; i < problems->n; i++) {
        qg_log_error(&problems->item[i]);
        show_place(&problems->item[i]);
    }
    if (problems->failed)
        return qg_cli_fail();
    if (problems->n > 1)
        qg_note("%d mistakes", problems->n);
    return QG_EXIT_USAGE;
}
