/*
 * random_model.c - a checkpoint's tensors and config.json, made from sizes and a seed.
 */
#include "qgrid/random_model.h"

#include "qgrid/safetensors_write.h"
#include "qgrid/rng.h"

#include <string.h>

enum { CHUNK = 1 << 16 };

const qg_random_size qg_random_sizes[QG_RANDOM_SIZES] = {
    {"layers", "num_hidden_layers", offsetof(qg_random_model, layers), 12, 1000},
    {"hidden", "hidden_size", offsetof(qg_random_model, hidden), 768, 1 << 16},
    {"heads", "num_attention_heads", offsetof(qg_random_model, heads), 12, 1 << 10},
    {"ffn", "intermediate_size", offsetof(qg_random_model, ffn), 3072, 1 << 18},
    {"vocab-size", "vocab_size", offsetof(qg_random_model, vocab), 50000, 1 << 24},
    {"positions", "max_position_embeddings", offsetof(qg_random_model, positions), 512, 1 << 20},
    {"types", "type_vocab_size", offsetof(qg_random_model, types), 2, 1 << 10},
};

int64_t *qg_random_size_at(qg_random_model *m, int i)
{
    return (int64_t *)(void *)((char *)m + qg_random_sizes[i].at);
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

/* The tensors of the file, listed before it is written. */
typedef struct list {
    const qg_random_model *model;
    qg_arena *arena;
    qg_tensor *tensors;
    int n;
} list;

static bool ends_with(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcmp(s + n - m, end) == 0;
}

static int64_t size_of_letter(const qg_random_model *m, char letter)
{
    static const char letters[] = "CFVPTK";
    const int64_t size[] = {m->hidden, m->ffn, m->vocab, m->positions, m->types, m->classes};
    return size[strchr(letters, letter) - letters];
}

static qg_code add_tensor(list *p, const module *part, const char *kind, int dims, int layer)
{
    qg_tensor *t = &p->tensors[p->n++];
    t->name = layer < 0 ? qg_arena_printf(p->arena, "%s.%s", part->name, kind)
                        : qg_arena_printf(p->arena, "bert.encoder.layer.%d.%s.%s", layer,
                                          part->name, kind);
    if (!t->name)
        return QG_ENOMEM;
    t->dtype = QG_F32;
    for (int d = 0; d < dims; d++)
        t->shape[t->ndim++] = size_of_letter(p->model, part->shape[d]);
    t->bytes = (size_t)qg_tensor_count(t) * sizeof(float);
    return QG_OK;
}

static qg_code add_parts(list *p, const module *part, int layer)
{
    for (; part->name; part++) {
        QG_TRY(add_tensor(p, part, "weight", (int)strlen(part->shape), layer));
        if (!ends_with(part->name, "_embeddings"))
            QG_TRY(add_tensor(p, part, "bias", 1, layer));
    }
    return QG_OK;
}

static qg_code list_tensors(list *p)
{
    QG_NEW(p->tensors, p->arena, 16 * p->model->layers + 16);
    QG_TRY(add_parts(p, embedding_parts, -1));
    for (int i = 0; i < p->model->layers; i++)
        QG_TRY(add_parts(p, layer_parts, i));
    QG_TRY(add_parts(p, pooler_parts, -1));
    return p->model->no_head ? QG_OK : add_parts(p, head_parts, -1);
}

static qg_code put_tensor(qg_safetensors_writer *w, const qg_random_model *p, const qg_tensor *t,
                          float *chunk)
{
    bool random = t->ndim == 2;
    float constant = ends_with(t->name, "LayerNorm.weight") ? 1.0f : 0.0f;
    int64_t count = qg_tensor_count(t), zero = -1;
    qg_rng rng = qg_rng_make((uint64_t)p->seed, t->name, 0);
    if (ends_with(t->name, "word_embeddings.weight"))
        zero = p->pad;
    for (int64_t done = 0; done < count; done += CHUNK) {
        int64_t n = count - done < CHUNK ? count - done : CHUNK;
        for (int64_t i = 0; i < n; i++)
            chunk[i] = random ? (float)(p->std * qg_rng_normal(&rng)) : constant;
        for (int64_t i = 0; i < n && zero >= 0; i++)
            if ((done + i) / p->hidden == zero)
                chunk[i] = 0.0f;
        QG_TRY(qg_safetensors_put(w, chunk, (size_t)n * sizeof *chunk));
    }
    return QG_OK;
}

static qg_code write_all(const list *p, const char *path)
{
    static const char *const metadata[] = {"format", "pt", NULL};
    qg_safetensors_writer w;
    float *chunk;
    QG_NEW(chunk, p->arena, CHUNK);
    QG_TRY(qg_safetensors_begin(&w, path, p->tensors, p->n, metadata));
    qg_code rc = QG_OK;
    for (int i = 0; i < p->n && rc == QG_OK; i++)
        rc = put_tensor(&w, p->model, &p->tensors[i], chunk);
    if (rc == QG_OK)
        rc = qg_safetensors_end(&w);
    qg_safetensors_abandon(&w);
    return rc;
}

qg_code qg_random_model_weights(const qg_random_model *m, const char *path)
{
    list p = {.model = m, .arena = qg_arena_create(0)};
    if (!p.arena)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = list_tensors(&p);
    if (rc == QG_OK)
        rc = write_all(&p, path);
    qg_arena_destroy(p.arena);
    return rc;
}

static void add_labels(qg_str *s, const qg_random_model *p)
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

void qg_random_model_config(qg_str *s, const qg_random_model *m, const qg_json *other)
{
    qg_str_addf(s, "{\n  \"architectures\": [\"%s\"]",
                m->mlm ? "BertForMaskedLM" : "BertForSequenceClassification");
    if (!other) {
        qg_random_model copy = *m;
        qg_str_add(s, ",\n  \"model_type\": \"bert\",\n  \"hidden_act\": \"gelu\",\n"
                      "  \"layer_norm_eps\": 1e-12,\n  \"pad_token_id\": 0");
        qg_str_addf(s, ",\n  \"initializer_range\": %g", m->std);
        for (int i = 0; i < QG_RANDOM_SIZES; i++)
            qg_str_addf(s, ",\n  \"%s\": %lld", qg_random_sizes[i].key,
                        (long long)*qg_random_size_at(&copy, i));
    }
    for (const qg_json *j = other ? other->child : NULL; j; j = j->next) {
        if (strcmp(j->key, "architectures") == 0 || strcmp(j->key, "id2label") == 0 ||
            strcmp(j->key, "label2id") == 0 || strcmp(j->key, "num_labels") == 0)
            continue;
        qg_str_add(s, ",\n  ");
        qg_str_add_json(s, j->key, strlen(j->key));
        qg_str_add(s, ": ");
        qg_json_canonical(s, j);
    }
    if (m->mlm)
        qg_str_add(s, "\n}\n");
    else
        add_labels(s, m);
}
