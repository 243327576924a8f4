/*
 * shapes.c - named sizes of models, and checkpoints of them with random weights.
 */
#include "shapes.h"

#include "qgrid/file.h"

#include <string.h>

enum { SEED = 42, VERSION = 1 /* of the weights that a seed gives */ };

// clang-format off
static const qg_bench_shape shapes[] = {
    {"indobert", "bert", 12, 768, 12, 3072, 50000, 512, 2, 30521},
    {"indobert-large", "bert", 24, 1024, 16, 4096, 30522, 512, 2, 30522},
    {"mini", "bert", 4, 128, 4, 512, 2699, 128, 2, 2699},
};
// clang-format on
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

const qg_bench_shape *qg_bench_shape_find(const char *name)
{
    for (int i = 0; i < SHAPES; i++)
        if (strcmp(shapes[i].name, name) == 0)
            return &shapes[i];
    return NULL;
}

char *qg_bench_shape_names(char *out, size_t size)
{
    const char *name[SHAPES + 1] = {NULL};
    for (int i = 0; i < SHAPES; i++)
        name[i] = shapes[i].name;
    return qg_join_names(out, size, name);
}

/* A drawn model of the shape; what the sizes do not say is as config.json has it by default. */
static qg_config config_of(const qg_bench_shape *s)
{
    static const char *const labels[] = {"positive", "neutral", "negative", NULL};
    return (qg_config){.family = qg_family_find(s->family),
                       .layers = (int)s->layers,
                       .hidden = (int)s->hidden,
                       .heads = (int)s->heads,
                       .ffn = (int)s->ffn,
                       .vocab = (int)s->rows,
                       .positions = (int)s->positions,
                       .types = (int)s->types,
                       .classes = 3,
                       .labels = labels,
                       .activation = QG_ACT_GELU,
                       .layer_norm_eps = 1e-12,
                       .initializer_range = 0.02};
}

void qg_bench_shape_hash(char hex[QG_SHA256_HEX], const qg_bench_shape *s)
{
    const int64_t numbers[] = {VERSION, SEED,    s->layers,    s->hidden, s->heads,
                               s->ffn,  s->rows, s->positions, s->types,  s->vocabulary};
    qg_sha256 h;
    qg_sha256_init(&h);
    qg_sha256_add_text(&h, "random weights");
    qg_sha256_add(&h, numbers, sizeof numbers);
    qg_sha256_final(&h, hex);
}

static void add_vocabulary(qg_str *s, int entries)
{
    static const char *const special[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    for (int i = 0; i < entries; i++)
        if (i < (int)(sizeof special / sizeof special[0]))
            qg_str_addf(s, "%s\n", special[i]);
        else
            qg_str_addf(s, "word%d\n", i);
}

static qg_code write_text(qg_arena *a, const char *dir, const char *name, qg_str *text)
{
    const char *path = qg_path_join(a, dir, name);
    qg_code rc = path ? qg_str_status(text) : QG_ENOMEM;
    if (rc == QG_OK)
        rc = qg_file_write(path, text->data, text->len);
    qg_str_fini(text);
    return rc;
}

static qg_code write_all(qg_arena *a, const qg_bench_shape *s, const char *dir)
{
    qg_config c = config_of(s);
    qg_str config = {0}, vocabulary = {0};
    const char *weights = qg_path_join(a, dir, "model.safetensors");
    if (!weights)
        return QG_ENOMEM;
    QG_TRY(qg_mkdirs(dir));
    qg_config_text(&config, &c, false);
    QG_TRY(write_text(a, dir, "config.json", &config));
    add_vocabulary(&vocabulary, s->vocabulary);
    QG_TRY(write_text(a, dir, "vocab.txt", &vocabulary));
    return qg_random_model_weights(weights, &c, true, SEED);
}

qg_code qg_bench_shape_write(const qg_bench_shape *s, const char *dir)
{
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = write_all(a, s, dir);
    qg_arena_destroy(a);
    return rc;
}
