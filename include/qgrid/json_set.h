/*
 * json_set.h - `--set /json/pointer=value`.
 */
#ifndef QGRID_JSON_SET_H
#define QGRID_JSON_SET_H

#include "qgrid/json.h"

/**
 * Replaces (or adds to an object) the value at a JSON pointer. `value` is JSON; what is not JSON is
 * taken as a string. @errors QG_EUSAGE. Local.
 */
qg_code qg_json_set(qg_json_doc *doc, qg_arena *a, const char *assignment);

#endif
