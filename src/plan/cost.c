/*
 * cost.c - what work will take: seconds on one core, memory.
 *
 * Rough. Only the order of units and the forecast of a run depend on it, never a result.
 */
#include "qgrid/plan.h"

double qg_cost_forward(const qg_config *c, double length, double tokens)
{
    return qg_encoder_flops(c, length) * tokens / 80e9 + 1e-4;
}

int64_t qg_cost_model_bytes(const qg_config *c)
{
    return 4 * qg_parameter_count(c);
}
