/*
 * cmd_predict.c - qgrid predict: text lines in, one JSON object a line out.
 *
 * Lines are scored in batches of a token budget; what a line gets does not depend on its batch.
 */
#include "cli.h"
#include "precision_argument.h"
#include "text_source.h"

#include "qgrid/softmax.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_MAX_LENGTH = 256,
    OPT_JSONL,
    OPT_READ,
    OPT_EMBEDDINGS,
    OPT_PARAMETERS,
    OPT_HEAD,
    OPT_SEED
};
enum { BATCH_LINES = 256, BATCH_TOKENS = 256 };

// clang-format off
const qg_cli_option qg_cmd_predict_options[] = {
    {'m', "model", "DIR", "Hugging Face folder, or one written by qgrid quantize"},
    {'p', "precision", "NAME", "see qgrid list precisions (default fp32, or as the folder is packed)"},
    {OPT_EMBEDDINGS, "embeddings", "KIND", QG_EMBEDDINGS_HELP},
    {OPT_PARAMETERS, "parameters", "WHICH", QG_PARAMETERS_HELP},
    {OPT_MAX_LENGTH, "max-length", "N", "cut after N tokens (default: the model's positions)"},
    {OPT_JSONL, "jsonl", NULL, "input is one JSON object a line, with \"text\" or \"ids\""},
    {OPT_READ, "read", "KEY=VALUE", QG_READ_HELP},
    {OPT_HEAD, "head", "random", "draw a classifier where the checkpoint has none"},
    {OPT_SEED, "seed", "N", "seed of the random head (default 42)"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_predict_examples[] =
    "  echo 'makanan nya enak sekali' | qgrid predict -m models/mini-finetuned -p int8\n"
    "  qgrid predict -m /tmp/mini-int8 --jsonl texts.jsonl > scores.jsonl\n"
    "  qgrid predict -m models/mini-finetuned --read text_column=ulasan reviews.csv > scores.jsonl\n";
// clang-format on

typedef struct predict {
    qg_model_source source;
    qg_precision_words precision;
    qg_text_source texts;
    int max_length;
    qg_arena *arena;   /* of the run */
    qg_arena *scratch; /* of a batch */
    qg_tokenizer *tokenizer;
    qg_model *model;
    int classes; /* of the model */
    /* the batch being collected */
    qg_line line[BATCH_LINES];
    qg_encoding code[BATCH_LINES];
    int n, tokens;
} predict;

static qg_code print_line(const predict *p, int i, const float *logits, qg_str *s)
{
    int K = p->classes, best = qg_argmax_f32(logits, K);
    const char *label = qg_model_config(p->model)->labels[best];
    double *prob;
    QG_NEW(prob, p->scratch, K);
    qg_softmax(prob, logits, K);
    qg_line_begin(s, &p->line[i]);
    if (!p->line[i].text) {
        qg_str_add(s, "\"ids\": ");
        qg_ids_add(s, p->code[i].ids, p->code[i].n);
        qg_str_add(s, ", ");
    }
    qg_str_add(s, "\"logits\": [");
    for (int k = 0; k < K; k++) {
        qg_str_add(s, k ? ", " : "");
        qg_str_add_f32(s, logits[k]);
    }
    qg_str_add(s, "], \"probabilities\": [");
    for (int k = 0; k < K; k++) {
        qg_str_add(s, k ? ", " : "");
        qg_str_add_f64(s, prob[k]);
    }
    qg_str_add(s, "], \"label\": ");
    qg_str_add_json(s, label, strlen(label));
    qg_str_addf(s, ", \"label_id\": %d}\n", best);
    return qg_line_print(s);
}

static qg_code score_batch(predict *p)
{
    int32_t *ids, *splits;
    int64_t *number;
    float *logits;
    qg_str s = {0};
    int K = p->classes;
    if (p->n == 0)
        return QG_OK;
    QG_NEW(ids, p->scratch, p->tokens);
    QG_NEW(splits, p->scratch, p->n + 1);
    QG_NEW(logits, p->scratch, p->n * K);
    QG_NEW(number, p->scratch, p->n);
    for (int i = 0; i < p->n; i++) {
        number[i] = p->line[i].number;
        memcpy(ids + splits[i], p->code[i].ids, (size_t)p->code[i].n * sizeof *ids);
        splits[i + 1] = splits[i] + p->code[i].n;
    }
    qg_batch b = {.B = p->n, .ids = ids, .splits = splits, .number = number};
    qg_code rc = qg_model_forward(logits, p->model, &b, NULL);
    for (int i = 0; i < p->n && rc == QG_OK; i++)
        rc = print_line(p, i, logits + i * K, &s);
    qg_str_fini(&s);
    qg_arena_release(p->scratch, (qg_mark){NULL, 0});
    p->n = p->tokens = 0;
    return rc;
}

/* A bad line ends the input; those before it are answered first. */
static qg_code stop_at(predict *p, qg_code rc)
{
    qg_error kept = *qg_error_last();
    if (score_batch(p) != QG_OK)
        return qg_error_last()->code;
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

static qg_code all_lines(predict *p, qg_lines *in)
{
    for (;;) {
        bool more;
        qg_line *line = &p->line[p->n];
        qg_code rc = qg_lines_next(line, &more, in, p->scratch);
        if (rc != QG_OK || !more)
            return stop_at(p, rc);
        rc = qg_line_ids(&p->code[p->n], line, p->tokenizer, qg_model_config(p->model)->vocab,
                         p->scratch, p->max_length);
        if (rc != QG_OK) {
            (void)qg_error_place(in->name, line->number, 0, NULL);
            return stop_at(p, rc);
        }
        p->tokens += p->code[p->n++].n;
        /* At a terminal every line is answered at once. */
        if (p->n == BATCH_LINES || p->tokens >= BATCH_TOKENS || isatty(STDOUT_FILENO))
            QG_TRY(score_batch(p));
    }
}

static qg_code open_model(predict *p)
{
    char hash[65];
    qg_precision_spec spec;
    /* A packed folder says itself what it is. */
    bool as_it_is = !p->precision.precision && qg_is_packed(p->source.dir);
    char *cache = qg_model_cache_dir(p->arena);
    if (!cache)
        return QG_ENOMEM;
    if (!p->precision.precision)
        p->precision.precision = "fp32";
    QG_TRY(qg_precision_argument(&spec, p->arena, &p->precision));
    QG_TRY(qg_cli_check_model(p->source.dir));
    QG_TRY(qg_tokenizer_load(&p->tokenizer, p->arena, p->source.dir));
    QG_TRY(qg_model_hash(hash, &p->source));
    QG_TRY(qg_model_open_cached(&p->model, &p->source, hash, as_it_is ? NULL : &spec, cache));
    p->classes = qg_model_config(p->model)->classes;
    p->max_length = qg_text_limit(p->max_length, qg_model_config(p->model), p->tokenizer);
    return qg_text_doubts(p->arena, qg_model_config(p->model), p->source.dir);
}

static qg_code run(predict *p)
{
    qg_lines in;
    QG_TRY(open_model(p));
    QG_TRY(qg_text_source_open(&in, &p->texts, p->arena));
    qg_code rc = all_lines(p, &in);
    qg_lines_close(&in);
    return rc;
}

static int parse(predict *p, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("predict");
    int key, status = -1;
    int64_t length = 0;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == 'm')
            p->source.dir = optarg;
        else if (key == 'p')
            p->precision.precision = optarg;
        else if (key == OPT_EMBEDDINGS)
            p->precision.embeddings = optarg;
        else if (key == OPT_PARAMETERS)
            p->precision.parameters = optarg;
        else if (key == OPT_JSONL)
            p->texts.jsonl = true;
        else if (key == OPT_READ)
            status = qg_text_source_read(&p->texts, cmd, optarg);
        else if (key == OPT_SEED && !qg_cli_integer(&p->source.head_seed, optarg, 0, QG_MAX_SEED))
            return qg_cli_not_integer(cmd, "seed", 0, QG_MAX_SEED);
        else if (key == OPT_HEAD && strcmp(optarg, "random") != 0)
            return qg_cli_usage(cmd, "--head '%s': the only value is random", optarg);
        else if (key == OPT_HEAD)
            p->source.random_head = true;
        else if (key == OPT_MAX_LENGTH && !qg_cli_integer(&length, optarg, 2, INT_MAX))
            return qg_cli_not_integer(cmd, "max-length", 2, INT_MAX);
    }
    if (status >= 0)
        return status;
    if (!p->source.dir || optind < argc - 1)
        return qg_cli_usage(cmd,
                            p->source.dir ? "at most one file is expected" : "-m MODEL is needed");
    p->texts.path = optind < argc ? argv[optind] : "-";
    p->max_length = (int)length;
    return -1;
}

int qg_cmd_predict(int argc, char **argv)
{
    static predict p; /* a batch of lines is too large for the stack */
    p = (predict){.source.head_seed = 42};
    int status = parse(&p, argc, argv);
    if (status >= 0)
        return status;
    p.arena = qg_arena_create(0);
    p.scratch = qg_arena_create(0);
    status = p.arena && p.scratch && run(&p) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_model_close(p.model);
    qg_arena_destroy(p.scratch);
    qg_arena_destroy(p.arena);
    return qg_cli_flush(status);
}
