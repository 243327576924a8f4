/*
 * cli.c - command table, options, help, messages.
 */
#include "cli.h"

#include "qgrid/file.h"
#include "qgrid/log.h"
#include "qgrid/par.h"
#include "qgrid/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const qg_command qg_commands[] = {
#define QG_COMMAND(name, arguments, summary)                                                       \
    {#name, arguments, summary, qg_cmd_##name, qg_cmd_##name##_options, qg_cmd_##name##_examples},
#include "commands.def"
#undef QG_COMMAND
    {NULL, NULL, NULL, NULL, NULL, NULL},
};

const qg_exit_meaning qg_exit_meanings[] = {
    {QG_EXIT_OK, "all done"},
    {QG_EXIT_STOPPED, "stopped by an error; diff: the files differ"},
    {QG_EXIT_USAGE, "bad usage or job, nothing ran"},
    {QG_EXIT_CELLS_FAILED, "finished, some cells failed; verify: some are damaged"},
    {QG_EXIT_INTERRUPTED, "interrupted, run again to resume"},
    {0, NULL},
};

const char *const qg_cli_progress_names[] = {"auto", "bar", "log", "none", NULL};

enum { MAX_OPTIONS = 32, COMMON = 2 };

const qg_cli_option qg_cli_common_options[COMMON + 1] = {
    {'v', "verbose", NULL, "say more: where in the source an error was found, each cell of a list"},
    {'h', "help", NULL, "what is said here"},
    {0, NULL, NULL, NULL},
};

