/*
 * log.c - messages and the one progress line on standard error.
 */
#include "qgrid/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int log_rank = -1;
static bool progress_shown, silent, verbose;

void qg_log_rank(int rank)
{
    log_rank = rank;
}

void qg_log_quiet(bool quiet)
{
    silent = quiet;
}

void qg_log_verbose(bool wanted)
{
    verbose = wanted;
}

bool qg_log_is_verbose(void)
{
    return verbose;
}

bool qg_log_is_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(term && strcmp(term, "dumb") == 0);
}

/* Width of the terminal: a longer line would wrap, and only its last part be replaced. */
static int columns(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : 1000;
}

void qg_log_progress(const char *text)
{
    if (!text[0] && !progress_shown)
        return;
    fprintf(stderr, "\r\033[K%.*s", columns() - 1, text);
    fflush(stderr);
    progress_shown = text[0] != 0;
}

/* One write a line: lines of several ranks must not mix. */
static void say(const char *kind, const char *fmt, va_list ap)
{
    char text[1200], line[1400];
    if (silent)
        return;
    if (progress_shown)
        qg_log_progress("");
    vsnprintf(text, sizeof text, fmt, ap);
    if (log_rank >= 0)
        snprintf(line, sizeof line, "qgrid: rank %d: %s%s\n", log_rank, kind, text);
    else
        snprintf(line, sizeof line, "qgrid: %s%s\n", kind, text);
    fputs(line, stderr);
}

void qg_note(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void qg_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

char *qg_log_error_text(char *out, size_t size, const qg_error *e)
{
    if (verbose)
        qg_error_format(out, size, e);
    else
        qg_error_format_short(out, size, e);
    return out;
}

void qg_log_error(const qg_error *e)
{
    char text[1024];
    qg_note("%s", qg_log_error_text(text, sizeof text, e));
}
