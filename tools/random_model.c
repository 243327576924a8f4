/*
 * random_model.c - writes a Hugging Face folder with random weights: for tests and measurements of
 * models whose real weights are not at hand.
 */
#include "qgrid/random_model.h"
#include "qgrid/file.h"
#include "qgrid/json.h"
#include "qgrid/log.h"
#include "qgrid/str.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { CONFIG_MAX = 1 << 20, MAX_CLASSES = 1000 };

/* Options with a text, and behind them the sizes of the first family's table. */
enum {
    CONFIG,
    VOCAB,
    TOKENIZER,
    LABELS,
    FAMILY,
    SCALE,
    SEED,
    OUT,
    NO_HEAD,
    HELP,
    SIZES,
    OPTIONS = SIZES + 16
};

typedef struct plan {
    qg_arena *arena;
    const char *text[OPTIONS]; /* of each option; NULL: not given */
    qg_config model;
    int64_t seed;
    const char *label[MAX_CLASSES + 1];
    qg_json_doc doc; /* of config; root NULL without one */
} plan;

/* One file of the folder: a copy, or else a text, which is freed. */
static qg_code write_file(const plan *p, const char *name, const char *from, qg_str *text)
{
    const char *path = qg_path_join(p->arena, p->text[OUT], name);
    qg_code rc = path ? QG_OK : QG_ENOMEM;
    if (rc == QG_OK && !from)
        rc = qg_str_status(text);
    if (rc == QG_OK)
        rc = from ? qg_file_copy(path, from) : qg_file_write(path, text->data, text->len);
    qg_str_fini(text);
    return rc;
}

static void write_config(qg_str *s, const plan *p)
{
    if (p->doc.root)
        qg_config_relabelled(s, p->doc.root, &p->model, QG_OBJECTIVE_CLASSIFICATION);
    else
        qg_config_text(s, &p->model, false);
}

static qg_code write_folder(const plan *p)
{
    qg_str config = {0}, tokenizer = {0}, none = {0};
    const char *copied = p->text[LABELS] ? NULL : p->text[CONFIG];
    QG_TRY(qg_mkdirs(p->text[OUT]));
    if (!copied)
        write_config(&config, p);
    QG_TRY(write_file(p, "config.json", copied, &config));
    qg_str_addf(&tokenizer, "{\"do_lower_case\": true, \"model_max_length\": %d}\n",
                p->model.positions);
    QG_TRY(write_file(p, "tokenizer_config.json", p->text[TOKENIZER], &tokenizer));
    if (p->text[VOCAB])
        QG_TRY(write_file(p, "vocab.txt", p->text[VOCAB], &none));
    const char *weights = qg_path_join(p->arena, p->text[OUT], "model.safetensors");
    return weights ? qg_random_model_weights(weights, &p->model, !p->text[NO_HEAD], p->seed)
                   : QG_ENOMEM;
}

static qg_code read_integer(int64_t *out, const char *option, const char *text, int64_t min,
                            int64_t max)
{
    char *end;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end || v < min || v > max)
        return QG_FAIL(QG_EUSAGE, "--%s '%s' is not a whole number from %lld to %lld", option, text,
                       (long long)min, (long long)max);
    *out = v;
    return QG_OK;
}

static qg_code config_integer(int *out, const plan *p, const char *key, int min, int max)
{
    const qg_json *v = qg_json_get(p->doc.root, key);
    if (!v)
        return QG_OK;
    if (v->type != QG_JSON_NUMBER || !(v->number >= min && v->number <= max) ||
        v->number != (int)v->number)
        return QG_JSON_FAIL(&p->doc, v, QG_EFORMAT, "a whole number from %d to %d is expected", min,
                            max);
    *out = (int)v->number;
    return QG_OK;
}

