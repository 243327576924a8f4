/*
 * cmd_diff.c - qgrid diff: two results files, cell by cell.
 */
#include "cli.h"

#include "qgrid/report.h"

#include <string.h>

enum { OPT_JSON = 256 };

const qg_cli_option qg_cmd_diff_options[] = {
    {OPT_JSON, "json", NULL, "the same as JSON: both digests, how many cells differ, the table"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_diff_examples[] =
    "  qgrid diff results/monday.h5 results/tuesday.h5 && echo the same\n";

static qg_code diff_json(int *cells, qg_reading *a, qg_reading *b)
{
    char x[65], y[65];
    qg_str s = {0};
    QG_TRY(qg_store_digest(x, a->store, QG_DIGEST_EXCEPT));
    QG_TRY(qg_store_digest(y, b->store, QG_DIGEST_EXCEPT));
    qg_code rc = qg_report_differences_json(cells, &s, a, b);
    if (rc == QG_OK)
        printf("{\"digests\": [\"%s\", \"%s\"], \"cells\": %d, \"differences\": %s}\n", x, y,
               *cells, s.data);
    qg_str_fini(&s);
    return rc;
}

static qg_code diff_text(int *cells, qg_reading *a, qg_reading *b)
{
    char x[65], y[65];
    QG_TRY(qg_report_differences(cells, stdout, a, b));
    QG_TRY(qg_store_digest(x, a->store, QG_DIGEST_EXCEPT));
    QG_TRY(qg_store_digest(y, b->store, QG_DIGEST_EXCEPT));
    if (strcmp(x, y) == 0)
        printf("the same results: digest %s\n", x);
    else if (*cells == 0)
        printf("all cells agree; the files differ elsewhere (environment, job text, models)\n");
    else
        printf("%d cells differ\n", *cells);
    return QG_OK;
}

static qg_code diff_files(int *cells, qg_reading *a, qg_reading *b, bool json)
{
    QG_TRY(qg_reading_note(a));
    QG_TRY(qg_reading_note(b));
    return json ? diff_json(cells, a, b) : diff_text(cells, a, b);
}

static qg_code diff(int *cells, qg_arena *arena, const char *a, const char *b, bool json)
{
    qg_reading x, y = {0};
    QG_TRY(qg_reading_open(&x, arena, a));
    qg_code rc = qg_reading_open(&y, arena, b);
    if (rc == QG_OK)
        rc = diff_files(cells, &x, &y, json);
    qg_error kept = *qg_error_last();
    qg_reading_close(&x);
    qg_reading_close(&y);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

int qg_cmd_diff(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("diff");
    int status = -1, cells = 0;
    bool json = false;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        json = true;
    if (status >= 0)
        return status;
    if (optind != argc - 2)
        return qg_cli_usage(cmd, "two results files are expected");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return qg_cli_fail();
    if (diff(&cells, a, argv[optind], argv[optind + 1], json) == QG_OK)
        status = cells ? QG_EXIT_STOPPED : QG_EXIT_OK;
    else
        status = qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
