/*
 * cmd_status.c - qgrid status: done, failed and open cells; exit status as the run's.
 */
#include "cli.h"

#include "qgrid/report.h"
#include "qgrid/str.h"

#include <sys/stat.h>

enum { OPT_JSON = 256 };

const qg_cli_option qg_cmd_status_options[] = {
    {OPT_JSON, "json", NULL, "the same as JSON: numbers of cells, and tables of what is to do"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_status_examples[] =
    "  qgrid status results/full_matrix.h5 || echo not finished\n";

/* Room for all results is made when the file is. */
static const char *size_text(char *out, size_t size, const char *path)
{
    struct stat s;
    char bytes[32];
    out[0] = 0;
    if (stat(path, &s) == 0)
        snprintf(out, size, "; %s, also when all is done",
                 qg_format_bytes(bytes, sizeof bytes, (double)s.st_size));
    return out;
}

/* Numbers of cells: all, done, failed, open. */
static qg_code print_json(qg_reading *r, int open, int done, int failed)
{
    qg_str s = {0};
    qg_str_addf(&s,
                "{\"cells\": %d, \"done\": %d, \"failed\": %d, \"open\": %d, \"skipped\": %d,\n"
                " \"tables\": ",
                r->n, done, failed, open, r->n - open - done - failed);
    qg_code rc = qg_report_json(&s, r, NULL, QG_TO_DO);
    if (rc == QG_OK)
        printf("%s}\n", s.data);
    qg_str_fini(&s);
    return rc;
}

static qg_code print_text(qg_reading *r, int open, int done, int failed, const char *path)
{
    char size[64];
    int skipped = r->n - open - done - failed;
    printf("%d cells: %d done, %d failed, %d open", r->n, done, failed, open);
    if (skipped)
        printf(", %d skipped", skipped);
    printf("%s\n", size_text(size, sizeof size, path));
    return qg_report_print(stdout, r, NULL, QG_TO_DO);
}

static qg_code print_status(int *status, qg_arena *arena, const char *path, bool json)
{
    qg_reading r;
    int open, done, failed;
    QG_TRY(qg_reading_open(&r, arena, path));
    qg_code rc = qg_reading_note(&r);
    qg_reading_count(&r, &open, &done, &failed);
    *status = qg_exit_status(open, failed);
    if (rc == QG_OK)
        rc = json ? print_json(&r, open, done, failed) : print_text(&r, open, done, failed, path);
    if (rc == QG_OK)
        rc = qg_store_damage(r.store);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

int qg_cmd_status(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("status");
    int status = -1;
    bool json = false;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        json = true;
    if (status >= 0)
        return status;
    if (optind != argc - 1)
        return qg_cli_usage(cmd, "one results file is expected");
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    if (print_status(&status, arena, argv[optind], json) != QG_OK)
        status = qg_cli_fail();
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
