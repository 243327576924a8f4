/*
 * display.h - text for people's eyes: how many columns it takes, and nothing in it that would
 * control a terminal.
 */
#ifndef QGRID_DISPLAY_H
#define QGRID_DISPLAY_H

#include "qgrid/str.h"

/**
 * Appends valid UTF-8 in at most `most` columns; what is longer is cut and ends with '~'.
 *
 * Controls, line separators and marks that reorder text are shown as \x1b or \u202e. East Asian
 * wide characters take two columns, combining marks none.
 *
 * @param out  NULL: columns are only counted
 * @return columns taken. Local.
 */
int qg_display_add(qg_str *out, const char *text, size_t len, int most);

/** Appends any bytes as text of HTML or XML, also between the quotes of an attribute: shown as
 *  above, & < > and both quotes by name, what is no UTF-8 as \xff. Local. */
void qg_display_markup(qg_str *out, const char *text, size_t len);

#endif
