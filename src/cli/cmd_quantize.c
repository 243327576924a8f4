/*
 * cmd_quantize.c - qgrid quantize: a checkpoint into a packed folder.
 */
#include "cli.h"
#include "precision_argument.h"

#include "qgrid/file.h"
#include "qgrid/str.h"

#include <stdlib.h>
#include <string.h>

enum { OPT_EMBEDDINGS = 256, OPT_PARAMETERS, OPT_HEAD, OPT_SEED, OPT_CLASSES };

// clang-format off
const qg_cli_option qg_cmd_quantize_options[] = {
    {'m', "model", "DIR", "Hugging Face folder"},
    {'p', "precision", "NAME", "see qgrid list precisions"},
    {'o', "output", "DIR", "folder to write; must not exist"},
    {OPT_EMBEDDINGS, "embeddings", "KIND", QG_EMBEDDINGS_HELP},
    {OPT_PARAMETERS, "parameters", "WHICH", QG_PARAMETERS_HELP},
    {OPT_HEAD, "head", "random", "draw a classifier where the checkpoint has none"},
    {OPT_SEED, "seed", "N", "seed of the random head (default 42)"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_quantize_examples[] =
    "  qgrid quantize -m models/mini-finetuned -p int8 -o /tmp/mini-int8\n";
// clang-format on

typedef struct arguments {
    qg_model_source source;
    qg_precision_words precision;
    const char *output;
} arguments;

static int parse(arguments *a, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("quantize");
    int key, status = -1;
    a->source.head_seed = 42;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == 'm')
            a->source.dir = optarg;
        else if (key == 'p')
            a->precision.precision = optarg;
        else if (key == 'o')
            a->output = optarg;
        else if (key == OPT_EMBEDDINGS)
            a->precision.embeddings = optarg;
        else if (key == OPT_PARAMETERS)
            a->precision.parameters = optarg;
        else if (key == OPT_SEED && !qg_cli_integer(&a->source.head_seed, optarg, 0, QG_MAX_SEED))
            return qg_cli_not_integer(cmd, "seed", 0, QG_MAX_SEED);
        else if (key == OPT_HEAD && strcmp(optarg, "random") != 0)
            return qg_cli_usage(cmd, "--head '%s': the only value is random", optarg);
        else if (key == OPT_HEAD)
            a->source.random_head = true;
    }
    if (status >= 0)
        return status;
    if (optind != argc || !a->source.dir || !a->precision.precision || !a->output)
        return qg_cli_usage(cmd, "-m, -p and -o are needed");
    return -1;
}

static qg_code quantize(qg_arena *arena, const arguments *a)
{
    qg_precision_spec p;
    qg_model *m;
    char size[32], before[32];
    int n;
    QG_TRY(qg_precision_argument(&p, arena, &a->precision));
    QG_TRY(qg_cli_check_model(a->source.dir));
    char *output = qg_arena_strdup(arena, a->output);
    if (!output)
        return QG_ENOMEM;
    for (size_t len = strlen(output); len > 1 && output[len - 1] == '/'; len--)
        output[len - 1] = 0;
    if (qg_dir_exists(output) || qg_file_exists(output))
        return QG_FAIL_AT(QG_EUSAGE, output, 0, 0, NULL, "exists already");
    QG_TRY(qg_model_pack(&a->source, &p, output));
    QG_TRY(qg_model_open(&m, output));
    double worst = 0;
    const qg_layer_error *e = qg_model_layer_errors(m, &n);
    for (int i = 0; i < n; i++)
        worst = e[i].max_abs > worst ? e[i].max_abs : worst;
    int64_t bytes = qg_model_size_bytes(m), parameters = qg_model_parameters(m);
    printf("%s: %lld parameters, fp32 %s, packed %s (%lld bytes, %.2f times smaller), largest "
           "weight error %.3g\n",
           output, (long long)parameters,
           qg_format_bytes(before, sizeof before, 4.0 * (double)parameters),
           qg_format_bytes(size, sizeof size, (double)bytes), (long long)bytes,
           4.0 * (double)parameters / (double)bytes, worst);
    qg_model_close(m);
    return QG_OK;
}

int qg_cmd_quantize(int argc, char **argv)
{
    arguments a = {0};
    int status = parse(&a, argc, argv);
    if (status >= 0)
        return status;
    qg_arena *arena = qg_arena_create(0);
    if (!arena)
        return qg_cli_fail();
    status = quantize(arena, &a) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(arena);
    return qg_cli_flush(status);
}
