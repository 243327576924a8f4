/*
 * random_model.c - writes a Hugging Face folder with random weights: for tests and measurements of
 * models whose real weights are not at hand.
 *
 * Weights are BERT's initialisation: N(0, 0.02), the padding row and biases 0, LayerNorm 1 and 0.
 * A tensor's numbers depend on the seed and its name only.
 * Source: BertPreTrainedModel._init_weights of transformers 4.5.1.
 */
#include "io/safetensors_write.h"
#include "qgrid/file.h"
#include "qgrid/json.h"
#include "qgrid/log.h"
#include "qgrid/rng.h"
#include "qgrid/str.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1 << 16, CONFIG_MAX = 1 << 20, MAX_CLASSES = 1000 };

/* Options with a text; before them come the sizes of the shape. */
enum {
    SIZES = 7,
    CONFIG = SIZES,
    VOCAB,
    TOKENIZER,
    LABELS,
    SCALE,
    SEED,
    OUT,
    NO_HEAD,
    HELP,
    OPTIONS
};

typedef struct shape {
    int64_t layers, hidden, heads, ffn, vocab, positions, types, pad;
} shape;

typedef struct plan {
    qg_arena *arena;
    const char *text[OPTIONS]; /* of each option; NULL: not given */
    int64_t seed;
    double std;
    shape shape;
    const char *label[MAX_CLASSES];
    int64_t classes;
    qg_json_doc doc; /* of config; root NULL without one */
    qg_tensor *tensors;
    int n;
} plan;

/* A size: its command line option, its key in config.json, IndoBERT's value. */
static const struct {
    const char *option, *key;
    size_t at;
    int64_t def, max;
} sizes[SIZES] = {
    {"layers", "num_hidden_layers", offsetof(shape, layers), 12, 1000},
    {"hidden", "hidden_size", offsetof(shape, hidden), 768, 1 << 16},
    {"heads", "num_attention_heads", offsetof(shape, heads), 12, 1 << 10},
    {"ffn", "intermediate_size", offsetof(shape, ffn), 3072, 1 << 18},
    {"vocab-size", "vocab_size", offsetof(shape, vocab), 50000, 1 << 24},
    {"positions", "max_position_embeddings", offsetof(shape, positions), 512, 1 << 20},
    {"types", "type_vocab_size", offsetof(shape, types), 2, 1 << 10},
};

static int64_t *size_at(shape *s, int i)
{
    return (int64_t *)((char *)s + sizes[i].at);
}

/*
 * Modules: NAME.weight in a shape by letters (C hidden, F feed-forward, V vocabulary, P positions,
 * T types, K classes), and NAME.bias of its first size unless it is an embedding.
 */
typedef struct module {
    const char *name, *shape;
} module;

static const module embedding_parts[] = {
    {"bert.embeddings.word_embeddings", "VC"},
    {"bert.embeddings.position_embeddings", "PC"},
    {"bert.embeddings.token_type_embeddings", "TC"},
    {"bert.embeddings.LayerNorm", "C"},
    {NULL, NULL},
};
static const module layer_parts[] = {
    {"attention.self.query", "CC"},
    {"attention.self.key", "CC"},
    {"attention.self.value", "CC"},
    {"attention.output.dense", "CC"},
    {"attention.output.LayerNorm", "C"},
    {"intermediate.dense", "FC"},
    {"output.dense", "CF"},
    {"output.LayerNorm", "C"},
    {NULL, NULL},
};
static const module pooler_parts[] = {{"bert.pooler.dense", "CC"}, {NULL, NULL}};
static const module head_parts[] = {{"classifier", "KC"}, {NULL, NULL}};

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static int64_t size_of_letter(const plan *p, char letter)
{
    static const char letters[] = "CFVPTK";
    const shape *s = &p->shape;
    const int64_t size[] = {s->hidden, s->ffn, s->vocab, s->positions, s->types, p->classes};
    return size[strchr(letters, letter) - letters];
}

