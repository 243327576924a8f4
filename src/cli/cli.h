/*
 * cli.h - what the commands share.
 */
#ifndef QGRID_CLI_H
#define QGRID_CLI_H

#include "qgrid/arena.h"
#include "qgrid/opt.h"
#include "qgrid/run.h"

#include <getopt.h>

/* One option of a command: `value` NULL for a flag, else its name in the help. */
typedef struct qg_cli_option {
    int key; /* character of the short option, or a number above 255 */
    const char *name, *value, *help;
} qg_cli_option;

/* A command. Its help, its manual page and its completion are made of this. */
typedef struct qg_command {
    const char *name, *arguments, *summary;
    int (*main)(int argc, char **argv); /* exit status */
    const qg_cli_option *options;       /* ended by name NULL; the common ones are not among them */
    const char *examples;
} qg_command;

/* Sections of qgrid list, X(separator, name): cmd_list.c has a list_<name>. */
#define QG_LIST_SECTIONS(X)                                                                        \
    X("", precisions)                                                                              \
    X("|", formats)                                                                                \
    X("|", rules)                                                                                  \
    X("|", perturbations)                                                                          \
    X("|", models)                                                                                 \
    X("|", tokenizers)                                                                             \
    X("|", kernels)                                                                                \
    X("|", metrics)                                                                                \
    X("|", training)                                                                               \
    X("|", methods)                                                                                \
    X("|", results)
#define QG_LIST_NAME(separator, name) separator #name
#define QG_LIST_NAMES                 QG_LIST_SECTIONS(QG_LIST_NAME)

#define QG_COMMAND(name, arguments, summary)                                                       \
    int qg_cmd_##name(int argc, char **argv);                                                      \
    extern const qg_cli_option qg_cmd_##name##_options[];                                          \
    extern const char qg_cmd_##name##_examples[];
#include "commands.def"
#undef QG_COMMAND

extern const qg_command qg_commands[]; /* ended by name NULL */

/* What an exit status of the program means. */
typedef struct qg_exit_meaning {
    int status;
    const char *meaning;
} qg_exit_meaning;
extern const qg_exit_meaning qg_exit_meanings[]; /* ended by meaning NULL */

/* Options that every command has: --help and --verbose; ended by name NULL. */
extern const qg_cli_option qg_cli_common_options[];

/** The next option, as getopt_long, from the command's table. -1 at the end; '?' after an error or
 *  --help was handled: *status is set then and the command should return it. */
int qg_cli_next(int argc, char **argv, const qg_command *cmd, int *status);

/** "-p, --precision NAME", "    --fresh" (no short one, no value). Returns out. */
char *qg_cli_option_text(char *out, size_t size, const qg_cli_option *o);

const qg_command *qg_cli_find(const char *name);

/** Prints the thread's error and returns the exit status that fits its code. */
int qg_cli_fail(void);

/** Prints a usage mistake; returns QG_EXIT_USAGE. */
int qg_cli_usage(const qg_command *cmd, const char *fmt, ...) QG_PRINTF(2, 3);

/** --only matched nothing: says so; returns QG_EXIT_USAGE. */
int qg_cli_no_cell(const char *only, const char *job);

/** Whether what -m names is a folder. @errors QG_EUSAGE. Local. */
qg_code qg_cli_check_model(const char *dir) QG_MUST_USE;

/** Prints all problems, each with the line that it is in and a mark below its place; returns
 *  QG_EXIT_USAGE. */
int qg_cli_problems(const qg_problems *problems);

/** Flushes standard output: a full disk makes status 1. A reader that has gone has what it wanted.
 */
int qg_cli_flush(int status);

#define QG_MAX_SEED ((int64_t)1 << 53) /* as in a job: exact in JSON */

/** A whole number from min to max, nothing after it; false when it is not one. */
bool qg_cli_integer(int64_t *out, const char *text, int64_t min, int64_t max);

/** Usage mistake for an option whose value qg_cli_integer refused. */
int qg_cli_not_integer(const qg_command *cmd, const char *option, int64_t min, int64_t max);

extern const char *const qg_cli_progress_names[]; /* in the order of qg_progress_style */

/** --progress: -1, or the exit status of a usage mistake. */
int qg_cli_progress(qg_progress_style *out, const qg_command *cmd, const char *style);

/** --stall-timeout: -1, or the exit status of a usage mistake. */
int qg_cli_stall(double *out, const qg_command *cmd, const char *text);

/** "3h50m", "90s", "2:30:00", "45m", "120" (seconds); negative when it is not a time. */
double qg_cli_duration(const char *text);

#endif
