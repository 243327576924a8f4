/*
 * rules.c - the way back through what is not linear, by derivatives or by the rules of relevance.
 */
#include "net.h"

void qg_back_through_norm(float *dx, const qg_pass *p, const qg_norm_state *s, int norm)
{
    int C = p->net->params->config.hidden;
    const float *gamma = qg_weight_at(p, norm);
    if (p->relevance)
        qg_norm_chord(dx, p->net->dx, s, gamma, p->T, C);
    else
        qg_parts_norm_backward(dx, qg_grad_at(p, norm), qg_grad_at(p, norm + 1), &p->tokens,
                               p->net->dx, s, gamma, C);
}

void qg_back_through_activation(float *d, const qg_pass *p, const float *u, const float *g,
                                size_t n, qg_activation act)
{
    if (p->relevance)
        qg_activation_chord(d, u, g, n, act, p->net->kernels);
    else
        qg_activation_backward(d, u, g, n, act, p->net->kernels);
}
