/*
 * key.c - the key of a training: config, model, texts, arithmetic.
 */
#include "key.h"

#include "qgrid/file.h"
#include "qgrid/kernel.h"

#include <string.h>

/* Keys that change nothing, and those whose file's content is a part of its own. */
static bool counts(const char *key)
{
    static const char *const others[] = {"output", "checkpoint", "recompute", "ranks",
                                         "from",   "dataset",    "validation"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(key, others[i]) == 0)
            return false;
    return true;
}

static void add_value(qg_str *s, const qg_opt *o, const void *field)
{
    const char *text = o->type == QG_OPT_STRING ? *(const char *const *)field : NULL;
    const qg_json *node = o->type == QG_OPT_NODE ? *(const qg_json *const *)field : NULL;
    if (o->type == QG_OPT_ENUM)
        text = o->names[*(const int *)field];
    if (text)
        qg_str_add_json(s, text, strlen(text));
    else if (node)
        qg_json_canonical(s, node);
    else if (o->type == QG_OPT_BOOL)
        qg_str_add(s, *(const bool *)field ? "true" : "false");
    else if (o->type == QG_OPT_INT)
        qg_str_addf(s, "%lld", (long long)*(const int64_t *)field);
    else if (o->type == QG_OPT_REAL)
        qg_str_add_f64(s, *(const double *)field);
    else
        qg_str_add(s, "null");
}

static void add_config(qg_str *s, const qg_training_config *c)
{
    for (const qg_opt *o = qg_training_opts; o->key; o++) {
        if (!counts(o->key))
            continue;
        qg_str_addf(s, "%s: ", o->key);
        add_value(s, o, (const char *)c + o->offset);
        qg_str_add(s, "\n");
    }
}

static void keep(char part[64], qg_sha256 *h)
{
    char hex[QG_SHA256_HEX];
    qg_sha256_final(h, hex);
    memcpy(part, hex, 64);
}

static void hash_texts(char part[64], const qg_train_set *s)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add(&h, &s->n, sizeof s->n);
    qg_sha256_add(&h, s->splits, (size_t)(s->n + 1) * sizeof *s->splits);
    qg_sha256_add(&h, s->ids, (size_t)s->splits[s->n] * sizeof *s->ids);
    qg_sha256_add(&h, s->label, (size_t)s->n * sizeof *s->label);
    keep(part, &h);
}

/* Dropout may come from the model's config.json. */
static void hash_model(char part[64], const qg_training_inputs *in)
{
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add_text(&h, in->model_hash);
    qg_sha256_add_text(&h, in->teacher_hash); /* empty without a teacher */
    qg_sha256_add(&h, &in->params.dropout, sizeof in->params.dropout);
    keep(part, &h);
}

/* What the bits depend on besides: nothing but for a few kernels, and for OpenBLAS in the decoder
 * of masked-language modelling. */
static qg_code hash_arithmetic(char part[64], const qg_training_config *c)
{
    char library[512];
    const char *why = NULL;
    const qg_kernels *kernels = qg_kernels_get(&why);
    qg_sha256 h;
    if (!kernels)
        return QG_FAIL(QG_EUNSUPPORTED, "%s", why);
    qg_sha256_init(&h);
    if (c->objective == QG_OBJECTIVE_MLM) {
        qg_sha256_add_text(&h, qg_train_library(library, sizeof library));
        qg_sha256_add_text(&h, kernels->isa);
    }
    if (c->has_qat)
        qg_sha256_add_text(&h, qg_precision_arithmetic(c->qat.scheme));
    if (c->has_qat && c->qat.vectors != QG_EMBED_FP32)
        qg_sha256_add_text(&h, "every parameter"); /* fp16 was once of Linear weights alone */
    keep(part, &h);
    return QG_OK;
}

