/*
 * card.h - data cards on standard output.
 */
#ifndef QGRID_CLI_CARD_H
#define QGRID_CLI_CARD_H

#include "qgrid/plan.h"

/** Prints the card of a data set of a plan as lines of text. @errors QG_ENOMEM, those of encoding.
 */
qg_code qg_card_print(const qg_plan *p, int dataset) QG_MUST_USE;

/** Prints what `qgrid check` says of a plan as one JSON object. @errors the same. */
qg_code qg_card_print_json(const qg_plan *p) QG_MUST_USE;

#endif
