/*
 * source.h - packing the very model that a hash was taken of.
 */
#ifndef QGRID_NN_SOURCE_H
#define QGRID_NN_SOURCE_H

#include "qgrid/model.h"

/** qg_model_pack of the model that has this hash: what its files were while they were read.
 *  @errors those of qg_model_pack and qg_source_check. Local. */
qg_code qg_source_pack(const qg_model_source *src, const qg_precision_spec *p, const char *out_dir,
                       const char *hash) QG_MUST_USE;

#endif
