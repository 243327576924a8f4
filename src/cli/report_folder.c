/*
 * report_folder.c - a results file is opened, its report written, the file closed.
 */
#include "report_folder.h"

#include <string.h>

char *qg_report_folder(qg_arena *a, const char *results)
{
    size_t len = strlen(results);
    bool ends = len > 3 && strcmp(results + len - 3, ".h5") == 0;
    return ends ? qg_arena_strndup(a, results, len - 3) : qg_arena_printf(a, "%s.report", results);
}

qg_code qg_report_file(qg_arena *a, const char *results, const char *dir,
                       const qg_report_wish *wish)
{
    qg_reading r;
    QG_TRY(qg_reading_open(&r, a, results));
    qg_code rc = qg_reading_note(&r);
    if (rc == QG_OK)
        rc = qg_report_write(dir, &r, wish);
    if (rc == QG_OK)
        rc = qg_store_damage(r.store);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}