qg_code qg_training_key_make(qg_training_key *out, const qg_training_config *c,
                             const qg_training_inputs *in)
{
    qg_sha256 h;
    qg_problems problems = {0};
    qg_training_config plain = {0};
    *out = (qg_training_key){.config = {0}};
    add_config(&out->config, c);
    QG_TRY(qg_str_status(&out->config));
    QG_TRY(qg_opt_read(&plain, qg_training_opts, NULL, NULL, &problems));
    add_config(&out->defaults, &plain);
    QG_TRY(qg_str_status(&out->defaults));
    qg_sha256_init(&h);
    qg_sha256_add_text(&h, out->config.data);
    keep(out->part[QG_KEY_CONFIG], &h);
    hash_model(out->part[QG_KEY_MODEL], in);
    hash_texts(out->part[QG_KEY_TRAINING], &in->train_set);
    hash_texts(out->part[QG_KEY_VALIDATION], &in->validation_set);
    return hash_arithmetic(out->part[QG_KEY_ARITHMETIC], c);
}

void qg_training_key_fini(qg_training_key *k)
{
    qg_str_fini(&k->config);
    qg_str_fini(&k->defaults);
}

/* Length of the line at `at`, with its newline. */
static size_t line_at(const char *text, size_t size, size_t at)
{
    const char *end = memchr(text + at, '\n', size - at);
    return end ? (size_t)(end - text) - at + 1 : size - at;
}

static bool has_line(const char *text, size_t size, const char *line, size_t n)
{
    for (size_t at = 0, have; at < size; at += have) {
        have = line_at(text, size, at);
        if (have == n && memcmp(text + at, line, n) == 0)
            return true;
    }
    return false;
}

/* Whether the config is another one only by keys that the checkpoint's program did not know, and
 * that have their defaults here: what they stand for was done so before there were keys for it. */
static bool is_alike(const qg_training_key *k, const char *config, size_t size)
{
    const char *own = k->config.data;
    bool more = false;
    for (size_t at = 0, n; at < size; at += n) {
        n = line_at(config, size, at);
        if (!has_line(own, k->config.len, config + at, n))
            return false;
    }
    for (size_t at = 0, n; at < k->config.len; at += n) {
        n = line_at(own, k->config.len, at);
        if (has_line(config, size, own + at, n))
            continue;
        if (!has_line(k->defaults.data, k->defaults.len, own + at, n))
            return false;
        more = true;
    }
    return more;
}

/* The first lines of a that b has not: " (it has epochs: 3, seed: 1". Returns how many. */
static int add_lines(qg_str *s, const char *before, const char *a, size_t a_size, const char *b,
                     size_t b_size)
{
    int found = 0;
    for (size_t at = 0, n; at < a_size; at += n) {
        n = line_at(a, a_size, at);
        if (has_line(b, b_size, a + at, n) || n < 2 || found == 4)
            continue;
        qg_str_add(s, found++ ? ", " : before);
        qg_str_addn(s, a + at, n - 1 < 60 ? n - 1 : 60);
    }
    return found;
}

/* Keys of the config with another value in the checkpoint, or those that it has not. */
static void add_differing(qg_str *s, const qg_training_key *k, const char *config, size_t size)
{
    if (add_lines(s, " (it has ", config, size, k->config.data, k->config.len) ||
        add_lines(s, " (it lacks ", k->config.data, k->config.len, config, size))
        qg_str_add(s, ")");
}

qg_code qg_training_key_match(const qg_training_key *k, char part[QG_KEY_PARTS][64],
                              const char *config, size_t config_size, const char *path)
{
    static const char *const names[QG_KEY_PARTS] = {
        [QG_KEY_CONFIG] = "config",
        [QG_KEY_MODEL] = "model",
        [QG_KEY_TRAINING] = "training data",
        [QG_KEY_VALIDATION] = "validation data",
        [QG_KEY_ARITHMETIC] = "processor or OpenBLAS (sums would have other bits)"};
    qg_str s = {0};
    for (int i = 0; i < QG_KEY_PARTS; i++) {
        if (memcmp(k->part[i], part[i], sizeof part[i]) == 0 ||
            (i == QG_KEY_CONFIG && is_alike(k, config, config_size)))
            continue;
        qg_str_addf(&s, "%s%s", s.len ? ", " : "", names[i]);
        if (i == QG_KEY_CONFIG)
            add_differing(&s, k, config, config_size);
    }
    qg_code rc = QG_OK;
    if (s.len || s.failed)
        rc = QG_FAIL_AT(QG_ECHANGED, path, 0, 0, NULL,
                        "is of a training with another %s; --fresh discards it",
                        s.data ? s.data : "config");
    qg_str_fini(&s);
    return rc;
}