static qg_code add_tensor(plan *p, const module *part, const char *kind, int dims, int layer)
{
    qg_tensor *t = &p->tensors[p->n++];
    t->name = layer < 0 ? qg_arena_printf(p->arena, "%s.%s", part->name, kind)
                        : qg_arena_printf(p->arena, "bert.encoder.layer.%d.%s.%s", layer,
                                          part->name, kind);
    if (!t->name)
        return QG_ENOMEM;
    t->dtype = QG_F32;
    for (int d = 0; d < dims; d++)
        t->shape[t->ndim++] = size_of_letter(p, part->shape[d]);
    t->bytes = (size_t)qg_tensor_count(t) * sizeof(float);
    return QG_OK;
}

static qg_code add_parts(plan *p, const module *part, int layer)
{
    for (; part->name; part++) {
        QG_TRY(add_tensor(p, part, "weight", (int)strlen(part->shape), layer));
        if (!ends_with(part->name, "_embeddings"))
            QG_TRY(add_tensor(p, part, "bias", 1, layer));
    }
    return QG_OK;
}

static qg_code list_tensors(plan *p)
{
    QG_NEW(p->tensors, p->arena, 16 * p->shape.layers + 16);
    QG_TRY(add_parts(p, embedding_parts, -1));
    for (int i = 0; i < p->shape.layers; i++)
        QG_TRY(add_parts(p, layer_parts, i));
    QG_TRY(add_parts(p, pooler_parts, -1));
    return p->text[NO_HEAD] ? QG_OK : add_parts(p, head_parts, -1);
}

static qg_code put_tensor(qg_safetensors_writer *w, const plan *p, const qg_tensor *t, float *chunk)
{
    bool random = t->ndim == 2;
    float constant = ends_with(t->name, "LayerNorm.weight") ? 1.0f : 0.0f;
    int64_t count = qg_tensor_count(t), zero = -1;
    qg_rng rng = qg_rng_make((uint64_t)p->seed, t->name, 0);
    if (ends_with(t->name, "word_embeddings.weight"))
        zero = p->shape.pad;
    for (int64_t done = 0; done < count; done += CHUNK) {
        int64_t n = count - done < CHUNK ? count - done : CHUNK;
        for (int64_t i = 0; i < n; i++)
            chunk[i] = random ? (float)(p->std * qg_rng_normal(&rng)) : constant;
        for (int64_t i = 0; i < n && zero >= 0; i++)
            if ((done + i) / p->shape.hidden == zero)
                chunk[i] = 0.0f;
        QG_TRY(qg_safetensors_put(w, chunk, (size_t)n * sizeof *chunk));
    }
    return QG_OK;
}

static qg_code write_weights(const plan *p)
{
    static const char *const metadata[] = {"format", "pt", NULL};
    qg_safetensors_writer w;
    float *chunk;
    const char *path = qg_path_join(p->arena, p->text[OUT], "model.safetensors");
    if (!path)
        return QG_ENOMEM;
    QG_NEW(chunk, p->arena, CHUNK);
    QG_TRY(qg_safetensors_begin(&w, path, p->tensors, p->n, metadata));
    qg_code rc = QG_OK;
    for (int i = 0; i < p->n && rc == QG_OK; i++)
        rc = put_tensor(&w, p, &p->tensors[i], chunk);
    if (rc == QG_OK)
        rc = qg_safetensors_end(&w);
    qg_safetensors_abandon(&w);
    return rc;
}

static void add_labels(qg_str *s, const plan *p)
{
    qg_str_add(s, ",\n  \"id2label\": {");
    for (int64_t i = 0; i < p->classes; i++) {
        qg_str_addf(s, "%s\"%lld\": ", i ? ", " : "", (long long)i);
        qg_str_add_json(s, p->label[i], strlen(p->label[i]));
    }
    qg_str_add(s, "},\n  \"label2id\": {");
    for (int64_t i = 0; i < p->classes; i++) {
        qg_str_add(s, i ? ", " : "");
        qg_str_add_json(s, p->label[i], strlen(p->label[i]));
        qg_str_addf(s, ": %lld", (long long)i);
    }
    qg_str_add(s, "}\n}\n");
}

