/*
 * perturb_rig.h - samples over the linear toy, for tests of the perturbation methods.
 */
#ifndef PERTURB_RIG_H
#define PERTURB_RIG_H

#include "linear_toy.h"
#include "xai/perturb/perturb_methods.h"

typedef struct perturb_rig {
    qg_arena *a;
    linear_toy toy;
    qg_explainable model;
    qg_perturber *p;
} perturb_rig;

/** A toy and a perturber of `budget` tokens over it. */
void perturb_rig_start(perturb_rig *r, uint64_t seed, int budget);
void perturb_rig_end(perturb_rig *r);

/** [CLS] words [SEP], one unit each, a letter per word: ids from 5 on; "#" is [MASK] itself. */
qg_sample perturb_rig_sample(qg_arena *a, const char *letters, uint64_t key);

/** What the unit adds to the logit of class k over [MASK] in its place (over nothing). */
double perturb_rig_term(const perturb_rig *r, const qg_sample *s, int unit, int k, bool over_mask);

/** Value of the sample with the units in `set` present, [MASK] elsewhere. */
double perturb_rig_value(const perturb_rig *r, const qg_sample *s, uint32_t set, int k,
                         qg_explain_output output);

#endif
