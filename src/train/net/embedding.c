/*
 * embedding.c - from token ids to what the first layer reads, and back to the tables.
 */
#include "net.h"

#include "dropout.h"

#include <string.h>

/* Type of token i. */
static int type_of(const qg_train_batch *b, int32_t i)
{
    return b->types ? b->types[i] : 0;
}

/* Row of the position table. */
static int position_of(const qg_pass *p, int t, int32_t i)
{
    const qg_train_batch *b = p->batch;
    return p->net->params->config.first_position +
           (b->positions ? b->positions[i] : i - b->splits[t]);
}

/* x = drop(LayerNorm((word + type) + position)). */
void qg_embedding_forward(const qg_pass *p)
{
    const qg_train_batch *b = p->batch;
    qg_net *net = p->net;
    size_t C = (size_t)net->params->config.hidden;
    const float *words = qg_weight_at(p, qg_outside(p, QG_ROLE_WORD));
    const float *types = qg_weight_at(p, qg_outside(p, QG_ROLE_TYPE));
    const float *positions = qg_weight_at(p, qg_outside(p, QG_ROLE_POSITION));
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            float *x = net->embedding.unit + (size_t)i * C;
            const float *word = p->words ? p->words + (size_t)i * C : words + (size_t)b->ids[i] * C;
            const float *type = types + (size_t)type_of(b, i) * C;
            const float *position = positions + (size_t)position_of(p, t, i) * C;
            for (size_t c = 0; c < C; c++)
                x[c] = word[c] + type[c] + position[c];
        }
    qg_norm_weights w = qg_norm_at(p, qg_outside(p, QG_ROLE_EMBEDDING_NORM));
    qg_norm_forward(net->x[0], &net->embedding, net->embedding.unit, NULL, &w, p->T, (int)C);
    qg_drop_rows(p, net->x[0], p->dropout.hidden, 0, QG_DROP_EMBEDDINGS);
}

/* Which row of a table token i of text t has read; -1: one that is not trained. */
static int32_t row_read(const qg_pass *p, qg_role table, int t, int32_t i)
{
    const qg_train_batch *b = p->batch;
    if (table == QG_ROLE_POSITION)
        return position_of(p, t, i);
    if (table == QG_ROLE_TYPE)
        return type_of(b, i);
    return b->ids[i] == p->net->params->config.pad_id ? -1 : b->ids[i];
}

static void table_backward(const qg_pass *p, qg_role table)
{
    const qg_train_batch *b = p->batch;
    const qg_param *param = &p->net->params->param[qg_outside(p, table)];
    qg_keyed *keyed = p->net->keyed;
    float *grad = qg_grad_at(p, qg_outside(p, table));
    int n = 0;
    for (int t = 0; t < b->B; t++)
        for (int32_t i = b->splits[t]; i < b->splits[t + 1]; i++) {
            int32_t key = row_read(p, table, t, i);
            if (key >= 0)
                keyed[n++] = (qg_keyed){key, i};
        }
    memset(grad, 0, (size_t)param->rows * (size_t)param->columns * sizeof *grad);
    qg_parts_table_sums(grad, keyed, n, &p->tokens, p->net->dx, param->columns);
}

/* The padding row gets no gradient (nn.Embedding's padding_idx). */
void qg_embedding_backward(const qg_pass *p)
{
    qg_net *net = p->net;
    int norm = qg_outside(p, QG_ROLE_EMBEDDING_NORM);
    qg_drop_rows(p, net->dx, p->dropout.hidden, 0, QG_DROP_EMBEDDINGS);
    qg_back_through_norm(net->dx, p, &net->embedding, norm);
    if (!p->grad)
        return;
    if (net->params->objective == QG_OBJECTIVE_MLM)
        qg_mlm_words_backward(p);
    else
        table_backward(p, QG_ROLE_WORD);
    table_backward(p, QG_ROLE_POSITION);
    table_backward(p, QG_ROLE_TYPE);
}
