/*
 * cost.c - what work will take: seconds on one core, memory.
 *
 * Rough. Only the order of units and the forecast of a run depend on it, never a result.
 */
#include "qgrid/plan.h"

double qg_cost_flops(const qg_bert_config *c, double length)
{
    double C = c->hidden, F = c->ffn;
    return c->layers * (2 * (4 * C * C + 2 * C * F) + 4 * length * C);
}

double qg_cost_forward(const qg_bert_config *c, double length, double tokens)
{
    return qg_cost_flops(c, length) * tokens / 80e9 + 1e-4;
}

int64_t qg_cost_model_bytes(const qg_bert_config *c)
{
    int64_t C = c->hidden, F = c->ffn;
    return 4 *
           (((int64_t)c->vocab + c->positions) * C + (int64_t)c->layers * (4 * C * C + 2 * C * F));
}