static qg_code split_labels(plan *p, const char *list)
{
    for (const char *s = list; *s || p->model.classes == 0; s += *s == ',') {
        size_t n = strcspn(s, ",");
        if (n == 0 || p->model.classes == MAX_CLASSES)
            return QG_FAIL(QG_EUSAGE, "--labels '%s' is not a list like positive,negative", list);
        if (!(p->label[p->model.classes++] = qg_arena_strndup(p->arena, s, n)))
            return QG_ENOMEM;
        s += n;
    }
    return QG_OK;
}

/* A vocabulary has one entry a line. */
static qg_code count_vocabulary(plan *p)
{
    qg_map m;
    QG_TRY(qg_file_map(&m, p->text[VOCAB]));
    const char *text = m.data;
    for (size_t i = 0; i < m.size; i++)
        p->model.vocab += text[i] == '\n' || i + 1 == m.size;
    qg_file_unmap(&m);
    return QG_OK;
}

/* Sizes of the config and the number of its classes, where the command line does not say. */
static qg_code complete(plan *p)
{
    if (p->text[CONFIG]) {
        QG_TRY(qg_json_load(&p->doc, p->arena, p->text[CONFIG], CONFIG_MAX));
        QG_TRY(config_integer(&p->model.pad_id, p, "pad_token_id", 0, INT32_MAX));
        const qg_json *range = qg_json_get(p->doc.root, "initializer_range");
        if (range && range->type == QG_JSON_NUMBER && !(p->model.initializer_range > 0))
            p->model.initializer_range = range->number;
    }
    if (p->text[VOCAB] && !p->text[CONFIG] && !p->model.vocab)
        QG_TRY(count_vocabulary(p));
    for (const qg_config_size *s = p->model.family->sizes; s->option; s++) {
        int *v = qg_config_size_at(&p->model, s);
        if (*v && p->text[CONFIG])
            return QG_FAIL(QG_EUSAGE, "--%s and --config do not go together", s->option);
        if (*v == 0)
            *v = s->typical;
        QG_TRY(config_integer(v, p, s->key, 1, s->most));
    }
    if (p->model.hidden % p->model.heads != 0)
        return QG_FAIL(QG_EUSAGE, "hidden size %d is not a multiple of %d heads", p->model.hidden,
                       p->model.heads);
    if (!(p->model.initializer_range > 0))
        p->model.initializer_range = 0.02;
    if (p->text[LABELS] || !p->text[CONFIG])
        return split_labels(p, p->text[LABELS] ? p->text[LABELS] : "positive,neutral,negative");
    const qg_json *labels = qg_json_get(p->doc.root, "id2label");
    p->model.classes = labels ? labels->count : 2;
    return labels ? QG_OK : config_integer(&p->model.classes, p, "num_labels", 1, MAX_CLASSES);
}

static const char usage[] =
    "random_model --seed N -o DIR [OPTION...]\n"
    "Writes a Hugging Face classifier with random weights.\n\n"
    "  --family NAME            see qgrid list models (default: bert)\n"
    "  --config FILE            shape and labels from this config.json, which is copied\n"
    "  --layers N --hidden N --heads N --ffn N --vocab-size N --positions N --types N\n"
    "                           the shape without --config (default: the family's base model)\n"
    "  --vocab FILE             copied to vocab.txt; gives the vocabulary size by default\n"
    "  --tokenizer-config FILE  copied to tokenizer_config.json\n"
    "  --labels A,B,C           classes (default: positive,neutral,negative, or the config's)\n"
    "  --no-head                leave the classifier out\n"
    "  --scale S                standard deviation of the weights (default 0.02)\n\n"
    "  random_model --seed 42 --layers 4 --hidden 128 --heads 4 --ffn 512 -o models/mini\n";

static qg_code read_scale(double *out, const char *text)
{
    char *end;
    *out = strtod(text, &end);
    if (end == text || *end || !(*out > 0 && *out < 1000))
        return QG_FAIL(QG_EUSAGE, "--scale '%s' is not a number above 0", text);
    return QG_OK;
}

