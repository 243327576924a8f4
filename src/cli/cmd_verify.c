/*
 * cmd_verify.c - qgrid verify: find damage in a results file.
 */
#include "cli.h"

#include "qgrid/verify.h"

const qg_cli_option qg_cmd_verify_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_verify_examples[] = "  qgrid verify results/full_matrix.h5\n";

static void damaged(void *ctx, const char *cell, const char *field, int64_t first, int64_t count)
{
    (void)ctx;
    if (field)
        printf("damaged: %s%s%s\n", cell ? cell : "", cell ? " " : "", field);
    else
        printf("damaged: %s rows %lld to %lld\n", cell, (long long)first,
               (long long)(first + count - 1));
}

static int tell(const qg_verify_counts *n)
{
    bool bad = n->damaged || n->damaged_fields || !n->structure;
    if (!n->structure)
        printf("damaged, or edited: attributes, names, types or shapes\n");
    printf("%lld of %lld units are finished: %lld sound, %lld damaged, %lld are timings and "
           "have no checksum\n",
           (long long)n->done, (long long)n->units,
           (long long)(n->done - n->damaged - n->without_checksum), (long long)n->damaged,
           (long long)n->without_checksum);
    printf("%lld fields outside /timing: %lld sound, %lld damaged, %lld without a checksum: a run "
           "is writing them, or died\n",
           (long long)n->fields, (long long)(n->fields - n->damaged_fields - n->open_fields),
           (long long)n->damaged_fields, (long long)n->open_fields);
    if (!n->structure)
        printf("Run the job again with --accept-changes: the file is built anew with what is "
               "sound.\n");
    else if (bad)
        printf("Run the job again: what is damaged is computed anew.\n");
    return bad ? QG_EXIT_CELLS_FAILED : QG_EXIT_OK;
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
    status = qg_verify(&n, a, argv[optind], damaged, NULL) == QG_OK ? tell(&n) : qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
