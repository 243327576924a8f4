/*
 * labels.h - the classes of a study, in the order of the logits.
 */
#ifndef QGRID_LABELS_H
#define QGRID_LABELS_H

#include "qgrid/opt.h"

/* Most classes of a model. */
enum { QG_MAX_CLASSES = 64 };

/**
 * Reads a "labels" array: 2 to QG_MAX_CLASSES different names.
 *
 * @param[out] out  NULL-terminated names in the arena of `problems`, *n of them; those that could
 *                  be read when there are problems, NULL when `v` is no array
 * @return QG_OK (look at `problems`) or QG_ENOMEM. Local.
 */
qg_code qg_labels_read(const char *const **out, int *n, const qg_json_doc *doc, const qg_json *v,
                       qg_problems *problems) QG_MUST_USE;

#endif
