/*
 * expected_gradients.c - expected gradients as a method.
 */
#include "method.h"

typedef struct options {
    int64_t draws;
    int reference;
    qg_gradient_common common;
} options;

enum { VOCABULARY, TEXT, MASK, PAD };
static const char *const references[] = {"vocabulary", "text", "mask", "pad", NULL};

// clang-format off
static const qg_opt table[] = {
    {"draws", QG_OPT_INT, offsetof(options, draws), 50, 1, 10000, .help = "references, each with a point of the path from it"},
    {"reference", QG_OPT_ENUM, offsetof(options, reference), .names = references, .help = "what each token is drawn from: all of the vocabulary but specials, the text's own tokens, [MASK] or [PAD] alone"},
    QG_GRADIENT_ROWS(options),
    QG_OPT_END,
};
// clang-format on

static double cost(const void *p, int words)
{
    const options *o = p;
    (void)words;
    return 1 + 4 * (double)o->draws;
}

static bool is_special(int32_t id, const qg_specials *s)
{
    return id == s->pad || id == s->unk || id == s->cls || id == s->sep || id == s->mask;
}

static qg_code vocabulary(int32_t **pool, int *n, const qg_explainer *e)
{
    int V = e->model->vocab, named = e->specials.size;
    if (named > 0 && named < V) /* a table may have rows that no token has */
        V = named;
    QG_NEW(*pool, e->arena, V);
    *n = 0;
    for (int32_t id = 0; id < V; id++)
        if (!is_special(id, &e->specials))
            (*pool)[(*n)++] = id;
    if (*n == 0)
        return QG_FAIL(QG_EUNSUPPORTED, "the %d tokens of the vocabulary are all specials", V);
    return QG_OK;
}

static qg_code explain(qg_explanation *out, const qg_explainer *e, const qg_explain_text *text,
                       int n, const void *p, uint64_t seed)
{
    const options *o = p;
    qg_asked asked;
    qg_ig_result r;
    int64_t *key;
    int32_t *pool = NULL, one = o->reference == MASK ? e->specials.mask : e->specials.pad;
    int size = 0;
    QG_TRY(qg_ask(&asked, e, text, n, &o->common));
    QG_TRY(qg_ig_result_make(&r, &asked.batch, e->arena));
    QG_NEW(key, e->arena, n);
    for (int t = 0; t < n; t++)
        key[t] = (int64_t)text[t].key;
    if (o->reference == VOCABULARY)
        QG_TRY(vocabulary(&pool, &size, e));
    bool is_one = o->reference == MASK || o->reference == PAD;
    qg_expected_options expected = {.draws = (int)o->draws,
                                    .pool = is_one ? &one : pool,
                                    .pool_n = is_one ? 1 : size,
                                    .keep = asked.special,
                                    .seed = seed,
                                    .sample = key};
    QG_TRY(qg_expected_gradients(&r, &asked.question, &expected, e->arena));
    qg_explain_path(out, text, n, &r, (qg_aggregation)o->common.aggregation);
    return QG_OK;
}

const qg_method qg_method_expected_gradients = {
    .name = "expected_gradients",
    .summary = "gradients on the ways from drawn references, times the ways",
    .paper = "Erion, Janizek, Sturmfels, Lundberg, Lee, 2021, arXiv:1906.10670",
    .needs = QG_NEEDS_GRADIENTS,
    .options = table,
    .size = sizeof(options),
    .cost = cost,
    .random = true,
    .explain = explain,
};
