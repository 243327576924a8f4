/*
 * pack_codes.h - codes of one matrix into the panels of its format; what quantizing it has cost.
 */
#ifndef QGRID_NN_PACK_CODES_H
#define QGRID_NN_PACK_CODES_H

#include "qgrid/kernel.h"
#include "qgrid/model.h"

/** Codes [n, k] as the format has them (floats, half floats, bytes) into panels. `colsum`: S8 only.
 */
void qg_pack_codes(void *panels, int32_t *colsum, const void *codes, qg_panel_format f, int n,
                   int k);

/** What is stored for the n numbers w of a tensor stands for `kept`, which has to be finite.
 *  @errors QG_ENUMERIC naming tensor, number and scheme. */
qg_code qg_stored_check(const char *dir, const char *tensor, const float *w, const float *kept,
                        size_t n, const qg_precision *scheme) QG_MUST_USE;

/** Errors of n values v against those of the checkpoint, w. */
void qg_layer_error_measure(qg_layer_error *e, const char *name, const float *w, const float *v,
                            size_t n);

#endif
