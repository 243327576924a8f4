/*
 * explain.c MODEL_DIR PRECISION METHOD TEXTS [N] - time of explaining the first N (10) texts, and
 * of the same passes without the engine around them.
 *
 * METHOD is a name or a job's JSON object; TEXTS has one text a line, up to a tab. The passes that
 * the method asks for are written down and run again: in full batches (what is more in the engine's
 * time is its overhead), a sample of them one at a time, and one at a time padded to 128 tokens.
 * Seconds are of one core (CPU time); short runs are repeated and the least is taken. Prints one
 * line.
 */
#include "qgrid/clock.h"
#include "qgrid/softmax.h"
#include "qgrid/explained_model.h"
#include "qgrid/log.h"
#include "qgrid/method.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PADDED = 128, SAMPLE = 50, SAMPLE_PADDED = 10, GRADIENT_TOKENS = 1024 };
static const double AT_LEAST = 5; /* seconds of repetition */

/* Passes over texts: forward, forward and backward from vectors, forward from vectors. */
enum { FORWARD, GRADIENT, VALUE, KINDS };

/* Texts of one kind of pass, end to end. */
typedef struct passes {
    int32_t *ids;   /* [tokens] FORWARD */
    float *x;       /* [tokens, C] others */
    int64_t *begin; /* [texts + 1] */
    int32_t *target;
    int64_t tokens, texts, token_room, text_room;
    qg_explain_output output;
    qg_explain_layer layer;
    bool relevance; /* back by its rules */
} passes;

/* A model that writes down what it is asked. */
typedef struct recorder {
    qg_arena *a;
    qg_explainable model;
    passes kind[KINDS];
    double seconds; /* of writing down, which are not the engine's */
} recorder;

/* ------------------------------------------------------------------------------------ recording */

static qg_code make_room(passes *p, recorder *r, int64_t tokens, int64_t texts, bool vectors)
{
    int64_t C = vectors ? r->model.hidden : 0;
    while (p->tokens + tokens > p->token_room) {
        int64_t room = p->token_room ? 2 * p->token_room : 4096;
        QG_GROW(p->ids, r->a, p->token_room, room);
        QG_GROW(p->x, r->a, p->token_room * C, room * C);
        p->token_room = room;
    }
    while (p->texts + texts > p->text_room) {
        int64_t room = p->text_room ? 2 * p->text_room : 1024;
        QG_GROW(p->begin, r->a, p->text_room ? p->text_room + 1 : 0, room + 1);
        QG_GROW(p->target, r->a, p->text_room, room);
        p->text_room = room;
    }
    return QG_OK;
}

static qg_code record(recorder *r, int kind, const float *x, const qg_batch *b,
                      const int32_t *target)
{
    passes *p = &r->kind[kind];
    int T = b->splits[b->B];
    size_t C = (size_t)r->model.hidden;
    double start = qg_clock_cpu();
    QG_TRY(make_room(p, r, T, b->B, x != NULL));
    if (x)
        memcpy(p->x + (size_t)p->tokens * C, x, (size_t)T * C * sizeof *x);
    else
        memcpy(p->ids + p->tokens, b->ids, (size_t)T * sizeof *b->ids);
    for (int i = 0; i < b->B; i++) {
        p->target[p->texts] = target ? target[i] : 0;
        p->begin[++p->texts] = p->tokens + b->splits[i + 1];
    }
    p->tokens += T;
    r->seconds += qg_clock_cpu() - start;
    return QG_OK;
}

static qg_code logits(void *ctx, float *out, const qg_batch *b)
{
    recorder *r = ctx;
    QG_TRY(record(r, FORWARD, NULL, b, NULL));
    return r->model.logits(r->model.ctx, out, b);
}

static qg_code embed(void *ctx, float *x, const qg_batch *b, qg_explain_layer layer)
{
    recorder *r = ctx;
    return r->model.embed(r->model.ctx, x, b, layer);
}

