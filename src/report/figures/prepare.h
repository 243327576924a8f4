/*
 * prepare.h - what is done to every figure before it is written.
 */
#ifndef QGRID_REPORT_FIGURES_PREPARE_H
#define QGRID_REPORT_FIGURES_PREPARE_H

#include "figure.h"

/** Empty series and panels go, panels with more than can be told apart are split, styles and common
 *  limits are set. @errors QG_ENOMEM. Local. */
qg_code qg_figure_prepare(qg_figure *f, const qg_reading *r) QG_MUST_USE;

#endif
