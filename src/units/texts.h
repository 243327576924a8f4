/*
 * texts.h - texts as token ids on their way to a rank, and their forward passes there.
 */
#ifndef QGRID_UNIT_TEXTS_H
#define QGRID_UNIT_TEXTS_H

#include "unit.h"

/* Texts end to end: the ids of text i are splits[i] .. splits[i + 1] - 1. */
typedef struct qg_unit_texts {
    int64_t n;
    int64_t *row;    /* [n] of the data set */
    int32_t *splits; /* [n + 1] */
    int32_t *ids;
} qg_unit_texts;

/** Appends n texts: those of rows [n], or (NULL) of the rows from `first` on. */
void qg_unit_texts_put(qg_str *out, const qg_plan_tokens *t, const int64_t *rows, int64_t first,
                       int64_t n);

/** Takes them from the unit's assignment. @errors QG_EBUG, QG_ENOMEM. */
qg_code qg_unit_texts_get(qg_unit_texts *out, qg_work_unit *u) QG_MUST_USE;

/** Logits [end - first, K] of texts first .. end - 1 as a batch of their own. */
qg_code qg_unit_texts_forward(float *logits, qg_work_unit *u, const qg_unit_texts *t, int64_t first,
                              int64_t end) QG_MUST_USE;

#endif
