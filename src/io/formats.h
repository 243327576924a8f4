/*
 * formats.h - declarations of the rows of formats.def.
 */
#ifndef QG_IO_FORMATS_H
#define QG_IO_FORMATS_H

#include "qgrid/dataset.h"

#define QG_FORMAT(id) extern const qg_format qg_format_##id;
#include "io/formats.def"
#undef QG_FORMAT

#endif
