/*
 * relevance_ref.c - forward and backward, one loop for each rule.
 */
#include "relevance_ref.h"

#include "qt.h"

#include <math.h>

typedef struct ref {
    qg_arena *a;
    const qg_params *p;
    const float *w;
    int n, C, F, H, D;
    double kept;
} ref;

/* A LayerNorm's input, less its mean, over its deviation, output: [n, C] each. */
typedef struct norm_values {
    double *x, *centered, *unit, *y;
} norm_values;

typedef struct layer_values {
    double *x;                 /* [n, C] input */
    double *qkv, *raw, *share; /* [n, 3C], [H, n, n] q . k, softmax */
    double *context, *output;  /* [n, C] */
    norm_values middle;
    double *inner, *act, *out; /* [n, F], [n, F], [n, C] */
    norm_values last;
} layer_values;

static double *room(const ref *r, int rows, int columns)
{
    double *x = qg_arena_alloc(r->a, (size_t)rows * (size_t)columns, sizeof *x);
    assert_non_null(x);
    return x;
}

/* r / z, stabilized. */
static double over(double r, double z)
{
    return r / (z + (z < 0 ? -1e-14 : 1e-14));
}

/* -------------------------------------------------------------------------------------- linear */

static double *linear(const ref *r, qg_role role, int layer, const double *x, int rows)
{
    const qg_linear *l = &r->p->site[qg_params_site(r->p, role, layer)];
    double *y = room(r, rows, l->n);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < l->n; j++) {
            double sum = (double)r->w[l->bias + (size_t)j];
            for (int k = 0; k < l->k; k++)
                sum += x[i * l->k + k] * (double)r->w[l->weight + (size_t)(j * l->k + k)];
            y[i * l->n + j] = sum;
        }
    return y;
}

/* R_k = sum over j of x_k w_jk R_j / z_j */
static double *linear_back(ref *r, qg_role role, int layer, const double *R, const double *x,
                           const double *y, int rows)
{
    const qg_linear *l = &r->p->site[qg_params_site(r->p, role, layer)];
    double *back = room(r, rows, l->k);
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < l->n; j++) {
            double part = over(R[i * l->n + j], y[i * l->n + j]);
            r->kept += (double)r->w[l->bias + (size_t)j] * part;
            for (int k = 0; k < l->k; k++)
                back[i * l->k + k] +=
                    x[i * l->k + k] * (double)r->w[l->weight + (size_t)(j * l->k + k)] * part;
        }
    return back;
}

/* A sum of two: each its share. Adds b's share to Rb. */
static double *sum_back(const ref *r, double *Rb, const double *R, const double *a, const double *b,
                        int size)
{
    double *Ra = room(r, size, 1);
    for (int i = 0; i < size; i++) {
        double part = over(R[i], a[i] + b[i]);
        Ra[i] = a[i] * part;
        Rb[i] += b[i] * part;
    }
    return Ra;
}

/* ---------------------------------------------------------------------------------------- norm */

static norm_values norm(const ref *r, qg_role role, int layer, const double *a, const double *b)
{
    int at = qg_params_at(r->p, role, layer), C = r->C;
    const float *gamma = r->w + r->p->param[at].offset, *beta = r->w + r->p->param[at + 1].offset;
    norm_values v = {room(r, r->n, C), room(r, r->n, C), room(r, r->n, C), room(r, r->n, C)};
    for (int i = 0; i < r->n; i++) {
        double mean = 0, variance = 0;
        for (int c = i * C; c < (i + 1) * C; c++) {
            v.x[c] = a[c] + (b ? b[c] : 0);
            mean += v.x[c] / C;
        }
        for (int c = i * C; c < (i + 1) * C; c++) {
            v.centered[c] = v.x[c] - mean;
            variance += v.centered[c] * v.centered[c] / C;
        }
        for (int c = i * C; c < (i + 1) * C; c++) {
            v.unit[c] = v.centered[c] / sqrt(variance + r->p->config.layer_norm_eps);
            v.y[c] = v.unit[c] * (double)gamma[c - i * C] + (double)beta[c - i * C];
        }
    }
    return v;
}

/* Epsilon rule for gamma, beta and the mean, identity rule for the deviation. */
static double *norm_back(ref *r, qg_role role, int layer, const double *R, const norm_values *v)
{
    int at = qg_params_at(r->p, role, layer), C = r->C;
    const float *gamma = r->w + r->p->param[at].offset, *beta = r->w + r->p->param[at + 1].offset;
    double *back = room(r, r->n, C);
    for (int i = 0; i < r->n; i++)
        for (int j = 0; j < C; j++) {
            double part = over(R[i * C + j], v->y[i * C + j]);
            double unit = (double)gamma[j] * v->unit[i * C + j] * part;
            r->kept += (double)beta[j] * part;
            for (int c = 0; c < C; c++)
                back[i * C + c] +=
                    v->x[i * C + c] * ((c == j) - 1.0 / C) * over(unit, v->centered[i * C + j]);
        }
    return back;
}

