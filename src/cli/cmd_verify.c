/*
 * cmd_verify.c - qgrid verify: find damage in a results file.
 */
#include "cli.h"

#include "qgrid/verify.h"

const qg_cli_option qg_cmd_verify_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_verify_examples[] = "  qgrid verify results/full_matrix.h5\n";

static void damaged(void *ctx, const char *cell, int64_t first, int64_t count)
{
    (void)ctx;
    printf("damaged: %s rows %lld to %lld\n", cell, (long long)first,
           (long long)(first + count - 1));
}

int qg_cmd_verify(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("verify");
    int status = -1;
    qg_verify_counts n;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one results file is expected");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return qg_cli_fail();
    if (qg_verify(&n, a, argv[optind], damaged, NULL) == QG_OK) {
        printf("%lld of %lld units are finished: %lld sound, %lld damaged, %lld are timings and "
               "have no checksum\n",
               (long long)n.done, (long long)n.units,
               (long long)(n.done - n.damaged - n.without_checksum), (long long)n.damaged,
               (long long)n.without_checksum);
        if (n.damaged)
            printf("Run the job again: damaged units are computed anew.\n");
        status = n.damaged ? QG_EXIT_CELLS_FAILED : QG_EXIT_OK;
    } else {
        status = qg_cli_fail();
    }
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
