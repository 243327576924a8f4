/*
 * document.h - texts for people and programs that are made from the tables of options.
 */
#ifndef QGRID_CLI_DOCUMENT_H
#define QGRID_CLI_DOCUMENT_H

#include "cli.h"

#include "qgrid/str.h"

/** The manual page of a command, for man(1); of the program itself where `cmd` is NULL. */
void qg_manual_page(qg_str *out, const qg_command *cmd);

/** JSON Schema of a job, and of a training's config (which has "from"). @errors QG_EUNSUPPORTED (a
 *  row that holds more than one value, of which nothing is known here). */
qg_code qg_job_schema(qg_str *out) QG_MUST_USE;

/* ---------------------------------------------------------------------------------- completion */

typedef enum qg_value_kind {
    QG_VALUE_ANY, /* nothing is known about it */
    QG_VALUE_WORDS,
    QG_VALUE_FILE,
    QG_VALUE_FOLDER
} qg_value_kind;

/* What can stand behind an option, or as an argument. */
typedef struct qg_value {
    qg_value_kind kind;
    const char *ending; /* of files, ".json"; "": of any name */
    qg_str words;       /* separated by spaces; the caller frees it */
    bool list;          /* several, separated by commas */
} qg_value;

/** What can follow an option that takes a value, and what the arguments of a command can be. */
qg_value qg_value_of_option(const qg_cli_option *o);
qg_value qg_value_of_arguments(const qg_command *cmd);

typedef struct qg_shell {
    const char *name;
    void (*write)(qg_str *out); /* completion of qgrid's words in it */
} qg_shell;
extern const qg_shell qg_shells[]; /* ended by name NULL */

void qg_complete_bash(qg_str *out);
void qg_complete_zsh(qg_str *out);
void qg_complete_fish(qg_str *out);

#endif
