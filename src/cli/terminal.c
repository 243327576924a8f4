/*
 * terminal.c - how wide standard output is and what it can show.
 */
#include "terminal.h"

#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LEAST_WIDTH = 40, WIDTH = 80, MOST_WIDTH = 10000 };

const char *const qg_color_names[] = {"auto", "always", "never", NULL};

/* "" is as good as unset. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] ? value : NULL;
}

static bool is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (int i = 0; i < 3; i++) {
        const char *value = variable(names[i]);
        if (value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static int width(void)
{
    struct winsize w;
    int64_t columns;
    const char *wish = variable("COLUMNS");
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
        return w.ws_col < LEAST_WIDTH ? LEAST_WIDTH : w.ws_col;
    if (wish && qg_cli_integer(&columns, wish, LEAST_WIDTH, MOST_WIDTH))
        return (int)columns;
    return WIDTH;
}

static bool has_color(void)
{
    const char *term = variable("TERM");
    return isatty(STDOUT_FILENO) && !variable("NO_COLOR") && !(term && strcmp(term, "dumb") == 0);
}

qg_terminal qg_terminal_look(qg_color color)
{
    return (qg_terminal){.width = width(),
                         .color =
                             color == QG_COLOR_ALWAYS || (color == QG_COLOR_AUTO && has_color()),
                         .utf8 = is_utf8()};
}
