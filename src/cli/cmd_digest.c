/*
 * cmd_digest.c - qgrid digest: one hash of all results outside /timing.
 */
#include "cli.h"

#include "qgrid/reading.h"

const qg_cli_option qg_cmd_digest_options[] = {
    {0, NULL, NULL, NULL},
};
const char qg_cmd_digest_examples[] = "  qgrid digest results/full_matrix.h5\n";

static qg_code digest(const char *path)
{
    qg_store *s;
    char hex[65];
    QG_TRY(qg_store_open(&s, path, false));
    qg_code rc = qg_store_digest(hex, s, QG_DIGEST_EXCEPT);
    qg_error kept = *qg_error_last();
    qg_code closed = qg_store_close(s);
    if (rc != QG_OK)
        return qg_error_restore(&kept);
    QG_TRY(closed);
    printf("%s  %s\n", hex, path);
    return QG_OK;
}

int qg_cmd_digest(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("digest");
    int status = -1;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        ;
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one results file is expected");
    return qg_cli_flush(digest(argv[optind]) == QG_OK ? QG_EXIT_OK : qg_cli_fail());
}
