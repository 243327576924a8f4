/*
 * cmd_tokenize.c - qgrid tokenize: text lines in, one JSON object a line out.
 */
#include "cli.h"
#include "text_source.h"

#include "qgrid/family.h"
#include "qgrid/file.h"

#include <limits.h>
#include <string.h>

enum { OPT_MAX_LENGTH = 256, OPT_JSONL, OPT_READ };

// clang-format off
const qg_cli_option qg_cmd_tokenize_options[] = {
    {'m', "model", "DIR", "model folder"},
    {OPT_MAX_LENGTH, "max-length", "N", "cut after N tokens, specials included; the model's limit at most"},
    {OPT_JSONL, "jsonl", NULL, "input is one JSON object a line, with \"text\" (default for .jsonl)"},
    {OPT_READ, "read", "KEY=VALUE", QG_READ_HELP},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_tokenize_examples[] =
    "  echo 'Pelayanan nya tidak ramah' | qgrid tokenize -m models/mini-finetuned\n";
// clang-format on

static void numbers(qg_str *s, const char *key, const int32_t *v, int n)
{
    qg_str_addf(s, ", \"%s\": ", key);
    qg_ids_add(s, v, n);
}

static void pairs(qg_str *s, const char *key, const int32_t *a, const int32_t *b, int n)
{
    qg_str_addf(s, ", \"%s\": [", key);
    for (int i = 0; i < n; i++)
        qg_str_addf(s, "%s[%d, %d]", i ? ", " : "", a[i], b[i]);
    qg_str_add(s, "]");
}

static qg_code one_line(qg_str *s, const qg_line *line, const char *source, const qg_tokenizer *t,
                        int rows, qg_arena *a, int max_length)
{
    qg_encoding e;
    qg_code rc = qg_line_ids(&e, line, t, rows, a, max_length);
    if (rc != QG_OK)
        return qg_error_place(source, line->number, 0, NULL);
    qg_line_begin(s, line);
    qg_str_add(s, "\"tokens\": [");
    for (int i = 0; i < e.n; i++) {
        const char *token = qg_tokenizer_token(t, e.ids[i]);
        qg_str_add(s, i ? ", " : "");
        qg_str_add_json(s, token ? token : "", token ? strlen(token) : 0);
    }
    qg_str_add(s, "]");
    numbers(s, "ids", e.ids, e.n);
    qg_str_addf(s, ", \"truncated\": %s", e.truncated ? "true" : "false");
    if (line->text) {
        pairs(s, "offsets", e.start, e.end, e.n);
        pairs(s, "words", e.word_start, e.word_end, e.n_words);
    }
    qg_str_add(s, "}\n");
    return qg_line_print(s);
}

/* The rows of the embedding table, and the longest text that the model takes, where there is a
 * config.json; else what the tokenizer alone says. */
static qg_code find_limits(int *rows, int *limit, const qg_tokenizer *t, const char *dir,
                           qg_arena *a)
{
    qg_config c;
    char *path = qg_path_join(a, dir, "config.json");
    int64_t wanted = *limit;
    c.positions = INT_MAX;
    c.vocab = qg_tokenizer_size(t);
    if (!path)
        return QG_ENOMEM;
    if (qg_file_exists(path))
        QG_TRY(qg_config_load(&c, a, dir));
    *rows = c.vocab;
    *limit = qg_text_limit(wanted, &c, t);
    return QG_OK;
}

static qg_code all_lines(const char *dir, qg_text_source *texts, int max_length, qg_arena *a)
{
    qg_tokenizer *t;
    qg_lines in;
    qg_str s = {0};
    bool more = true;
    int rows;
    QG_TRY(qg_cli_check_model(dir));
    QG_TRY(qg_tokenizer_load(&t, a, dir));
    QG_TRY(find_limits(&rows, &max_length, t, dir, a));
    QG_TRY(qg_text_source_open(&in, texts, a));
    qg_code rc = QG_OK;
    while (rc == QG_OK) {
        qg_line line;
        qg_mark m = qg_arena_mark(a);
        rc = qg_lines_next(&line, &more, &in, a);
        if (rc != QG_OK || !more)
            break;
        rc = one_line(&s, &line, in.name, t, rows, a, max_length);
        qg_arena_release(a, m);
    }
    qg_str_fini(&s);
    qg_lines_close(&in);
    return rc;
}

int qg_cmd_tokenize(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("tokenize");
    const char *dir = NULL;
    qg_text_source texts = {0};
    int key, status = -1;
    int64_t max_length = 0;
    while (status < 0 && (key = qg_cli_next(argc, argv, cmd, &status)) != -1) {
        if (key == 'm')
            dir = optarg;
        else if (key == OPT_JSONL)
            texts.jsonl = true;
        else if (key == OPT_READ)
            status = qg_text_source_read(&texts, cmd, optarg);
        else if (key == OPT_MAX_LENGTH && !qg_cli_integer(&max_length, optarg, 2, INT_MAX))
            return qg_cli_not_integer(cmd, "max-length", 2, INT_MAX);
    }
    if (status >= 0)
        return status;
    if (!dir || optind < argc - 1)
        return qg_cli_usage(cmd, dir ? "at most one file is expected" : "-m MODEL is needed");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return qg_cli_fail();
    texts.path = optind < argc ? argv[optind] : "-";
    status = all_lines(dir, &texts, (int)max_length, a) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
