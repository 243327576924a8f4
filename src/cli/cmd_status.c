/*
 * cmd_status.c - qgrid status: done, failed and open cells; exit status as the run's.
 */
#include "cli.h"

#include "qgrid/reading.h"
#include "qgrid/report.h"

static const qg_cli_option options[] = {
    {0, NULL, NULL, NULL},
};
static const char examples[] = "  qgrid status results/full_matrix.h5 || echo not finished\n";

int qg_cmd_status(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("status");
    int status = -1, open, done, failed;
    while (status < 0 && qg_cli_next(argc, argv, cmd, options, examples, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one results file is expected");
    qg_reading r;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return QG_EXIT_STOPPED;
    if (qg_reading_open(&r, arena, argv[optind]) == QG_OK) {
        qg_reading_note(&r);
        qg_reading_count(&r, &open, &done, &failed);
        qg_reading_close(&r);
        int skipped = r.n - open - done - failed;
        printf("%d cells: %d done, %d failed, %d open", r.n, done, failed, open);
        if (skipped)
            printf(", %d skipped", skipped);
        printf("\n");
        status = qg_exit_status(open, failed);
        if (qg_print_undone_cells(stdout, arena, argv[optind], true) != QG_OK)
            status = qg_cli_fail();
    } else {
        status = qg_cli_fail();
    }
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
