/*
 * family.h - methods of explanation by what they look at.
 */
#ifndef QGRID_REPORT_FAMILY_H
#define QGRID_REPORT_FAMILY_H

#include "report/table.h"

/* "gradient", "perturbation", "attention", "random", "other"; NULL-terminated. */
extern const char *const qg_families_of_methods[];

/** The family of a registered method; "other" for one that is not known here. Local. */
const char *qg_family_of_method(const char *method);

/** The family of a cell's method, whatever the job calls it: its options name the method.
 *  @errors QG_ESTORE, QG_ENOMEM. Local. */
qg_code qg_method_family(const char **out, qg_reading *r, const qg_read_cell *c) QG_MUST_USE;

#endif