/* A config.json from the shape, or the given one with other labels. */
static void make_config(qg_str *s, const plan *p)
{
    qg_str_add(s, "{\n  \"architectures\": [\"BertForSequenceClassification\"]");
    if (!p->doc.root) {
        qg_str_add(s, ",\n  \"model_type\": \"bert\",\n  \"hidden_act\": \"gelu\",\n"
                      "  \"layer_norm_eps\": 1e-12,\n  \"pad_token_id\": 0");
        qg_str_addf(s, ",\n  \"initializer_range\": %g", p->std);
        shape copy = p->shape;
        for (int i = 0; i < SIZES; i++)
            qg_str_addf(s, ",\n  \"%s\": %lld", sizes[i].key, (long long)*size_at(&copy, i));
    }
    for (const qg_json *m = p->doc.root ? p->doc.root->child : NULL; m; m = m->next) {
        if (strcmp(m->key, "architectures") == 0 || strcmp(m->key, "id2label") == 0 ||
            strcmp(m->key, "label2id") == 0 || strcmp(m->key, "num_labels") == 0)
            continue;
        qg_str_add(s, ",\n  ");
        qg_str_add_json(s, m->key, strlen(m->key));
        qg_str_add(s, ": ");
        qg_json_canonical(s, m);
    }
    add_labels(s, p);
}

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

