/*
 * random_model.c - a checkpoint's tensors, made from sizes and a seed.
 */
#include "qgrid/random_model.h"

#include "qgrid/rng.h"
#include "qgrid/safetensors_write.h"

enum { CHUNK = 1 << 16 };

/* The tensors of the file, listed before it is written. */
typedef struct list {
    const qg_config *config;
    int64_t seed;
    qg_arena *arena;
    qg_parameter *parameter; /* [n] */
    qg_tensor *tensor;       /* [n] the same as the file has them */
    int n;
} list;

static void add_module(list *p, const qg_module *m)
{
    int n = qg_module_parameters(p->parameter + p->n, m);
    for (int i = 0; i < n; i++, p->n++) {
        const qg_parameter *x = &p->parameter[p->n];
        p->tensor[p->n] =
            (qg_tensor){.name = x->name,
                        .dtype = QG_F32,
                        .ndim = x->dims,
                        .shape = {x->rows, x->columns},
                        .bytes = (size_t)x->rows * (size_t)x->columns * sizeof(float)};
    }
}

static qg_code list_tensors(list *p, bool with_classifier)
{
    qg_module *m;
    int n;
    QG_TRY(qg_modules_of(&m, &n, p->arena, p->config, QG_OBJECTIVE_CLASSIFICATION));
    QG_NEW(p->parameter, p->arena, 2 * n);
    QG_NEW(p->tensor, p->arena, 2 * n);
    for (int i = 0; i < n; i++)
        if (with_classifier || m[i].part != QG_PART_CLASSIFIER)
            add_module(p, &m[i]);
    return QG_OK;
}

static qg_code put_tensor(qg_safetensors_writer *w, const list *p, const qg_parameter *x,
                          float *chunk)
{
    float constant = x->bias ? 0.0f : 1.0f;
    int64_t count = (int64_t)x->rows * x->columns;
    int64_t zero = x->module->role == QG_ROLE_WORD ? p->config->pad_id : -1;
    qg_rng rng = qg_rng_make((uint64_t)p->seed, x->name, 0);
    for (int64_t done = 0; done < count; done += CHUNK) {
        int64_t n = count - done < CHUNK ? count - done : CHUNK;
        for (int64_t i = 0; i < n; i++)
            chunk[i] = x->dims == 2 ? (float)(p->config->initializer_range * qg_rng_normal(&rng))
                                    : constant;
        for (int64_t i = 0; i < n && zero >= 0; i++)
            if ((done + i) / x->columns == zero)
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
    QG_TRY(qg_safetensors_begin(&w, path, p->tensor, p->n, metadata));
    qg_code rc = QG_OK;
    for (int i = 0; i < p->n && rc == QG_OK; i++)
        rc = put_tensor(&w, p, &p->parameter[i], chunk);
    if (rc == QG_OK)
        rc = qg_safetensors_end(&w);
    qg_safetensors_abandon(&w);
    return rc;
}

qg_code qg_random_model_weights(const char *path, const qg_config *c, bool with_classifier,
                                int64_t seed)
{
    list p = {.config = c, .seed = seed, .arena = qg_arena_create(0)};
    if (!p.arena)
        return QG_FAIL(QG_ENOMEM, "no memory");
    qg_code rc = list_tensors(&p, with_classifier);
    if (rc == QG_OK)
        rc = write_all(&p, path);
    qg_arena_destroy(p.arena);
    return rc;
}
