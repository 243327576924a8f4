/*
 * cmd_bench.c - qgrid bench: peaks of the machine, speed of kernels and models beside them.
 */
#include "cli.h"
#include "precision_argument.h"

#include "qgrid/bench.h"
#include "qgrid/kernel.h"
#include "qgrid/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_KERNEL = 256,
    OPT_GEMM,
    OPT_SHAPE,
    OPT_EMBEDDINGS,
    OPT_PARAMETERS,
    OPT_HEAD,
    OPT_BATCH,
    OPT_RUNS
};
enum { OPT_PEAKS = 512, OPT_JSON };
enum { LIST_MAX = 32, LARGEST = 1 << 16, MOST_TOKENS = 1 << 20, RUNS_MAX = 2000 };

// clang-format off
const qg_cli_option qg_cmd_bench_options[] = {
    {OPT_PEAKS, "peaks", NULL, "the machine's peaks, and no kernels unless they are named"},
    {OPT_KERNEL, "kernel", "GLOB", "kernels by operation or operation__isa (default: all)"},
    {OPT_GEMM, "gemm", "MxNxK", "this product instead of those of BERT base"},
    {'m', "model", "DIR", "a whole model: Hugging Face folder, or one of qgrid quantize"},
    {OPT_SHAPE, "shape", "NAME", "a model with random weights: indobert, indobert-large, mini"},
    {'p', "precision", "LIST", "precisions of the model, e.g. fp32,int8 (default: all it can have)"},
    {OPT_EMBEDDINGS, "embeddings", "KIND", QG_EMBEDDINGS_HELP},
    {OPT_PARAMETERS, "parameters", "WHICH", QG_PARAMETERS_HELP},
    {OPT_HEAD, "head", "random", "draw a classifier where the checkpoint has none"},
    {OPT_BATCH, "batch", "LIST", "texts x tokens of the model (default 1x32,1x128,32x32)"},
    {OPT_RUNS, "runs", "N", "timed calls of each (default: as many as fit a moment)"},
    {OPT_JSON, "json", NULL, "one JSON object a line"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_bench_examples[] =
    "  qgrid bench --kernel 'gemm_s8*' --gemm 128x768x768\n"
    "  qgrid bench --shape indobert -p fp32,int8 --batch 1x32,32x32\n"
    "  qgrid bench --model models/mini-finetuned --json > bench.jsonl\n"
    "Without --kernel, --model, --shape or --peaks: all kernels. One thread. The weights of\n"
    "a shape are drawn once and their packed form stays in the cache folder.\n";
// clang-format on

typedef struct bench {
    qg_arena *arena;
    qg_bench_kernels kernels;
    qg_model_source source;
    const char *shape, *precisions, *embeddings, *parameters, *batches;
    bool with_kernels, only_peaks, json;
    qg_bench_peaks peaks;
    qg_bench_row last; /* printed */
    bool any;
    qg_precision_spec precision[LIST_MAX];
    int n_precisions;
    int batch[LIST_MAX][2], n_batches;
} bench;

static qg_code put(void *ctx, const qg_bench_row *row)
{
    bench *b = ctx;
    qg_str s = {0};
    if (b->json)
        qg_bench_json(&s, row);
    else
        qg_bench_text(&s, row, b->any ? &b->last : NULL);
    qg_code rc = qg_str_status(&s);
    if (rc == QG_OK && (fwrite(s.data, 1, s.len, stdout) != s.len || fflush(stdout) != 0))
        rc = QG_FAIL(QG_EIO, "standard output: %s", strerror(errno));
    qg_str_fini(&s);
    b->last = *row;
    b->any = true;
    return rc;
}

static void describe_machine(const bench *b)
{
    double load[1] = {0};
    const char *why = NULL;
    const qg_kernels *k = qg_kernels_get(&why);
    if (getloadavg(load, 1) == 1 && load[0] > 0.5)
        qg_warn("the load average is %.2f: other programs run, figures will be low and uneven",
                load[0]);
    if (!b->json)
        printf("cpu %s, %ld cores online\nfeatures %s\nkernels %s\n", qg_cpu_name(),
               sysconf(_SC_NPROCESSORS_ONLN), qg_cpu_features(), k->isa);
}

/* "1x32": sizes joined by x, all of them, each from 1 to LARGEST. */
static bool read_sizes(int *out, int n, const char *text, size_t len)
{
    const char *end = text + len;
    for (int i = 0; i < n; i++) {
        char *stop;
        long v = *text >= '0' && *text <= '9' ? strtol(text, &stop, 10) : 0;
        if (v < 1 || v > LARGEST || (i < n - 1 ? *stop != 'x' : stop != end))
            return false;
        out[i] = (int)v;
        text = stop + 1;
    }
    return true;
}

static qg_code read_batches(bench *b)
{
    const char *list = b->batches ? b->batches : "1x32,1x128,32x32", *s = list;
    for (size_t n; *s || !b->n_batches; s += n + (s[n] == ',')) {
        n = strcspn(s, ",");
        if (b->n_batches == LIST_MAX || !read_sizes(b->batch[b->n_batches++], 2, s, n))
            return QG_FAIL(QG_EUSAGE,
                           "--batch '%s' is not a list of texts x tokens like 1x32,32x32", list);
    }
    return QG_OK;
}

static qg_code check_batches(const bench *b, const qg_bench_model *m)
{
    for (int i = 0; i < b->n_batches; i++) {
        int batch = b->batch[i][0], tokens = b->batch[i][1];
        if (tokens > m->positions)
            return QG_FAIL(QG_EUSAGE, "--batch %dx%d: texts of %s have at most %d tokens", batch,
                           tokens, m->name, m->positions);
        if (batch > MOST_TOKENS / tokens)
            return QG_FAIL(QG_EUSAGE, "--batch %dx%d: at most %d tokens are taken together", batch,
                           tokens, MOST_TOKENS);
    }
    return QG_OK;
}

static qg_code read_precision(bench *b, const char *name)
{
    if (b->n_precisions == LIST_MAX)
        return QG_FAIL(QG_EUSAGE, "more than %d precisions", LIST_MAX);
    const qg_precision_words said = {name, b->embeddings, b->parameters};
    return qg_precision_argument(&b->precision[b->n_precisions++], b->arena, &said);
}

static qg_code read_precisions(bench *b)
{
    const char *s = b->precisions;
    for (int i = 0; !s && qg_precisions[i]; i++)
        QG_TRY(read_precision(b, qg_precision_name(qg_precisions[i])));
    for (size_t n; s && (*s || !b->n_precisions); s += n + (s[n] == ',')) {
        n = strcspn(s, ",");
        const char *name = qg_arena_strndup(b->arena, s, n);
        QG_TRY(name ? read_precision(b, name) : QG_ENOMEM);
    }
    return QG_OK;
}

static qg_code run_precision(bench *b, qg_bench_model *m, const qg_precision_spec *p)
{
    QG_TRY(qg_bench_model_prepare(m, p));
    for (int i = 0; i < b->n_batches; i++) {
        qg_bench_row row;
        QG_TRY(qg_bench_run_model(&row, m, p, &b->peaks, b->batch[i][0], b->batch[i][1],
                                  b->kernels.runs));
        QG_TRY(put(b, &row));
    }
    return QG_OK;
}

static qg_code run_model(bench *b, qg_bench_model *m)
{
    if (m->packed && !b->precisions)
        return run_precision(b, m, NULL);
    for (int i = 0; i < b->n_precisions; i++)
        QG_TRY(run_precision(b, m, &b->precision[i]));
    return QG_OK;
}

/* Everything that can be refused is refused before anything is measured. */
static qg_code run(bench *b)
{
    qg_bench_model model = {.shape = NULL};
    const char *why = NULL;
    if (!qg_kernels_get(&why))
        return QG_FAIL(QG_EUSAGE, "QGRID_KERNELS: %s", why);
    if (b->source.dir)
        QG_TRY(qg_cli_check_model(b->source.dir));
    if (b->with_kernels)
        QG_TRY(qg_bench_check_kernels(&b->kernels));
    QG_TRY(read_batches(b));
    QG_TRY(read_precisions(b));
    if (b->shape)
        QG_TRY(qg_bench_model_shape(&model, b->arena, b->shape));
    else if (b->source.dir)
        QG_TRY(qg_bench_model_folder(&model, b->arena, &b->source));
    if (b->shape || b->source.dir)
        QG_TRY(check_batches(b, &model));
    describe_machine(b);
    QG_TRY(qg_bench_measure_peaks(&b->peaks));
    for (int i = 0; i < b->peaks.n; i++)
        QG_TRY(put(b, &b->peaks.row[i]));
    if (b->with_kernels)
        QG_TRY(qg_bench_run_kernels(&b->kernels, &b->peaks, (qg_bench_sink){put, b}));
    if (!b->shape && !b->source.dir)
        return QG_OK;
    qg_code rc = run_model(b, &model);
    qg_error kept = *qg_error_last();
    qg_bench_model_tidy(&model);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

static int parse(bench *b, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("bench");
    int key, size[3], status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == OPT_PEAKS)
            b->only_peaks = true;
        else if (key == OPT_JSON)
            b->json = true;
        else if (key == OPT_KERNEL)
            b->kernels.glob = optarg;
        else if (key == OPT_SHAPE)
            b->shape = optarg;
        else if (key == OPT_EMBEDDINGS)
            b->embeddings = optarg;
        else if (key == OPT_PARAMETERS)
            b->parameters = optarg;
        else if (key == OPT_BATCH)
            b->batches = optarg;
        else if (key == 'm')
            b->source.dir = optarg;
        else if (key == 'p')
            b->precisions = optarg;
        else if (key == OPT_HEAD && strcmp(optarg, "random") != 0)
            return qg_cli_usage(cmd, "--head '%s': the only value is random", optarg);
        else if (key == OPT_HEAD)
            b->source.random_head = true;
        else if (key == OPT_RUNS && (!read_sizes(&b->kernels.runs, 1, optarg, strlen(optarg)) ||
                                     b->kernels.runs > RUNS_MAX))
            return qg_cli_usage(cmd, "--runs '%s': a number from 1 to %d is expected", optarg,
                                RUNS_MAX);
        else if (key == OPT_GEMM && !read_sizes(size, 3, optarg, strlen(optarg)))
            return qg_cli_usage(cmd, "--gemm '%s' is not like 128x768x3072", optarg);
        else if (key == OPT_GEMM)
            b->kernels.m = size[0], b->kernels.n = size[1], b->kernels.k = size[2];
    }
    if (status >= 0)
        return status;
    if (optind < argc)
        return qg_cli_usage(cmd, "unexpected argument '%s'", argv[optind]);
    if (b->shape && b->source.dir)
        return qg_cli_usage(cmd, "--model and --shape do not go together");
    bool model = b->shape || b->source.dir;
    if (!model && (b->precisions || b->batches))
        return qg_cli_usage(cmd, "-p and --batch are for a model: give --model or --shape");
    b->with_kernels = b->kernels.glob || b->kernels.m || (!model && !b->only_peaks);
    return -1;
}

int qg_cmd_bench(int argc, char **argv)
{
    static bench b; /* lists and peaks are too large for the stack */
    b = (bench){.source.head_seed = 42};
    int status = parse(&b, argc, argv);
    if (status >= 0)
        return status;
    b.arena = qg_arena_create(0);
    status = b.arena && run(&b) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(b.arena);
    return qg_cli_flush(status);
}