const qg_command *qg_cli_find(const char *name)
{
    for (const qg_command *c = qg_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

char *qg_cli_option_text(char *out, size_t size, const qg_cli_option *o)
{
    const char letter[] = {'-', (char)o->key, ',', 0};
    snprintf(out, size, "%-3s --%s%s%s", o->key < 256 ? letter : "", o->name, o->value ? " " : "",
             o->value ? o->value : "");
    return out;
}

static void help(const qg_command *cmd)
{
    char left[64];
    if (qg_par_claimed_rank() > 0)
        return;
    printf("usage: qgrid %s [OPTION]... %s\n%s\n\n", cmd->name, cmd->arguments, cmd->summary);
    for (const qg_cli_option *o = cmd->options; o->name; o++)
        printf("  %-30s %s\n", qg_cli_option_text(left, sizeof left, o), o->help);
    for (const qg_cli_option *o = qg_cli_common_options; o->name; o++)
        printf("  %-30s %s\n", qg_cli_option_text(left, sizeof left, o), o->help);
    printf("\nExamples:\n%s", cmd->examples);
}

/* Names of the long options that begin with `prefix`, the common ones among them. */
static int long_names(const char **names, const qg_cli_option *options, const char *prefix)
{
    int n = 0;
    const qg_cli_option *const lists[] = {options, qg_cli_common_options};
    for (int i = 0; i < 2; i++)
        for (const qg_cli_option *o = lists[i]; o->name; o++)
            if (strncmp(o->name, prefix, strlen(prefix)) == 0)
                names[n++] = o->name;
    names[n] = NULL;
    return n;
}

/* A word "--name" or "--name=value" that no option fits, or several. */
static int bad_long(const qg_command *cmd, const char *word)
{
    const char *names[MAX_OPTIONS + COMMON + 1];
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    int n = long_names(names, cmd->options, name + 2);
    if (n > 1) {
        qg_str all = {0};
        for (int i = 0; i < n; i++)
            qg_str_addf(&all, "%s--%s", i ? ", " : "", names[i]);
        int status = qg_cli_usage(cmd, "'%s' could be: %s", name, all.data ? all.data : "");
        qg_str_fini(&all);
        return status;
    }
    long_names(names, cmd->options, "");
    const char *near = qg_nearest(name + 2, names);
    return near ? qg_cli_usage(cmd, "there is no option '%s', did you mean '--%s'?", name, near)
                : qg_cli_usage(cmd, "there is no option '%s'", name);
}

/* After getopt_long returned `key`, '?' or ':'; optopt is 0 for an unknown long option. */
static int bad_option(const qg_command *cmd, int key, const char *word)
{
    const qg_cli_option *o = cmd->options;
    while (o->name && o->key != optopt)
        o++;
    if (!o->name)
        for (o = qg_cli_common_options; o->name && o->key != optopt;)
            o++;
    if (o->name && key == ':')
        return qg_cli_usage(cmd, "--%s needs a value, %s", o->name, o->value);
    if (o->name)
        return qg_cli_usage(cmd, "--%s takes no value", o->name);
    if (optopt == 0 && strncmp(word, "--", 2) == 0)
        return bad_long(cmd, word);
    return qg_cli_usage(cmd, "there is no option '-%c'", optopt);
}

/* Adds options to what getopt_long wants to have; *n and *s are counted on. */
static void add_options(struct option *table, size_t *n, char *shorts, size_t *s,
                        const qg_cli_option *options)
{
    for (const qg_cli_option *o = options; o->name && *n < MAX_OPTIONS + COMMON; o++) {
        table[(*n)++] =
            (struct option){o->name, o->value ? required_argument : no_argument, NULL, o->key};
        if (o->key < 256) {
            shorts[(*s)++] = (char)o->key;
            if (o->value)
                shorts[(*s)++] = ':';
        }
    }
}

int qg_cli_next(int argc, char **argv, const qg_command *cmd, int *status)
{
    struct option table[MAX_OPTIONS + COMMON + 1];
    char shorts[2 * (MAX_OPTIONS + COMMON) + 2];
    size_t n = 0, s = 0;
    int key;
    memset(table, 0, sizeof table);
    shorts[s++] = ':';
    add_options(table, &n, shorts, &s, cmd->options);
    add_options(table, &n, shorts, &s, qg_cli_common_options);
    shorts[s] = 0;
    opterr = 0;
    while ((key = getopt_long(argc, argv, shorts, table, NULL)) == 'v')
        qg_log_verbose(true);
    if (key == 'h') {
        help(cmd);
        *status = qg_cli_flush(QG_EXIT_OK);
        return '?';
    }
    if (key != '?' && key != ':')
        return key;
    *status = bad_option(cmd, key, argv[optind - 1]);
    return '?';
}

int qg_cli_fail(void)
{
    const qg_error *e = qg_error_last();
    qg_log_error(e);
    return e->code == QG_EUSAGE || e->code == QG_EJOB || e->code == QG_ELOCKED ||
                   e->code == QG_ECHANGED
               ? QG_EXIT_USAGE
               : QG_EXIT_STOPPED;
}

int qg_cli_usage(const qg_command *cmd, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    if (qg_par_claimed_rank() > 0)
        return QG_EXIT_OK; /* rank 0 says it, unless mpirun stops it because we failed first */
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    qg_note("%s: %s", cmd->name, text);
    fprintf(stderr, "usage: qgrid %s %s\nTry 'qgrid %s --help'.\n", cmd->name, cmd->arguments,
            cmd->name);
    return QG_EXIT_USAGE;
}

int qg_cli_no_cell(const char *only, const char *job)
{
    qg_note("--only '%s' matches no cell; see qgrid plan %s", only, job);
    return QG_EXIT_USAGE;
}

qg_code qg_cli_check_model(const char *dir)
{
    if (qg_dir_exists(dir))
        return QG_OK;
    return QG_FAIL_AT(QG_EUSAGE, dir, 0, 0, NULL, "%s",
                      qg_file_exists(dir) ? "is a file, the folder of a model is expected"
                                          : "there is no such model folder");
}

int qg_cli_flush(int status)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    /* What failed before this has left no reason: asking again gives it, or ends the last line. */
    if (errno == 0 && write(STDOUT_FILENO, "\n", 1) == 1)
        errno = 0;
    if (errno == EPIPE)
        return status;
    if (status != QG_EXIT_STOPPED) /* else the error was printed already */
        qg_note("standard output: %s", errno ? strerror(errno) : "cannot be written");
    return status == QG_EXIT_OK ? QG_EXIT_STOPPED : status;
}

bool qg_cli_integer(int64_t *out, const char *text, int64_t min, int64_t max)
{
    char *end;
    errno = 0;
    *out = strtoll(text, &end, 10);
    return errno == 0 && end != text && *end == 0 && *out >= min && *out <= max;
}

int qg_cli_not_integer(const qg_command *cmd, const char *option, int64_t min, int64_t max)
{
    return qg_cli_usage(cmd, "--%s '%s' is not a whole number from %lld to %lld", option, optarg,
                        (long long)min, (long long)max);
}

int qg_cli_progress(qg_progress_style *out, const qg_command *cmd, const char *style)
{
    char known[64];
    const char *const *names = qg_cli_progress_names;
    for (int i = 0; names[i]; i++)
        if (strcmp(style, names[i]) == 0) {
            *out = (qg_progress_style)i;
            return -1;
        }
    return qg_cli_usage(cmd, "--progress '%s' is not one of: %s", style,
                        qg_join_names(known, sizeof known, names));
}

double qg_cli_duration(const char *text)
{
    double total = 0;
    int h, m, s, used = 0;
    if (sscanf(text, "%d:%d:%d%n", &h, &m, &s, &used) == 3 && text[used] == 0 && h >= 0 && m >= 0 &&
        s >= 0)
        return 3600.0 * h + 60.0 * m + s;
    if (!*text)
        return -1;
    while (*text) {
        char *end;
        double v = strtod(text, &end);
        if (end == text || !(v >= 0))
            return -1;
        double unit = *end == 'd'   ? 86400
                      : *end == 'h' ? 3600
                      : *end == 'm' ? 60
                      : *end == 's' ? 1
                      : *end == 0   ? 1
                                    : -1;
        if (unit < 0)
            return -1;
        total += v * unit;
        text = *end ? end + 1 : end;
    }
    return total;
}

int qg_cli_stall(double *out, const qg_command *cmd, const char *text)
{
    *out = qg_cli_duration(text);
    if (*out >= 1)
        return -1;
    return qg_cli_usage(cmd, "--stall-timeout '%s' is not a time such as 90s or 5m, 1s at least",
                        text);
}