/* ----------------------------------------------------------------------------------- attention */

static void attend(const ref *r, layer_values *v)
{
    int n = r->n, C = r->C, D = r->D;
    v->raw = room(r, r->H * n, n);
    v->share = room(r, r->H * n, n);
    v->context = room(r, n, C);
    for (int h = 0; h < r->H; h++)
        for (int j = 0; j < n; j++) {
            double *raw = v->raw + (h * n + j) * n, *s = v->share + (h * n + j) * n, sum = 0;
            for (int i = 0; i < n; i++) {
                for (int p = 0; p < D; p++)
                    raw[i] += v->qkv[j * 3 * C + h * D + p] * v->qkv[i * 3 * C + C + h * D + p];
                sum += exp(raw[i] / sqrt(D));
            }
            for (int i = 0; i < n; i++) {
                s[i] = exp(raw[i] / sqrt(D)) / sum;
                for (int p = 0; p < D; p++)
                    v->context[j * C + h * D + p] += s[i] * v->qkv[i * 3 * C + 2 * C + h * D + p];
            }
        }
}

/* Uniform rule, Taylor rule, uniform rule: of query j in head h. */
static void query_back(ref *r, double *back, const double *R, const layer_values *v, int h, int j)
{
    int n = r->n, C = r->C, D = r->D, q = j * 3 * C + h * D;
    const double *raw = v->raw + (h * n + j) * n, *s = v->share + (h * n + j) * n;
    double *share = room(r, n, 1), all = 0;
    for (int i = 0; i < n; i++)
        for (int p = 0; p < D; p++) {
            int value = i * 3 * C + 2 * C + h * D + p, o = j * C + h * D + p;
            double half = s[i] * v->qkv[value] * over(R[o], v->context[o]) / 2;
            share[i] += half;
            all += half;
            back[value] += half;
        }
    r->kept += all;
    for (int i = 0; i < n; i++) {
        double score = raw[i] / sqrt(D) * (share[i] - s[i] * all);
        r->kept -= score;
        for (int p = 0; p < D; p++) {
            int k = i * 3 * C + C + h * D + p;
            double half = v->qkv[q + p] * v->qkv[k] * over(score, raw[i]) / 2;
            back[q + p] += half;
            back[k] += half;
        }
    }
}

/* -------------------------------------------------------------------------------------- layers */

static double activation(double u, int kind)
{
    if (kind == QG_ACT_GELU)
        return u / 2 * (1 + erf(u / sqrt(2)));
    if (kind == QG_ACT_GELU_NEW)
        return u / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (u + 0.044715 * u * u * u)));
    return kind == QG_ACT_RELU ? fmax(u, 0) : kind == QG_ACT_TANH ? tanh(u) : u;
}

static double *activate(const ref *r, const double *u, int size, int kind)
{
    double *y = room(r, size, 1);
    for (int i = 0; i < size; i++)
        y[i] = activation(u[i], kind);
    return y;
}

static layer_values layer(const ref *r, int l, double *x)
{
    layer_values v = {.x = x};
    v.qkv = linear(r, QG_ROLE_QUERY, l, x, r->n);
    attend(r, &v);
    v.output = linear(r, QG_ROLE_ATTENTION_OUTPUT, l, v.context, r->n);
    v.middle = norm(r, QG_ROLE_ATTENTION_NORM, l, v.output, x);
    v.inner = linear(r, QG_ROLE_INTERMEDIATE, l, v.middle.y, r->n);
    v.act = activate(r, v.inner, r->n * r->F, r->p->config.activation);
    v.out = linear(r, QG_ROLE_OUTPUT, l, v.act, r->n);
    v.last = norm(r, QG_ROLE_OUTPUT_NORM, l, v.out, v.middle.y);
    return v;
}

static void add(double *to, const double *from, int size)
{
    for (int i = 0; i < size; i++)
        to[i] += from[i];
}