static qg_code gradient(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                        const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    recorder *r = ctx;
    int kind = dx ? GRADIENT : VALUE;
    r->kind[kind].output = output;
    r->kind[kind].layer = layer;
    QG_TRY(record(r, kind, x, b, target));
    return r->model.gradient(r->model.ctx, value, dx, x, b, target, output, layer);
}

static qg_code relevance(void *ctx, double *value, float *dx, const float *x, const qg_batch *b,
                         const int32_t *target, qg_explain_output output, qg_explain_layer layer)
{
    recorder *r = ctx;
    r->kind[GRADIENT].relevance = true;
    r->kind[GRADIENT].output = output;
    r->kind[GRADIENT].layer = layer;
    QG_TRY(record(r, GRADIENT, x, b, target));
    return r->model.relevance(r->model.ctx, value, dx, x, b, target, output, layer);
}

static qg_explainable recording(recorder *r)
{
    qg_explainable e = r->model;
    e.ctx = r;
    e.logits = logits;
    e.embed = e.embed ? embed : NULL;
    e.gradient = e.gradient ? gradient : NULL;
    e.relevance = e.relevance ? relevance : NULL;
    e.attention = NULL; /* not written down */
    return e;
}

/* -------------------------------------------------------------------------------------- playing */

/* One call with a batch. */
static qg_code call(const recorder *r, int kind, const qg_batch *b, int64_t token,
                    const int32_t *target)
{
    const passes *p = &r->kind[kind];
    const qg_explainable *m = &r->model;
    size_t C = (size_t)m->hidden;
    float *out, *dx;
    double *value;
    qg_mark mark = qg_arena_mark(r->a);
    QG_NEW(out, r->a, b->B * m->classes);
    QG_NEW(dx, r->a, kind == GRADIENT ? (size_t)b->splits[b->B] * C : 0);
    QG_NEW(value, r->a, b->B);
    qg_explain_backward back = p->relevance ? m->relevance : m->gradient;
    qg_code rc = kind == FORWARD ? m->logits(m->ctx, out, b)
                                 : back(m->ctx, value, kind == GRADIENT ? dx : NULL,
                                        p->x + (size_t)token * C, b, target, p->output, p->layer);
    qg_arena_release(r->a, mark);
    return rc;
}

static qg_code play(const recorder *r, int kind, int64_t first, int64_t n)
{
    const passes *p = &r->kind[kind];
    int32_t *splits;
    qg_mark mark = qg_arena_mark(r->a);
    QG_NEW(splits, r->a, n + 1);
    for (int64_t i = 0; i <= n; i++)
        splits[i] = (int32_t)(p->begin[first + i] - p->begin[first]);
    qg_batch b = {(int)n, kind == FORWARD ? p->ids + p->begin[first] : NULL, splits};
    qg_code rc = call(r, kind, &b, p->begin[first], p->target + first);
    qg_arena_release(r->a, mark);
    return rc;
}

static qg_code play_in_batches(const recorder *r)
{
    for (int k = 0; k < KINDS; k++) {
        const passes *p = &r->kind[k];
        int64_t budget = k == FORWARD ? QG_PERTURB_TOKENS : GRADIENT_TOKENS;
        for (int64_t first = 0, last; first < p->texts; first = last) {
            last = first + 1;
            while (last < p->texts && p->begin[last + 1] - p->begin[first] <= budget)
                last++;
            QG_TRY(play(r, k, first, last - first));
        }
    }
    return QG_OK;
}

/* A sample of the texts alone, their time scaled by tokens to that of all. */
static qg_code time_alone(double *seconds, const recorder *r)
{
    *seconds = 0;
    for (int k = 0; k < KINDS; k++) {
        const passes *p = &r->kind[k];
        int64_t tokens = 0, step = p->texts / SAMPLE + 1;
        double start = qg_clock_cpu();
        for (int64_t i = 0; i < p->texts; i += step) {
            QG_TRY(play(r, k, i, 1));
            tokens += p->begin[i + 1] - p->begin[i];
        }
        if (tokens > 0)
            *seconds += (qg_clock_cpu() - start) / (double)tokens * (double)p->tokens;
    }
    return QG_OK;
}

