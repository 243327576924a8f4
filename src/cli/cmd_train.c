/*
 * cmd_train.c - qgrid train: from a config to a model folder, in one process or over ranks.
 */
#include "cli.h"

#include "qgrid/log.h"
#include "train_ranks.h"

#include <signal.h>

enum { OPT_SET = 256, OPT_OUTPUT, OPT_FRESH, OPT_PROGRESS };
enum { MAX_SET = 64 };

// clang-format off
const qg_cli_option qg_cmd_train_options[] = {
    {OPT_SET, "set", "/POINTER=VALUE", "change a value of the config, e.g. /epochs=5"},
    {OPT_OUTPUT, "output", "DIR", "model folder instead of the config's"},
    {OPT_FRESH, "fresh", NULL, "replace the folder or checkpoint of an earlier training"},
    {OPT_PROGRESS, "progress", "STYLE", "auto, bar, log or none"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_train_examples[] =
    "  qgrid list training              (the keys of a config)\n"
    "  qgrid train jobs/finetune.json\n"
    "  mpirun -np 4 qgrid train jobs/finetune.json\n"
    "  qgrid train jobs/finetune.json --set /qat=int8 --output /tmp/mini-qat\n";
// clang-format on

typedef struct arguments {
    const char *set[MAX_SET + 1];
    int n_set;
    qg_train_command command;
} arguments;

/* -1 to go on, else an exit status. */
static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("train");
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == OPT_SET && a->n_set == MAX_SET)
            return qg_cli_usage(cmd, "more than %d --set", MAX_SET);
        if (key == OPT_SET)
            a->set[a->n_set++] = optarg;
        else if (key == OPT_OUTPUT && !optarg[0])
            return qg_cli_usage(cmd, "--output needs the name of a folder");
        else if (key == OPT_OUTPUT)
            a->command.output = optarg;
        else if (key == OPT_FRESH)
            a->command.training.fresh = true;
        else if (key == OPT_PROGRESS)
            status = qg_cli_progress(&a->command.training.progress, cmd, optarg);
    }
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, optind == argc ? "a config file is missing"
                                                : "one config file is expected");
    a->command.config = argv[optind];
    a->command.set = a->set;
    return -1;
}

static int train_alone(qg_arena *arena, const qg_train_command *command)
{
    qg_training_config config;
    qg_training_summary s = {0};
    qg_problems problems = {.arena = arena};
    qg_code rc = qg_train_load(&config, arena, command, &problems);
    if (rc == QG_OK)
        rc = qg_training_run(&s, arena, &config, &command->training, &qg_gang_alone, &problems);
    if (problems.n)
        return qg_cli_problems(&problems);
    if (s.written || (rc == QG_OK && !s.interrupted))
        qg_train_report(&config, s.written, s.record.best, s.record.epochs, s.best);
    if (rc != QG_OK)
        return qg_cli_fail();
    if (s.interrupted)
        printf("Interrupted; the same command continues.\n");
    return s.interrupted ? QG_EXIT_INTERRUPTED : QG_EXIT_OK;
}

static int train(qg_par *par, qg_arena *arena, const qg_train_command *command)
{
    if (par->rank > 0)
        return qg_train_serve(par, command);
    return par->size > 1 ? qg_train_drive(par, arena, command) : train_alone(arena, command);
}

int qg_cmd_train(int argc, char **argv)
{
    arguments a = {0};
    qg_par *par;
    signal(SIGPIPE, SIG_IGN); /* a reader that leaves does not stop the work */
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    if (qg_par_start(&par, arena) != QG_OK) {
        qg_log_error(qg_error_last());
        qg_arena_destroy(arena);
        return QG_EXIT_USAGE;
    }
    status = qg_cli_flush(train(par, arena, &a.command));
    qg_par_stop(par, status);
    qg_arena_destroy(arena);
    return status;
}
