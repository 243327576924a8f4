/*
 * cmd_explain.c - qgrid explain: why a model says what it says of a text, now or in a results file.
 *
 * Texts are explained in portions, so that their perturbations and path points fill batches; what a
 * text gets does not depend on its portion.
 */
#include "cli/cli.h"
#include "cli/precision_argument.h"
#include "run.h"
#include "cli/text_source.h"

#include "qgrid/store.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
    OPT_TARGET = 256,
    OPT_OPTION,
    OPT_SEED,
    OPT_MAX_LENGTH,
    OPT_EMBEDDINGS,
    OPT_PARAMETERS,
    OPT_HEAD,
    OPT_JSON,
    OPT_HTML,
    OPT_BARS,
    OPT_COLOR,
    OPT_FILE,
    OPT_JSONL,
    OPT_READ
};
enum { PORTION = 16, MOST_OPTIONS = 64 };

// clang-format off
const qg_cli_option qg_cmd_explain_options[] = {
    {'m', "model", "DIR", "Hugging Face folder, or one written by qgrid quantize"},
    {'p', "precision", "NAME[,NAME]", "see qgrid list precisions (default fp32, or as the folder is packed)"},
    {'x', "method", "NAME[,NAME]", "see qgrid list methods, or all (default integrated_gradients)"},
    {OPT_TARGET, "target", "LABEL", "explained class: a label, predicted, or reference (what fp32 predicts; default where at hand)"},
    {OPT_OPTION, "option", "KEY=VALUE", "an option of the methods that have it; may be repeated"},
    {OPT_SEED, "seed", "N", "seed of random draws (default 42)"},
    {OPT_MAX_LENGTH, "max-length", "N", "cut after N tokens (default: the model's positions)"},
    {OPT_EMBEDDINGS, "embeddings", "KIND", QG_EMBEDDINGS_HELP},
    {OPT_PARAMETERS, "parameters", "WHICH", QG_PARAMETERS_HELP},
    {OPT_HEAD, "head", "random", "draw a classifier where the checkpoint has none"},
    {OPT_FILE, "file", "FILE", "texts: a table, JSON or plain lines, as its name ends or --read says"},
    {OPT_JSONL, "jsonl", "FILE", "one JSON object a line, with \"text\" or \"ids\""},
    {OPT_READ, "read", "KEY=VALUE", QG_READ_HELP},
    {OPT_JSON, "json", NULL, "all numbers: one JSON object a line for each text, precision and method"},
    {OPT_HTML, "html", "FILE", "write a page to look at, in place of what is printed for people"},
    {OPT_BARS, "bars", NULL, "bars of every column also where several stand side by side"},
    {OPT_COLOR, "color", "WHEN", "auto (default: on a terminal, without NO_COLOR), always, never"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_explain_examples[] =
    "  qgrid explain -m models/mini-finetuned 'makanan nya enak tapi mahal'\n"
    "  qgrid explain -m models/mini-finetuned -p fp32,int8,int4 -x shap 'tidak enak'\n"
    "  qgrid explain -m models/mini-finetuned -x all --target negative --html why.html 'tidak enak'\n"
    "  qgrid explain -m models/mini-finetuned -x lime --option samples=500 --json --jsonl texts.jsonl\n"
    "  qgrid explain results/full_matrix.h5 'finetuned_smsa/*/lime' 28\n";
// clang-format on

typedef struct explain {
    qg_model_source source;
    const char *precisions, *embeddings, *parameters, *target;
    const char *option[MOST_OPTIONS];
    qg_explain_wish wish;
    qg_text_source texts;
    qg_explain_sink sink;
    qg_explain_stored_wish stored;
    int64_t seed, max_length;
    /* the run */
    qg_arena *arena, *scratch; /* scratch: of a portion */
    qg_tokenizer *tokenizer;
    qg_explain_models models;
    qg_explain_plan plan;
    qg_explain_study study;
    qg_explain_input in;
    /* the portion being collected */
    qg_explain_found found[PORTION];
    int n;
} explain;

/* ---------------------------------------------------------------------------------------- texts */

static qg_code explain_alone(explain *x, qg_explain_found *t)
{
    bool read = x->in.arguments == 0;
    qg_code rc = qg_explain_batch(t, 1, &x->plan, x->scratch);
    return rc == QG_OK ? rc
                       : qg_error_place(read ? x->in.lines.name : t->name,
                                        read ? t->line->number : 0, 0, NULL);
}

/* Where a text cannot be explained, each is by itself: those before it are answered, and it is
 * named. */
static qg_code explain_portion(explain *x)
{
    qg_code rc = QG_OK;
    if (x->n == 0)
        return QG_OK;
    bool together = qg_explain_batch(x->found, x->n, &x->plan, x->scratch) == QG_OK;
    for (int i = 0; i < x->n && rc == QG_OK; i++) {
        if (!together)
            rc = explain_alone(x, &x->found[i]);
        if (rc == QG_OK)
            rc = qg_explain_show(&x->sink, &x->study, &x->found[i], x->scratch);
    }
    qg_arena_release(x->scratch, (qg_mark){NULL, 0});
    x->n = 0;
    return rc;
}

/* A bad line ends the input; those before it are answered first. */
static qg_code stop_at(explain *x, qg_code rc)
{
    qg_error kept = *qg_error_last();
    QG_TRY(explain_portion(x));
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

static qg_code all_texts(explain *x)
{
    bool typed = !x->in.arguments && x->in.lines.file == stdin && isatty(STDIN_FILENO);
    int portion = typed || qg_explain_is_watched(&x->sink) ? 1 : PORTION;
    for (;;) {
        bool more;
        qg_code rc = qg_explain_next(&x->found[x->n], &more, &x->in, x->scratch);
        if (rc != QG_OK || !more)
            return stop_at(x, rc);
        if (++x->n == portion)
            QG_TRY(explain_portion(x));
    }
}

/* -------------------------------------------------------------------------------------- opening */

/* A label becomes its class. */
static qg_code read_target(explain *x, const qg_config *c)
{
    char known[300];
    if (x->plan.target == QG_TARGET_PREDICTED || x->plan.target == QG_TARGET_REFERENCE)
        return QG_OK;
    for (x->plan.target = 0; x->plan.target < c->classes; x->plan.target++)
        if (strcmp(x->target, c->labels[x->plan.target]) == 0)
            return QG_OK;
    const char *near = qg_nearest(x->target, c->labels);
    return QG_FAIL(QG_EUSAGE, "--target: there is no label '%s'%s%s%s; labels are: %s", x->target,
                   near ? ", did you mean '" : "", near ? near : "", near ? "'" : "",
                   qg_join_names(known, sizeof known, c->labels));
}

static qg_code describe_study(explain *x, const qg_config *c)
{
    qg_explain_column *column;
    int methods = x->plan.methods;
    QG_NEW(column, x->arena, x->models.n * methods);
    for (int p = 0; p < x->models.n; p++)
        for (int i = 0; i < methods; i++)
            column[p * methods + i] =
                (qg_explain_column){x->models.item[p].precision, x->plan.method[i].name};
    x->study = (qg_explain_study){.model = x->source.dir,
                                  .labels = c->labels,
                                  .classes = c->classes,
                                  .tokenizer = x->tokenizer,
                                  .precisions = x->models.n,
                                  .methods = methods,
                                  .columns = x->models.n * methods,
                                  .column = column};
    return QG_OK;
}

static qg_code open_models(explain *x)
{
    bool packed = qg_is_packed(x->source.dir), gradients = false;
    qg_method_spec *method;
    x->wish.packed = packed ? x->source.dir : NULL;
    QG_TRY(qg_explain_methods(&method, &x->plan.methods, x->arena, &x->wish));
    for (int i = 0; i < x->plan.methods; i++)
        gradients |= (method[i].method->needs & QG_NEEDS_GRADIENTS) != 0;
    if (!x->target)
        x->target = packed ? "predicted" : "reference";
    bool reference = strcmp(x->target, "reference") == 0;
    if (reference && packed)
        return QG_FAIL(QG_EUSAGE,
                       "--target reference: '%s' is a packed folder, whose fp32 weights "
                       "are not at hand",
                       x->source.dir);
    const qg_explain_model_wish wish = {.source = &x->source,
                                        .precisions =
                                            x->precisions || packed ? x->precisions : "fp32",
                                        .embeddings = x->embeddings,
                                        .parameters = x->parameters,
                                        .gradients = gradients,
                                        .reference = reference};
    x->plan.method = method;
    x->plan.target = reference                             ? QG_TARGET_REFERENCE
                     : strcmp(x->target, "predicted") == 0 ? QG_TARGET_PREDICTED
                                                           : 0;
    QG_TRY(qg_cli_check_model(x->source.dir));
    QG_TRY(qg_tokenizer_load(&x->tokenizer, x->arena, x->source.dir));
    return qg_explain_models_open(&x->models, x->arena, &wish);
}

static qg_code open_all(explain *x)
{
    QG_TRY(open_models(x));
    const qg_config *c = qg_model_config(x->models.item[0].deployed);
    QG_TRY(read_target(x, c));
    QG_TRY(describe_study(x, c));
    x->plan.models = &x->models;
    x->plan.seed = (uint64_t)x->seed;
    x->plan.specials = qg_tokenizer_specials(x->tokenizer);
    QG_TRY(qg_text_doubts(x->arena, c, x->source.dir));
    x->in.tokenizer = x->tokenizer;
    x->in.rows = c->vocab;
    x->in.max_length = qg_text_limit(x->max_length, c, x->tokenizer);
    return QG_OK;
}

static qg_code run(explain *x)
{
    QG_TRY(open_all(x));
    x->sink.named = x->in.arguments != 1;
    QG_TRY(qg_explain_sink_begin(&x->sink, &x->study, x->arena));
    if (!x->in.arguments)
        QG_TRY(qg_text_source_open(&x->in.lines, &x->texts, x->arena));
    qg_code rc = all_texts(x);
    if (!x->in.arguments)
        qg_lines_close(&x->in.lines);
    return rc == QG_OK ? qg_explain_sink_end(&x->sink) : rc;
}

/* ----------------------------------------------------------------------------- the command line */

static int read_color(qg_color *out, const qg_command *cmd)
{
    for (int i = 0; qg_color_names[i]; i++)
        if (strcmp(optarg, qg_color_names[i]) == 0) {
            *out = (qg_color)i;
            return -1;
        }
    return qg_cli_usage(cmd, "--color '%s' is not one of: auto, always, never", optarg);
}

/* An option that can be wrong: -1, or the exit status of a usage mistake. */
static int checked_option(explain *x, const qg_command *cmd, int key)
{
    if (key == OPT_SEED && !qg_cli_integer(&x->seed, optarg, 0, QG_MAX_SEED))
        return qg_cli_not_integer(cmd, "seed", 0, QG_MAX_SEED);
    if (key == OPT_MAX_LENGTH && !qg_cli_integer(&x->max_length, optarg, 2, INT_MAX))
        return qg_cli_not_integer(cmd, "max-length", 2, INT_MAX);
    if (key == OPT_HEAD && strcmp(optarg, "random") != 0)
        return qg_cli_usage(cmd, "--head '%s': the only value is random", optarg);
    if (key == OPT_HEAD)
        x->source.random_head = true;
    if (key == OPT_OPTION && x->wish.n_options == MOST_OPTIONS)
        return qg_cli_usage(cmd, "--option may be given %d times", MOST_OPTIONS);
    if (key == OPT_OPTION)
        x->option[x->wish.n_options++] = optarg;
    if ((key == OPT_FILE || key == OPT_JSONL) && x->texts.path)
        return qg_cli_usage(cmd, "only one --file or --jsonl is allowed");
    if (key == OPT_FILE || key == OPT_JSONL)
        x->texts.path = optarg;
    if (key == OPT_JSONL)
        x->texts.jsonl = true;
    if (key == OPT_READ)
        return qg_text_source_read(&x->texts, cmd, optarg);
    return key == OPT_COLOR ? read_color(&x->sink.color, cmd) : -1;
}

static void plain_option(explain *x, int key)
{
    if (key == 'm')
        x->source.dir = optarg;
    else if (key == 'p')
        x->precisions = optarg;
    else if (key == 'x')
        x->wish.methods = optarg;
    else if (key == OPT_TARGET)
        x->target = optarg;
    else if (key == OPT_EMBEDDINGS)
        x->embeddings = optarg;
    else if (key == OPT_PARAMETERS)
        x->parameters = optarg;
    else if (key == OPT_HTML)
        x->sink.html = optarg;
    x->sink.json |= key == OPT_JSON;
    x->sink.bars |= key == OPT_BARS;
}

static bool is_results(const char *path)
{
    size_t len = strlen(path);
    return (len > 3 && strcmp(path + len - 3, ".h5") == 0) || qg_store_is_hdf5(path);
}

/* A results file explains what it has: what would choose otherwise is refused. */
static int find_stored(explain *x, const qg_command *cmd, char **argv)
{
    if (x->precisions || x->wish.methods || x->target || x->wish.n_options || x->embeddings ||
        x->parameters || x->seed >= 0 || x->max_length || x->source.random_head || x->texts.path ||
        x->texts.n_read)
        return qg_cli_usage(cmd, "of a results file only --json, --html, --bars and --color can be "
                                 "asked for: its cells say the rest");
    x->stored = (qg_explain_stored_wish){argv[0], argv[1], argv[2]};
    return -1;
}

/* Texts are arguments, or lines of one stream. */
static int find_input(explain *x, const qg_command *cmd, int argc, char **argv)
{
    int n = argc - optind;
    if (!x->source.dir && n == 3 && is_results(argv[optind]))
        return find_stored(x, cmd, argv + optind);
    if (!x->source.dir)
        return qg_cli_usage(cmd, "-m MODEL is needed, or a results file, a cell and a row");
    if ((x->texts.path || x->texts.n_read) && n > 0)
        return qg_cli_usage(cmd, "texts are arguments or lines of a file, not both");
    if (x->texts.path)
        return -1;
    if (n == 0 || (n == 1 && strcmp(argv[optind], "-") == 0)) {
        x->texts.path = "-";
        return -1;
    }
    x->in.argument = argv + optind;
    x->in.arguments = n;
    return -1;
}

static int parse(explain *x, int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("explain");
    int key, status = -1;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1)
        if (status < 0) {
            plain_option(x, key);
            status = checked_option(x, cmd, key);
        }
    return status >= 0 ? status : find_input(x, cmd, argc, argv);
}

int qg_cmd_explain(int argc, char **argv)
{
    explain x = {.seed = -1};
    int status = parse(&x, argc, argv);
    if (status >= 0)
        return status;
    x.seed = x.seed < 0 ? 42 : x.seed;
    x.wish.methods = x.wish.methods ? x.wish.methods : "integrated_gradients";
    x.source.head_seed = x.seed;
    x.wish.options = x.option;
    x.arena = qg_arena_create(0);
    x.scratch = qg_arena_create(0);
    qg_code rc = !x.arena || !x.scratch ? QG_ENOMEM
                 : x.stored.file        ? qg_explain_stored(&x.sink, x.arena, &x.stored)
                                        : run(&x);
    status = rc == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_explain_models_close(&x.models);
    qg_str_fini(&x.sink.page);
    qg_arena_destroy(x.scratch);
    qg_arena_destroy(x.arena);
    return qg_cli_flush(status);
}