/* Activations hand on what they get. */
static double *layer_back(ref *r, int l, const double *R, const layer_values *v)
{
    int size = r->n * r->C;
    double *middle = room(r, size, 1), *x = room(r, size, 1), *qkv = room(r, 3 * size, 1);
    double *sum = norm_back(r, QG_ROLE_OUTPUT_NORM, l, R, &v->last);
    double *out = sum_back(r, middle, sum, v->out, v->middle.y, size);
    double *inner = linear_back(r, QG_ROLE_OUTPUT, l, out, v->act, v->out, r->n);
    add(middle, linear_back(r, QG_ROLE_INTERMEDIATE, l, inner, v->middle.y, v->inner, r->n), size);
    sum = norm_back(r, QG_ROLE_ATTENTION_NORM, l, middle, &v->middle);
    out = sum_back(r, x, sum, v->output, v->x, size);
    double *context = linear_back(r, QG_ROLE_ATTENTION_OUTPUT, l, out, v->context, v->output, r->n);
    for (int h = 0; h < r->H; h++)
        for (int j = 0; j < r->n; j++)
            query_back(r, qkv, context, v, h, j);
    add(x, linear_back(r, QG_ROLE_QUERY, l, qkv, v->x, v->qkv, r->n), size);
    return x;
}

/* ------------------------------------------------------------------------------------- the ends */

/* Relevances of the logits; returns the explained value. */
static double begin(double *R, const double *z, int K, int label, bool probability)
{
    double sum = 0;
    for (int k = 0; k < K; k++)
        sum += exp(z[k]);
    double p = exp(z[label]) / sum;
    for (int k = 0; k < K; k++)
        R[k] = z[k] * (probability ? p * ((k == label) - exp(z[k]) / sum) : k == label);
    return probability ? p : z[label];
}

static double *head_back(ref *r, relevance_ref *out, double *last, int label, bool probability)
{
    int K = r->p->config.classes, act = r->p->config.family->head_activation;
    double *unpooled = linear(r, QG_ROLE_POOLER, QG_OUTSIDE, last, 1);
    double *pooled = activate(r, unpooled, r->C, act);
    double *z = linear(r, QG_ROLE_CLASSIFIER, QG_OUTSIDE, pooled, 1), *R = room(r, K, 1);
    double *all = room(r, r->n, r->C);
    out->value = begin(R, z, K, label, probability);
    for (int k = 0; k < K; k++)
        out->start += R[k];
    double *back = linear_back(r, QG_ROLE_CLASSIFIER, QG_OUTSIDE, R, pooled, z, 1);
    add(all, linear_back(r, QG_ROLE_POOLER, QG_OUTSIDE, back, last, unpooled, 1), r->C);
    return all;
}

static const float *row(const ref *r, qg_role table, int at)
{
    return r->w + r->p->param[qg_params_at(r->p, table, QG_OUTSIDE)].offset + (size_t)(at * r->C);
}

static norm_values embeddings(const ref *r, double *word, double *place, const int32_t *ids)
{
    for (int i = 0; i < r->n; i++)
        for (int c = 0; c < r->C; c++) {
            word[i * r->C + c] = (double)row(r, QG_ROLE_WORD, ids[i])[c];
            place[i * r->C + c] =
                (double)row(r, QG_ROLE_POSITION, r->p->config.first_position + i)[c] +
                (double)row(r, QG_ROLE_TYPE, 0)[c];
        }
    return norm(r, QG_ROLE_EMBEDDING_NORM, QG_OUTSIDE, word, place);
}

relevance_ref relevance_ref_of(qg_arena *a, const qg_params *p, const float *values,
                               const int32_t *ids, int n, int label, bool probability)
{
    enum { LAYERS = 8 };
    const qg_config *c = &p->config;
    ref r = {a, p, values, n, c->hidden, c->ffn, c->heads, c->hidden / c->heads, 0};
    relevance_ref out = {0};
    layer_values v[LAYERS];
    int size = n * c->hidden;
    double *word = room(&r, size, 1), *place = room(&r, size, 1), *R;
    assert_true(c->layers <= LAYERS);
    norm_values first = embeddings(&r, word, place, ids);
    for (int l = 0; l < c->layers; l++)
        v[l] = layer(&r, l, l ? v[l - 1].last.y : first.y);
    R = head_back(&r, &out, v[c->layers - 1].last.y, label, probability);
    for (int l = c->layers - 1; l >= 0; l--)
        R = layer_back(&r, l, R, &v[l]);
    out.x = R;
    out.kept = r.kept;
    double *others = room(&r, size, 1);
    out.word = sum_back(&r, others, norm_back(&r, QG_ROLE_EMBEDDING_NORM, QG_OUTSIDE, R, &first),
                        word, place, size);
    out.kept_outside = r.kept;
    for (int i = 0; i < size; i++)
        out.kept_outside += others[i];
    return out;
}
