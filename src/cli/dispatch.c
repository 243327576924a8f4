/*
 * dispatch.c - `qgrid COMMAND ...`; a job file in the place of the command means `run`.
 */
#include "dispatch.h"

#include "cli.h"
#include "qgrid/log.h"
#include "qgrid/str.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>

static void usage(FILE *to)
{
    fprintf(to, "usage: qgrid COMMAND [OPTION]... [ARGUMENT]...\n"
                "       qgrid JOB.json            (the same as qgrid run JOB.json)\n"
                "       qgrid RESULTS.h5 [CELL]   (the same as qgrid show RESULTS.h5)\n\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        fprintf(to, "  %-9s %s\n", c->name, c->summary);
    fprintf(to, "\nqgrid help COMMAND tells more; qgrid --version (-V) what this program is.\n"
                "Exit status:\n");
    for (const qg_exit_meaning *e = qg_exit_meanings; e->meaning; e++)
        fprintf(to, "  %-9d %s\n", e->status, e->meaning);
}

static int unknown(const char *name)
{
    const char *names[64];
    int n = 0;
    for (const qg_command *c = qg_commands; c->name && n < 63; c++)
        names[n++] = c->name;
    names[n] = NULL;
    const char *near = qg_nearest(name, names);
    if (near)
        qg_note("there is no command '%s', did you mean '%s'?", name, near);
    else
        qg_note("there is no command '%s', see qgrid --help", name);
    return QG_EXIT_USAGE;
}

static bool has_ending(const char *name, const char *ending)
{
    size_t n = strlen(name), len = strlen(ending);
    return n > len && strcmp(name + n - len, ending) == 0;
}

/* "help", alone or with a command. */
static int print_help(const char *name)
{
    char help[] = "--help";
    const qg_command *c = name ? qg_cli_find(name) : NULL;
    if (name && strcmp(name, "help") == 0)
        name = NULL;
    if (name && !c)
        return unknown(name);
    if (c) {
        char *arguments[] = {(char *)(uintptr_t)c->name, help, NULL};
        return c->main(2, arguments);
    }
    usage(stdout);
    return qg_cli_flush(QG_EXIT_OK);
}

/* A standard stream that was closed would be the next file opened: what is printed would go there.
 * Its place is taken in the other direction, so that using it still fails. */
static void fill_standard_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", modes[fd]); /* the lowest free number: fd */
}

int qg_main(int argc, char **argv)
{
    fill_standard_streams();
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error to report, not a death */
    if (argc < 2) {
        usage(stderr);
        return QG_EXIT_USAGE;
    }
    const char *first = argv[1];
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0)
        return print_help(NULL);
    if (strcmp(first, "help") == 0)
        return print_help(argv[2]);
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0 ||
        strcmp(first, "version") == 0)
        return qg_print_version();
    const qg_command *c = qg_cli_find(first);
    if (c)
        return c->main(argc - 1, argv + 1);
    if (has_ending(first, ".h5"))
        return qg_cmd_show(argc, argv);
    if (has_ending(first, ".json") || first[0] == '-')
        return qg_cmd_run(argc, argv);
    return unknown(first);
}
