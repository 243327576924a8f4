/*
 * layout_fit.h - the datasets of a results file against those of a layout.
 */
#ifndef QGRID_LAYOUT_FIT_H
#define QGRID_LAYOUT_FIT_H

#include "qgrid/store.h"

/** Whether the file has that dataset with the layout's type and shape. @errors QG_ESTORE. Local. */
qg_code qg_field_fits(bool *fits, qg_store *s, const qg_field *f) QG_MUST_USE;

/** Whether the datasets of a group, and of those in it, are the layout's, one for one. A group
 *  that the layout has not fits.
 *  @errors QG_ESTORE. Local. */
qg_code qg_group_fits(bool *fits, qg_store *s, qg_arena *a, const qg_layout *layout,
                      const char *group) QG_MUST_USE;

/** The first dataset of the layout that the file lacks or has as another; NULL: none.
 *  @errors QG_ESTORE. Local. */
qg_code qg_layout_misfit(const qg_field **out, qg_store *s, const qg_layout *layout) QG_MUST_USE;

#endif
