/*
 * train_step.c LENGTHS [STEPS] [QAT] - time of training steps at IndoBERT's shape with random
 * weights.
 *
 * LENGTHS is "BxT" (B texts of T tokens) or a file with one number of tokens a line, of which each
 * step takes the next 32. Prints one line: tokens/s, seconds a step, memory.
 */
#include "qgrid/clock.h"
#include "qgrid/kernel.h"
#include "qgrid/log.h"
#include "qgrid/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 32, LEAVES = 8, MOST = 20000 };

static qg_config shape = {.vocab = 50000,
                          .hidden = 768,
                          .layers = 12,
                          .heads = 12,
                          .ffn = 3072,
                          .positions = 512,
                          .types = 2,
                          .classes = 3,
                          .layer_norm_eps = 1e-12,
                          .activation = QG_ACT_GELU};

typedef struct texts {
    qg_train_set set;
    int batch, longest;
} texts;

static int read_lengths(int *length, const char *what, int *batch)
{
    int B, T, n = 0;
    FILE *f;
    *batch = BATCH;
    if (sscanf(what, "%dx%d", &B, &T) == 2 && B > 0 && T > 0 && B < MOST) {
        for (n = 0; n < B; n++)
            length[n] = T;
        *batch = B;
        return n;
    }
    if (!(f = fopen(what, "r")))
        return 0;
    while (n < MOST && fscanf(f, "%d", &length[n]) == 1 && length[n] > 0)
        n++;
    fclose(f);
    return n;
}

static qg_code make_texts(texts *out, qg_arena *a, const char *what)
{
    static int length[MOST];
    int n = read_lengths(length, what, &out->batch);
    int64_t *splits;
    int32_t *ids, *label;
    if (n < out->batch)
        return QG_FAIL(QG_EUSAGE, "%s: BxT or a file with at least %d lengths is expected", what,
                       BATCH);
    QG_NEW(splits, a, n + 1);
    QG_NEW(label, a, n);
    for (int i = 0; i < n; i++) {
        splits[i + 1] = splits[i] + length[i];
        label[i] = i % 3;
        out->longest = length[i] > out->longest ? length[i] : out->longest;
    }
    QG_NEW(ids, a, splits[n]);
    qg_rng r = qg_rng_make(1, "bench/ids", 0);
    for (int64_t i = 0; i < splits[n]; i++)
        ids[i] = (int32_t)qg_rng_below(&r, (uint64_t)shape.vocab);
    out->set = (qg_train_set){n, ids, splits, label};
    return QG_OK;
}

static qg_code make_values(float **out, qg_arena *a, const qg_params *p)
{
    qg_rng r = qg_rng_make(1, "bench/weights", 0);
    QG_NEW(*out, a, p->count);
    for (int i = 0; i < p->n; i++) {
        const qg_param *t = &p->param[i];
        float *v = *out + t->offset;
        bool ones = strstr(t->name, "LayerNorm.weight") != NULL;
        for (size_t k = 0; k < (size_t)t->rows * (size_t)t->columns; k++)
            v[k] = ones ? 1 : t->columns > 1 ? (float)(0.02 * (qg_rng_uniform(&r) - 0.5)) : 0;
    }
    return QG_OK;
}

static qg_code run(qg_arena *a, qg_par *par, const char *what, int steps, const char *precision)
{
    int32_t *ranks;
    QG_NEW(ranks, a, par->size);
    for (int r = 0; r < par->size; r++)
        ranks[r] = r;
    qg_gang gang = {.par = par, .size = par->size, .index = par->rank, .rank = ranks, .number = 1};
    texts t = {.longest = 0};
    qg_params params;
    float *values;
    int64_t *index, tokens = 0;
    qg_qat_options qat = {.precision = {.scheme = precision ? qg_precision_find(precision) : NULL}};
    qg_trainer *trainer;
    qg_step_report report;
    QG_TRY(make_texts(&t, a, what));
    shape.family = qg_family_find("bert");
    QG_TRY(qg_params_plan(&params, a, &shape));
    QG_TRY(make_values(&values, a, &params));
    if (precision && !qat.precision.scheme)
        return QG_FAIL(QG_EUSAGE, "%s is no precision", precision);
    qg_trainer_options o = {.batch = t.batch,
                            .leaves = LEAVES,
                            .clip = 1,
                            .adamw = qg_adamw_default,
                            .schedule = {QG_SCHEDULE_CONSTANT, 2e-5, 0, 100},
                            .net = {.dropout = {0.1, 0.1, 0.1}, .seed = 1},
                            .gang = &gang,
                            .reduce = getenv("REDUCE_MPI") ? QG_REDUCE_MPI : QG_REDUCE_TREE,
                            .qat = precision ? &qat : NULL};
    QG_TRY(qg_trainer_create(&trainer, &params, values, &t.set, t.longest, &o));
    QG_NEW(index, a, t.batch);
    double seconds = 0, cpu = 0;
    for (int s = -1; s < steps; s++) {
        for (int i = 0; i < t.batch; i++)
            index[i] = ((int64_t)(s + 1) * t.batch + i) % t.set.n;
        double start = qg_clock(), cpu_start = qg_clock_cpu();
        QG_TRY(qg_trainer_step(&report, trainer, index, t.batch, (uint64_t)(s + 1)));
        if (s >= 0) {
            seconds += qg_clock() - start;
            cpu += qg_clock_cpu() - cpu_start;
            tokens += report.tokens;
        }
    }
    if (par->rank == 0)
        printf("%-12s %8.1f tokens/s %8.3f s/step (cpu %.3f) %8.1f tokens/step  loss %.4f  "
               "net+moments "
               "%.0f MiB, "
               "peak RSS %.0f MiB\n",
               what, (double)tokens / seconds, seconds / steps, cpu / steps, (double)tokens / steps,
               report.loss, (double)qg_trainer_bytes(trainer) / 0x1p20,
               (double)qg_peak_rss() / 0x1p20);
    qg_trainer_destroy(trainer);
    return QG_OK;
}

int main(int argc, char **argv)
{
    qg_arena *a = qg_arena_create(0);
    if (argc < 2 || !a)
        return 2;
    qg_par *par;
    if (qg_par_start(&par, a) != QG_OK)
        return 1;
    qg_code rc = run(a, par, argv[1], argc > 2 ? atoi(argv[2]) : 3, argc > 3 ? argv[3] : NULL);
    if (rc != QG_OK)
        qg_log_error(qg_error_last());
    qg_par_stop(par, rc != QG_OK);
    qg_arena_destroy(a);
    return rc == QG_OK ? 0 : 1;
}
