/*
 * whole_and_empty.h - what the perturbation methods share.
 */
#ifndef QGRID_ENDS_H
#define QGRID_ENDS_H

#include "perturb_methods.h"

/* The two ends of a sample's explanation: the whole text and nothing of it. */
typedef struct qg_ends {
    int64_t full, empty; /* slots */
} qg_ends;

/** Scores of zero for s->units units, and both ends asked for. @errors as qg_perturb_add. Local. */
qg_code qg_attribution_begin(qg_attribution *out, qg_ends *ends, qg_perturber *p,
                             const qg_sample *s, int target, qg_masking masking) QG_MUST_USE;

/** full and base of the scored ends. Local. */
void qg_attribution_read_ends(qg_attribution *out, const qg_perturber *p, const qg_ends *ends,
                              qg_explain_output output);

/** delta, once scores, full and base are there. Local. */
void qg_attribution_close(qg_attribution *out);

#endif
