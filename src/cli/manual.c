/*
 * manual.c - manual pages of the program and of its commands, in the language of man(7).
 */
#include "document.h"

#include "qgrid/environment.h"

#include <ctype.h>
#include <string.h>

/* Text as it stands: no character of it is a request or an escape. */
static void add_text(qg_str *out, const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\''))
            qg_str_add(out, "\\&");
        if (*text == '\\')
            qg_str_add(out, "\\e");
        else if (*text == '-')
            qg_str_add(out, "\\-");
        else if (*text == '\'')
            qg_str_add(out, "\\(aq");
        else
            qg_str_addn(out, text, 1);
        start = *text == '\n';
    }
}

static void add_upper(qg_str *out, const char *text)
{
    for (; *text; text++) {
        char c = (char)toupper((unsigned char)*text);
        qg_str_addn(out, &c, 1);
    }
}

/* An entry of a list: what it is about, in bold, and what is said of it. */
static void add_entry(qg_str *out, const char *term, const char *text)
{
    qg_str_add(out, ".TP\n.B ");
    add_text(out, term);
    qg_str_add(out, "\n");
    add_text(out, text);
    qg_str_add(out, "\n");
}

static void begin(qg_str *out, const char *command, const char *summary)
{
    qg_str_add(out, ".TH QGRID");
    qg_str_add(out, command ? "\\-" : "");
    add_upper(out, command ? command : "");
    qg_str_add(out, " 1 \"\" \"qgrid " QG_VERSION "\" \"qgrid\"\n.SH NAME\nqgrid");
    qg_str_addf(out, "%s%s \\- ", command ? "\\-" : "", command ? command : "");
    add_text(out, summary);
    qg_str_add(out, "\n.SH SYNOPSIS\n");
}

static void add_exit_statuses(qg_str *out)
{
    char number[16];
    qg_str_add(out, ".SH EXIT STATUS\n");
    for (const qg_exit_meaning *e = qg_exit_meanings; e->meaning; e++) {
        snprintf(number, sizeof number, "%d", e->status);
        add_entry(out, number, e->meaning);
    }
}

static void add_command_page(qg_str *out, const qg_command *cmd)
{
    char left[64];
    begin(out, cmd->name, cmd->summary);
    qg_str_addf(out, ".B qgrid %s\n[\\fIOPTION\\fR]...\n", cmd->name);
    add_text(out, cmd->arguments);
    qg_str_add(out, "\n.SH OPTIONS\n");
    for (const qg_cli_option *o = cmd->options; o->name; o++) {
        const char *text = qg_cli_option_text(left, sizeof left, o);
        add_entry(out, text + strspn(text, " "), o->help);
    }
    for (const qg_cli_option *o = qg_cli_common_options; o->name; o++)
        add_entry(out, qg_cli_option_text(left, sizeof left, o), o->help);
    qg_str_add(out, ".SH EXAMPLES\n.nf\n");
    add_text(out, cmd->examples);
    qg_str_add(out, ".fi\n");
    add_exit_statuses(out);
    qg_str_add(out, ".SH SEE ALSO\n.BR qgrid (1)\n");
}

/* What every command looks at. */
static const struct {
    const char *name, *text;
} variables[] = {
    {"QGRID_CACHE", "folder of packed models; else $XDG_CACHE_HOME/qgrid, else ~/.cache/qgrid"},
    {"QGRID_KERNELS", "instruction set to use, as the list of kernels names it, for example ref"},
    {"NO_COLOR", "print without colours"},
};

static void add_program_page(qg_str *out)
{
    begin(out, NULL, "quantization and explainability of text classifiers, measured");
    qg_str_add(out, ".B qgrid\n.I COMMAND\n[\\fIOPTION\\fR]... [\\fIARGUMENT\\fR]...\n.br\n"
                    ".B qgrid\n.I JOB.json\n.br\n.B qgrid\n.I RESULTS.h5\n"
                    ".SH DESCRIPTION\n"
                    "A job names models, data sets, precisions and methods of explanation. qgrid\n"
                    "runs all of them, alone or under\n.BR mpirun (1),\n"
                    "into one HDF5 file; a run that was stopped goes on where it was.\n"
                    "A job in the place of a command is run, a results file shown.\n"
                    ".SH COMMANDS\n");
    for (const qg_command *c = qg_commands; c->name; c++) {
        qg_str_addf(out, ".TP\n.BR qgrid\\-%s (1)\n", c->name);
        add_text(out, c->summary);
        qg_str_add(out, "\n");
    }
    qg_str_add(out, ".SH OPTIONS\n");
    add_entry(out, "-h, --help", "list the commands; with the name of a command: what it does");
    add_entry(out, "-V, --version", "version, commit, compiler, libraries, processor");
    add_exit_statuses(out);
    qg_str_add(out, ".SH ENVIRONMENT\n");
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        add_entry(out, variables[i].name, variables[i].text);
    qg_str_add(out, ".SH FILES\nBelow the folder of the installation (/usr, /usr/local):\n");
    add_entry(out, "share/qgrid",
              "jobs, and the models and data sets that they name relative to this folder: copy it "
              "whole to where you work, or check and run jobs inside it with --output");
    add_entry(out, "share/qgrid/slurm", "batch scripts");
    add_entry(out, "libexec/qgrid", "tools that write models with random weights and vocabularies");
    qg_str_add(out, ".SH SEE ALSO\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        qg_str_addf(out, ".BR qgrid\\-%s (1)%s\n", c->name, c[1].name ? "," : "");
}

void qg_manual_page(qg_str *out, const qg_command *cmd)
{
    if (cmd)
        add_command_page(out, cmd);
    else
        add_program_page(out);
}