static qg_code read_family(plan *p)
{
    const char *name = p->text[FAMILY];
    if (name && !(p->model.family = qg_family_find(name)))
        return QG_FAIL(QG_EUSAGE, "there is no family '%s', type qgrid list models", name);
    return QG_OK;
}

static qg_code read_size(plan *p, const char *option, const char *text)
{
    int64_t v;
    const qg_config_size *s = p->model.family->sizes;
    while (s->option && strcmp(s->option, option) != 0)
        s++;
    if (!s->option)
        return QG_FAIL(QG_EUSAGE, "%s has no --%s", p->model.family->name, option);
    QG_TRY(read_integer(&v, option, text, 1, s->most));
    *qg_config_size_at(&p->model, s) = (int)v;
    return QG_OK;
}

static qg_code read_options(plan *p, int argc, char **argv)
{
    struct option table[OPTIONS + 1] = {
        [CONFIG] = {"config", required_argument, NULL, CONFIG},
        [VOCAB] = {"vocab", required_argument, NULL, VOCAB},
        [TOKENIZER] = {"tokenizer-config", required_argument, NULL, TOKENIZER},
        [LABELS] = {"labels", required_argument, NULL, LABELS},
        [FAMILY] = {"family", required_argument, NULL, FAMILY},
        [SCALE] = {"scale", required_argument, NULL, SCALE},
        [SEED] = {"seed", required_argument, NULL, SEED},
        [OUT] = {"output", required_argument, NULL, OUT},
        [NO_HEAD] = {"no-head", no_argument, NULL, NO_HEAD},
        [HELP] = {"help", no_argument, NULL, HELP},
    };
    const qg_config_size *sizes = p->model.family->sizes;
    for (int i = 0; sizes[i].option; i++) {
        QG_ASSERT(SIZES + i < OPTIONS);
        table[SIZES + i] = (struct option){sizes[i].option, required_argument, NULL, SIZES + i};
    }
    for (int c; (c = getopt_long(argc, argv, "o:", table, NULL)) != -1;) {
        if (c == '?')
            return QG_FAIL(QG_EUSAGE, "type random_model --help");
        p->text[c == 'o' ? OUT : c] = optarg ? optarg : "yes";
    }
    if (optind < argc)
        return QG_FAIL(QG_EUSAGE, "unexpected argument '%s'", argv[optind]);
    if (p->text[HELP])
        return QG_OK;
    if (!p->text[OUT] || !p->text[SEED])
        return QG_FAIL(QG_EUSAGE, "--seed N and -o DIR are needed, type random_model --help");
    QG_TRY(read_family(p));
    for (int i = 0; sizes[i].option; i++)
        if (p->text[SIZES + i])
            QG_TRY(read_size(p, sizes[i].option, p->text[SIZES + i]));
    QG_TRY(read_integer(&p->seed, "seed", p->text[SEED], 0, INT64_MAX));
    return p->text[SCALE] ? read_scale(&p->model.initializer_range, p->text[SCALE]) : QG_OK;
}

static qg_code make_model(plan *p, int argc, char **argv)
{
    QG_TRY(read_options(p, argc, argv));
    if (p->text[HELP]) {
        fputs(usage, stdout);
        return QG_OK;
    }
    p->model.labels = p->label;
    QG_TRY(complete(p));
    return write_folder(p);
}

int main(int argc, char **argv)
{
    plan p = {
        .arena = qg_arena_create(0),
        .model = {.family = qg_families[0], .activation = QG_ACT_GELU, .layer_norm_eps = 1e-12}};
    qg_code rc = p.arena ? make_model(&p, argc, argv) : QG_FAIL(QG_ENOMEM, "no memory");
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
    qg_arena_destroy(p.arena);
    return rc == QG_OK ? 0 : rc == QG_EUSAGE ? 2 : 1;
}
