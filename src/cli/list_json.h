/*
 * list_json.h - what is registered, as JSON.
 */
#ifndef QGRID_CLI_LIST_JSON_H
#define QGRID_CLI_LIST_JSON_H

#include "qgrid/err.h"
#include "qgrid/layout.h"
#include "qgrid/str.h"

/** Whether a field is a measure of explanations of a model whose parameters are drawn anew. Local.
 */
bool qg_list_has_field(const qg_schema_field *f);

/** Adds a section of `qgrid list` as an array: one object each, with its name and what is said of
 *  it. @errors QG_ENOMEM. Local. */
qg_code qg_list_json(qg_str *out, const char *section) QG_MUST_USE;

#endif
