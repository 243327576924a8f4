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
                "       qgrid JOB.json            (the same as qgrid run JOB.json)\n\n");
    for (const qg_command *c = qg_commands; c->name; c++)
        fprintf(to, "  %-9s %s\n", c->name, c->summary);
    fprintf(to, "\nqgrid COMMAND --help tells more; qgrid --version what this program is.\n"
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

static int is_job(const char *name)
{
    size_t n = strlen(name);
    return n > 5 && strcmp(name + n - 5, ".json") == 0;
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
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return qg_cli_flush(QG_EXIT_OK);
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "version") == 0)
        return qg_print_version();
    const qg_command *c = qg_cli_find(argv[1]);
    if (c)
        return c->main(argc - 1, argv + 1);
    if (is_job(argv[1]) || argv[1][0] == '-')
        return qg_cmd_run(argc, argv);
    return unknown(argv[1]);
}
