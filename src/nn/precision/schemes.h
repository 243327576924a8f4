/*
 * schemes.h - every precision of precisions.def: one object qg_precision_<name> each.
 */
#ifndef QGRID_NN_SCHEMES_H
#define QGRID_NN_SCHEMES_H

#include "qgrid/precision.h"

#define QG_PRECISION(id) extern const qg_precision qg_precision_##id;
#include "precisions.def"
#undef QG_PRECISION

#endif
