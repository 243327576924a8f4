/*
 * families.h - every family of families.def: one object qg_family_<name> each.
 */
#ifndef QGRID_NN_FAMILIES_H
#define QGRID_NN_FAMILIES_H

#include "qgrid/family.h"

#define QG_FAMILY(id) extern const qg_family qg_family_##id;
#include "families.def"
#undef QG_FAMILY

#endif
