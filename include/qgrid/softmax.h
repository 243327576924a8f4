/*
 * softmax.h - from the logits of a text to probabilities and the predicted class.
 */
#ifndef QGRID_SOFTMAX_H
#define QGRID_SOFTMAX_H

/** Probabilities [K] of logits [K], in double: softmax; of a single logit its sigmoid, as
 *  transformers reads models of one output. Local. */
void qg_softmax(double *p, const float *logits, int K);

/** Index of the largest of n numbers, the lowest index on ties. */
int qg_argmax_f32(const float *v, int n);

#endif
