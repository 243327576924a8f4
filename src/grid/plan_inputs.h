/*
 * plan_inputs.h - the part of a plan that comes from files.
 */
#ifndef QGRID_PLAN_INPUTS_H
#define QGRID_PLAN_INPUTS_H

#include "qgrid/plan.h"

/** Fills models, datasets, tokens and warnings of the plan; problems are collected. */
qg_code qg_plan_inputs(qg_plan *p, qg_arena *a, qg_problems *problems);

#endif