/* Texts of 128 tokens, whatever they are: the way of one padded text a pass. */
static qg_code time_padded(double *seconds, const recorder *r)
{
    *seconds = 0;
    for (int k = 0; k < KINDS; k++) {
        const passes *p = &r->kind[k];
        int64_t n = PADDED < r->model.max_tokens ? PADDED : r->model.max_tokens;
        n = n < p->tokens ? n : p->tokens;
        if (n == 0)
            continue;
        const int32_t splits[] = {0, (int32_t)n};
        qg_batch b = {1, k == FORWARD ? p->ids : NULL, splits};
        double start = qg_clock_cpu();
        for (int i = 0; i < SAMPLE_PADDED; i++)
            QG_TRY(call(r, k, &b, 0, p->target));
        *seconds += (qg_clock_cpu() - start) / SAMPLE_PADDED * (double)p->texts;
    }
    return QG_OK;
}

/* --------------------------------------------------------------------------------------- texts */

static qg_code read_texts(qg_explain_text *text, int *n, qg_arena *a, const char *path,
                          const qg_tokenizer *t, int max_length)
{
    char line[8192];
    int want = *n;
    FILE *f = fopen(path, "r");
    if (!f)
        return QG_FAIL(QG_EIO, "%s cannot be read", path);
    qg_code rc = QG_OK;
    for (*n = 0; *n < want && rc == QG_OK && fgets(line, sizeof line, f); (*n)++) {
        qg_encoding *code = qg_arena_alloc(a, 1, sizeof *code);
        text[*n] = (qg_explain_text){(uint64_t)*n, code, 0};
        rc = code ? qg_tokenizer_encode(code, t, a, line, strcspn(line, "\t\r\n"), max_length)
                  : QG_ENOMEM;
        if (rc == QG_OK)
            rc = qg_encoding_forms(code, a, line, strcspn(line, "\t\r\n"));
    }
    fclose(f);
    return rc != QG_OK || *n > 0 ? rc : QG_FAIL(QG_EFORMAT, "%s has no text", path);
}

