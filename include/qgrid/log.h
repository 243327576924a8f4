/*
 * log.h - messages for people, on standard error. Machine-readable output never comes here.
 */
#ifndef QGRID_LOG_H
#define QGRID_LOG_H

#include "qgrid/err.h"

#include <stdbool.h>

/** Rank shown before messages when the run has several ranks; -1 (default) shows none. */
void qg_log_rank(int rank);

/** Shows no notes and warnings from now on, or again: what another rank says need not be repeated.
 */
void qg_log_quiet(bool quiet);

/** Whether people are told more than most want to know: where in the source an error was found,
 * each cell of a list. Off at first. */
void qg_log_verbose(bool verbose);
bool qg_log_is_verbose(void);

/** One line "qgrid: ..." on standard error; a progress line on a terminal is cleared first. */
void qg_note(const char *fmt, ...) QG_PRINTF(1, 2);
void qg_warn(const char *fmt, ...) QG_PRINTF(1, 2);

/** One line for an error record. */
void qg_log_error(const qg_error *e);

/** An error record as it is shown, with its source if people want to know it. Returns out. */
char *qg_log_error_text(char *out, size_t size, const qg_error *e);

/** Whether standard error is a terminal (and NO_COLOR / TERM=dumb do not forbid control codes). */
bool qg_log_is_terminal(void);

/** Replaces the progress line on a terminal; `text` "" removes it. */
void qg_log_progress(const char *text);

/* How long work shows its progress; AUTO: a bar on a terminal, else lines now and then. */
typedef enum qg_progress_style {
    QG_PROGRESS_AUTO,
    QG_PROGRESS_BAR,
    QG_PROGRESS_LOG,
    QG_PROGRESS_NONE
} qg_progress_style;

#endif
