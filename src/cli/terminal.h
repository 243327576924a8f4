/*
 * terminal.h - what standard output can show.
 */
#ifndef QGRID_TERMINAL_H
#define QGRID_TERMINAL_H

#include <stdbool.h>

typedef enum qg_color { QG_COLOR_AUTO, QG_COLOR_ALWAYS, QG_COLOR_NEVER } qg_color;
extern const char *const qg_color_names[]; /* "auto", "always", "never", NULL */

typedef struct qg_terminal {
    int width;  /* columns, at least 40 */
    bool color; /* 256 colours by escape codes */
    bool utf8;  /* more than ASCII */
} qg_terminal;

/** Width of the terminal, else $COLUMNS, else 80; `auto` colours a terminal unless $NO_COLOR is set
 *  or $TERM is dumb; characters as the locale says. Local. */
qg_terminal qg_terminal_look(qg_color color);

#endif