static qg_code write_folder(const plan *p)
{
    qg_str config = {0}, tokenizer = {0}, none = {0};
    const char *copied = p->text[LABELS] ? NULL : p->text[CONFIG];
    QG_TRY(qg_mkdirs(p->text[OUT]));
    if (!copied)
        make_config(&config, p);
    QG_TRY(write_file(p, "config.json", copied, &config));
    qg_str_addf(&tokenizer, "{\"do_lower_case\": true, \"model_max_length\": %lld}\n",
                (long long)p->shape.positions);
    QG_TRY(write_file(p, "tokenizer_config.json", p->text[TOKENIZER], &tokenizer));
    if (p->text[VOCAB])
        QG_TRY(write_file(p, "vocab.txt", p->text[VOCAB], &none));
    return write_weights(p);
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

static qg_code config_integer(int64_t *out, const plan *p, const char *key, int64_t min,
                              int64_t max)
{
    const qg_json *v = qg_json_get(p->doc.root, key);
    if (!v)
        return QG_OK;
    if (v->type != QG_JSON_NUMBER || !(v->number >= (double)min && v->number <= (double)max) ||
        v->number != (double)(int64_t)v->number)
        return QG_JSON_FAIL(&p->doc, v, QG_EFORMAT, "a whole number from %lld to %lld is expected",
                            (long long)min, (long long)max);
    *out = (int64_t)v->number;
    return QG_OK;
}

static qg_code split_labels(plan *p, const char *list)
{
    for (const char *s = list; *s || p->classes == 0; s += *s == ',') {
        size_t n = strcspn(s, ",");
        if (n == 0 || p->classes == MAX_CLASSES)
            return QG_FAIL(QG_EUSAGE, "--labels '%s' is not a list like positive,negative", list);
        if (!(p->label[p->classes++] = qg_arena_strndup(p->arena, s, n)))
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
        p->shape.vocab += text[i] == '\n' || i + 1 == m.size;
    qg_file_unmap(&m);
    return QG_OK;
}

/* Sizes of the config and the number of its classes, where the command line does not say. */
static qg_code complete(plan *p)
{
    if (p->text[CONFIG]) {
        QG_TRY(qg_json_load(&p->doc, p->arena, p->text[CONFIG], CONFIG_MAX));
        QG_TRY(config_integer(&p->shape.pad, p, "pad_token_id", 0, INT32_MAX));
        const qg_json *range = qg_json_get(p->doc.root, "initializer_range");
        if (range && range->type == QG_JSON_NUMBER && !(p->std > 0))
            p->std = range->number;
    }
    if (p->text[VOCAB] && !p->text[CONFIG] && !p->shape.vocab)
        QG_TRY(count_vocabulary(p));
    for (int i = 0; i < SIZES; i++) {
        int64_t *v = size_at(&p->shape, i);
        if (*v && p->text[CONFIG])
            return QG_FAIL(QG_EUSAGE, "--%s and --config do not go together", sizes[i].option);
        if (*v == 0)
            *v = sizes[i].def;
        QG_TRY(config_integer(v, p, sizes[i].key, 1, sizes[i].max));
    }
    if (p->shape.hidden % p->shape.heads != 0)
        return QG_FAIL(QG_EUSAGE, "hidden size %lld is not a multiple of %lld heads",
                       (long long)p->shape.hidden, (long long)p->shape.heads);
    if (!(p->std > 0))
        p->std = 0.02;
    if (p->text[LABELS] || !p->text[CONFIG])
        return split_labels(p, p->text[LABELS] ? p->text[LABELS] : "positive,neutral,negative");
    const qg_json *labels = qg_json_get(p->doc.root, "id2label");
    p->classes = labels ? labels->count : 2;
    return labels ? QG_OK : config_integer(&p->classes, p, "num_labels", 1, MAX_CLASSES);
}

static const char usage[] =
    "random_model --seed N -o DIR [OPTION...]\n"
    "Writes a Hugging Face BERT classifier with random weights.\n\n"
    "  --config FILE            shape and labels from this config.json, which is copied\n"
    "  --layers N --hidden N --heads N --ffn N --vocab-size N --positions N --types N\n"
    "                           the shape without --config (default: IndoBERT base)\n"
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

static qg_code read_options(plan *p, int argc, char **argv)
{
    struct option table[OPTIONS + 1] = {
        [CONFIG] = {"config", required_argument, NULL, CONFIG},
        [VOCAB] = {"vocab", required_argument, NULL, VOCAB},
        [TOKENIZER] = {"tokenizer-config", required_argument, NULL, TOKENIZER},
        [LABELS] = {"labels", required_argument, NULL, LABELS},
        [SCALE] = {"scale", required_argument, NULL, SCALE},
        [SEED] = {"seed", required_argument, NULL, SEED},
        [OUT] = {"output", required_argument, NULL, OUT},
        [NO_HEAD] = {"no-head", no_argument, NULL, NO_HEAD},
        [HELP] = {"help", no_argument, NULL, HELP},
    };
    for (int i = 0; i < SIZES; i++)
        table[i] = (struct option){sizes[i].option, required_argument, NULL, i};
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
    for (int i = 0; i < SIZES; i++)
        if (p->text[i])
            QG_TRY(
                read_integer(size_at(&p->shape, i), sizes[i].option, p->text[i], 1, sizes[i].max));
    QG_TRY(read_integer(&p->seed, "seed", p->text[SEED], 0, INT64_MAX));
    return p->text[SCALE] ? read_scale(&p->std, p->text[SCALE]) : QG_OK;
}

static qg_code make_model(plan *p, int argc, char **argv)
{
    QG_TRY(read_options(p, argc, argv));
    if (p->text[HELP]) {
        fputs(usage, stdout);
        return QG_OK;
    }
    QG_TRY(complete(p));
    QG_TRY(list_tensors(p));
    return write_folder(p);
}

int main(int argc, char **argv)
{
    plan p = {.arena = qg_arena_create(0)};
    qg_code rc = p.arena ? make_model(&p, argc, argv) : QG_FAIL(QG_ENOMEM, "no memory");
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
    qg_arena_destroy(p.arena);
    return rc == QG_OK ? 0 : rc == QG_EUSAGE ? 2 : 1;
}