/* What is explained is the predicted class. */
static qg_code predict(qg_explain_text *text, int n, const qg_explainable *m)
{
    float z[64];
    for (int t = 0; t < n; t++) {
        const int32_t splits[] = {0, text[t].code->n};
        qg_batch b = {1, text[t].code->ids, splits};
        QG_ASSERT(m->classes <= 64);
        QG_TRY(m->logits(m->ctx, z, &b));
        text[t].target = qg_argmax_f32(z, m->classes);
    }
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- the run */

typedef struct bench {
    recorder r;
    qg_specials specials;
    qg_method_spec spec;
    qg_explain_text *text;
    int n;
    qg_perturb_counts count;
    double engine, bare, alone, padded; /* seconds of all texts */
} bench;

/* One run of the method over all texts, in memory of its own. */
static qg_code explain(bench *b, qg_arena *a)
{
    qg_explanation *out;
    qg_perturber *p;
    qg_explainable model = recording(&b->r);
    for (int k = 0; k < KINDS; k++)
        b->r.kind[k].tokens = b->r.kind[k].texts = 0;
    QG_NEW(out, a, b->n);
    QG_TRY(qg_perturber_make(&p, a, &model, b->specials, 0));
    qg_explainer e = {&model, p, b->specials, a};
    QG_TRY(qg_explain(out, &e, b->text, b->n, &b->spec, 42));
    b->count = qg_perturb_count(p);
    return QG_OK;
}

static qg_code measure(bench *b)
{
    double begin = qg_clock_cpu();
    b->engine = b->bare = INFINITY;
    do {
        double start = qg_clock_cpu();
        b->r.seconds = 0;
        qg_arena *a = qg_arena_create(0);
        qg_code rc = a ? explain(b, a) : QG_FAIL(QG_ENOMEM, "no memory");
        qg_arena_destroy(a);
        QG_TRY(rc);
        double middle = qg_clock_cpu();
        QG_TRY(play_in_batches(&b->r));
        b->engine = fmin(b->engine, middle - start - b->r.seconds);
        b->bare = fmin(b->bare, qg_clock_cpu() - middle);
    } while (qg_clock_cpu() - begin < AT_LEAST);
    QG_TRY(time_alone(&b->alone, &b->r));
    return time_padded(&b->padded, &b->r);
}

static void print(const bench *b, const char *precision)
{
    int64_t passes_run = 0, tokens = 0, n = b->n;
    for (int k = 0; k < KINDS; k++) {
        passes_run += b->r.kind[k].texts;
        tokens += b->r.kind[k].tokens;
    }
    double own = 0;
    for (int t = 0; t < b->n; t++)
        own += b->text[t].code->n;
    printf("%-22s %-10s %5d %7.1f %9.4f %8.1f %8.1f %7.1f %9.4f %8.2f%% %9.4f %6.2f %9.4f %6.2f\n",
           b->spec.name, precision, b->n, own / (double)n, b->engine / (double)n,
           (double)b->count.asked / (double)n, (double)passes_run / (double)n,
           (double)tokens / (double)passes_run, b->bare / (double)n,
           100 * (b->engine / b->bare - 1), b->alone / (double)n, b->alone / b->engine,
           b->padded / (double)n, b->padded / b->engine);
}

static qg_code run(qg_arena *a, char **arg, int n)
{
    char hash[65];
    qg_model_source source = {.dir = arg[1]};
    const qg_precision *scheme = qg_precision_find(arg[2]);
    qg_explained_options none = {0};
    qg_tokenizer *tokenizer;
    qg_model *deployed;
    qg_explained_model *explained = NULL;
    bench *b;
    const char *cache = qg_model_cache_dir(a), *entry = arg[3];
    if (!cache || !(entry = entry[0] == '{' ? entry : qg_arena_printf(a, "\"%s\"", entry)))
        return QG_ENOMEM;
    if (!scheme)
        return QG_FAIL(QG_EUSAGE, "%s is no precision", arg[2]);
    qg_precision_spec precision = qg_precision_plain(scheme);
    QG_NEW(b, a, 1);
    b->r.a = a;
    QG_TRY(qg_method_spec_parse(&b->spec, a, entry));
    QG_TRY(qg_tokenizer_load(&tokenizer, a, source.dir));
    b->specials = qg_tokenizer_specials(tokenizer);
    QG_TRY(qg_model_hash(hash, &source));
    QG_TRY(qg_model_open_cached(&deployed, &source, hash, &precision, cache));
    b->r.model = qg_explainable_of_model(deployed);
    if (b->spec.method->needs & QG_NEEDS_GRADIENTS) {
        QG_TRY(qg_explained_model_create(&explained, &source, &precision, &none));
        b->r.model = qg_explained_model_functions(explained, deployed);
    }
    b->n = n;
    QG_NEW(b->text, a, n);
    int most = b->r.model.max_tokens < PADDED ? b->r.model.max_tokens : PADDED;
    QG_TRY(read_texts(b->text, &b->n, a, arg[4], tokenizer, most));
    QG_TRY(predict(b->text, b->n, &b->r.model));
    QG_TRY(measure(b));
    print(b, precision.name);
    qg_explained_model_destroy(explained);
    qg_model_close(deployed);
    return QG_OK;
}

int main(int argc, char **argv)
{
    qg_arena *a = qg_arena_create(0);
    int n = argc > 5 ? atoi(argv[5]) : 10;
    if (argc < 5 || n < 1 || !a) {
        fprintf(stderr, "usage: explain MODEL_DIR PRECISION METHOD TEXTS [N]\n");
        return 2;
    }
    qg_code rc = run(a, argv, n);
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
    qg_arena_destroy(a);
    return rc == QG_OK ? 0 : 1;
}
