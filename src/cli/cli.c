/*
 * cli.c - command table, options, help, messages.
 */
#include "cli.h"

#include "qgrid/log.h"
#include "qgrid/str.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const qg_command qg_commands[] = {
#define QG_COMMAND(name, arguments, summary) {#name, arguments, summary, qg_cmd_##name},
#include "commands.def"
#undef QG_COMMAND
    {NULL, NULL, NULL, NULL},
};

enum { MAX_OPTIONS = 32 };

const qg_command *qg_cli_find(const char *name)
{
    for (const qg_command *c = qg_commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static void help(const qg_command *cmd, const qg_cli_option *options, const char *examples)
{
    printf("usage: qgrid %s [OPTION]... %s\n%s\n\n", cmd->name, cmd->arguments, cmd->summary);
    for (const qg_cli_option *o = options; o->name; o++) {
        char left[64];
        snprintf(left, sizeof left, "%s%c%s--%s%s%s", o->key < 256 ? "-" : "",
                 o->key < 256 ? o->key : ' ', o->key < 256 ? ", " : "   ", o->name,
                 o->value ? " " : "", o->value ? o->value : "");
        printf("  %-30s %s\n", left, o->help);
    }
    printf("  %-30s %s\n", "    --help", "this text");
    if (examples)
        printf("\nExamples:\n%s", examples);
}

int qg_cli_next(int argc, char **argv, const qg_command *cmd, const qg_cli_option *options,
                const char *examples, int *status)
{
    struct option table[MAX_OPTIONS + 2];
    char shorts[2 * MAX_OPTIONS + 2];
    size_t n = 0, s = 0;
    memset(table, 0, sizeof table);
    for (; options[n].name && n < MAX_OPTIONS; n++) {
        const qg_cli_option *o = &options[n];
        table[n] =
            (struct option){o->name, o->value ? required_argument : no_argument, NULL, o->key};
        if (o->key < 256) {
            shorts[s++] = (char)o->key;
            if (o->value)
                shorts[s++] = ':';
        }
    }
    table[n] = (struct option){"help", no_argument, NULL, 1};
    shorts[s] = 0;
    int key = getopt_long(argc, argv, shorts, table, NULL);
    if (key == 1) {
        help(cmd, options, examples);
        *status = qg_cli_flush(QG_EXIT_OK);
        return '?';
    }
    if (key == '?') {
        fprintf(stderr, "Try 'qgrid %s --help'.\n", cmd->name);
        *status = QG_EXIT_USAGE;
    }
    return key;
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
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    qg_note("%s: %s", cmd->name, text);
    fprintf(stderr, "usage: qgrid %s %s\nTry 'qgrid %s --help'.\n", cmd->name, cmd->arguments,
            cmd->name);
    return QG_EXIT_USAGE;
}

int qg_cli_problems(const qg_problems *problems)
{
    for (int i = 0; i < problems->n; i++)
        qg_log_error(&problems->item[i]);
    if (problems->n > 1)
        qg_note("%d mistakes", problems->n);
    return QG_EXIT_USAGE;
}

int qg_cli_flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    qg_note("standard output: %s", strerror(errno));
    return status == QG_EXIT_OK ? QG_EXIT_STOPPED : status;
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
