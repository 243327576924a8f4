/*
 * check_schema.c - whether a results file has the layout that this program reads and writes.
 */
#include "qgrid/reading.h"

#include "qgrid/plan.h"

#include <stdlib.h>

qg_code qg_check_schema(qg_store *s, qg_arena *a, const char *path)
{
    char *version;
    QG_TRY(qg_store_attr_text(&version, s, a, "/", "schema_version"));
    if (!version)
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL, "is not a results file of qgrid");
    if (strtol(version, NULL, 10) != QG_SCHEMA_VERSION)
        return QG_FAIL_AT(QG_ESTORE, path, 0, 0, NULL,
                          "has schema version %s, this qgrid reads and writes version %d; move it "
                          "away or use --output",
                          version, QG_SCHEMA_VERSION);
    return QG_OK;
}
