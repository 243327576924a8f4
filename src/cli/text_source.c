/*
 * text_source.c - lines of text or token ids: reading them, and answering each with a line.
 */
#include "text_source.h"

#include "qgrid/json_set.h"
#include "qgrid/log.h"

#include <errno.h>
#include <string.h>

int qg_text_source_read(qg_text_source *s, const qg_command *cmd, const char *pair)
{
    if (!strchr(pair, '=') || strchr(pair, '/') == pair)
        return qg_cli_usage(cmd, "--read '%s': KEY=VALUE is expected", pair);
    if (s->n_read == QG_MOST_READ)
        return qg_cli_usage(cmd, "--read may be given %d times", QG_MOST_READ);
    s->read[s->n_read++] = pair;
    return -1;
}

/* The first mistake of an entry that stands on the command line, not in a file. */
static qg_code first_problem(const qg_problems *problems)
{
    qg_error e = problems->n > 0 ? problems->item[0] : *qg_error_last();
    if (e.code == QG_EJOB)
        e.line = e.column = 0;
    return qg_error_restore(&e);
}

/* Keys that have no meaning where all texts are read, and labels are not looked at. */
static qg_code check_key(const qg_json *key)
{
    static const char *const no[] = {"path",          "from",      "perturb",   "seed",
                                     "label_column",  "label_map", "min_votes", "sample",
                                     "label_columns", "split",     "part"};
    for (size_t i = 0; i < sizeof no / sizeof no[0]; i++)
        if (strcmp(key->key, no[i]) == 0)
            return QG_FAIL(QG_EUSAGE,
                           "--read %s: has no meaning here: all texts of the file are read, "
                           "without labels",
                           no[i]);
    return QG_OK;
}

static qg_code read_spec(qg_text_source *s, qg_arena *a)
{
    qg_problems problems = {.arena = a};
    qg_json_doc doc;
    QG_TRY(qg_json_parse(&doc, a, "--read", "{}", 2));
    for (int i = 0; i < s->n_read; i++) {
        const char *set = qg_arena_printf(a, "/%s", s->read[i]);
        if (!set)
            return QG_ENOMEM;
        QG_TRY(qg_json_set(&doc, a, set));
    }
    for (const qg_json *key = doc.root->child; key; key = key->next)
        QG_TRY(check_key(key));
    const char *path = qg_arena_printf(a, "/path=%s", s->path);
    if (!path)
        return QG_ENOMEM;
    QG_TRY(qg_json_set(&doc, a, path));
    if (qg_dataset_spec_read(&s->spec, s->path, &doc, doc.root, &problems) != QG_OK)
        return first_problem(&problems);
    return QG_OK;
}

/* A job lists such rows in its results. */
static void warn_skipped(const qg_dataset *t, const char *path)
{
    if (t->skipped > 0)
        qg_warn(
            "%s: %lld of %lld rows are left out, the first in line %lld; of the reasons, %lld x %s",
            path, (long long)t->skipped, (long long)t->records, (long long)t->skipped_rows[0].line,
            (long long)t->reason[0].rows, t->reason[0].why);
    if (t->empty > 0)
        qg_warn("%s: %lld of %lld rows are left out, as their texts are empty", path,
                (long long)t->empty, (long long)t->records);
}

/* Plain text and JSON lines are answered while they are read. */
static bool is_stream(const qg_text_source *s)
{
    const qg_format *f = qg_format_of_path(s->path);
    const char *slash = strrchr(s->path, '/');
    bool plain = !f && !strrchr(slash ? slash : s->path, '.'); /* a name without an extension */
    return s->n_read == 0 &&
           (s->jsonl || strcmp(s->path, "-") == 0 || plain ||
            (f && (strcmp(f->name, "lines") == 0 || strcmp(f->name, "jsonl") == 0)));
}

qg_code qg_text_source_open(qg_lines *out, qg_text_source *s, qg_arena *a)
{
    *out = (qg_lines){0};
    if (is_stream(s))
        return qg_lines_open(out, s->path, s->jsonl ? QG_LINES_JSONL : QG_LINES_BY_NAME);
    if (s->jsonl)
        return QG_FAIL(QG_EUSAGE, "--jsonl and --read exclude each other: --read format=jsonl");
    if (strcmp(s->path, "-") == 0)
        return QG_FAIL(QG_EUSAGE, "--read needs a file: standard input is read line by line");
    QG_TRY(read_spec(s, a));
    s->spec.no_labels = true;
    QG_TRY(qg_dataset_load(&s->table, a, &s->spec, NULL));
    warn_skipped(&s->table, s->path);
    qg_lines_of_table(out, &s->table, s->path);
    return QG_OK;
}

void qg_line_begin(qg_str *out, const qg_line *line)
{
    qg_str_add(out, "{");
    if (line->id)
        qg_str_addf(out, "\"id\": %s, ", line->id);
    if (line->text) {
        qg_str_add(out, "\"text\": ");
        qg_str_add_json(out, line->text, line->text_len);
        qg_str_add(out, ", ");
    }
}

void qg_ids_add(qg_str *out, const int32_t *ids, int n)
{
    qg_str_add(out, "[");
    for (int i = 0; i < n; i++)
        qg_str_addf(out, "%s%d", i ? ", " : "", ids[i]);
    qg_str_add(out, "]");
}

qg_code qg_line_ids(qg_encoding *out, const qg_line *line, const qg_tokenizer *t, int rows,
                    qg_arena *a, int max_length)
{
    if (line->text)
        return qg_tokenizer_encode(out, t, a, line->text, line->text_len, max_length);
    *out = (qg_encoding){.n = line->n_ids};
    if (line->n_ids == 0)
        return QG_FAIL(QG_EFORMAT, "\"ids\" is empty");
    if (max_length && line->n_ids > max_length)
        return QG_FAIL(QG_EFORMAT, "%d ids, at most %d are allowed", line->n_ids, max_length);
    for (int i = 0; i < line->n_ids; i++)
        if (line->ids[i] >= rows)
            return QG_FAIL(QG_EFORMAT, "id %d is outside the %d rows of the embedding table",
                           line->ids[i], rows);
    QG_NEW(out->ids, a, line->n_ids);
    memcpy(out->ids, line->ids, (size_t)line->n_ids * sizeof *out->ids);
    return QG_OK;
}

qg_code qg_line_print(qg_str *out)
{
    QG_TRY(qg_str_status(out));
    if (fwrite(out->data, 1, out->len, stdout) != out->len)
        return QG_FAIL(QG_EIO, "standard output: %s", strerror(errno));
    qg_str_clear(out);
    return QG_OK;
}

int qg_text_limit(int64_t wanted, const qg_config *c, const qg_tokenizer *t)
{
    int own = qg_tokenizer_max_length(t), most = c->positions;
    if (own > 0 && own < most)
        most = own;
    return wanted == 0 || wanted > most ? most : (int)wanted;
}

qg_code qg_text_doubts(qg_arena *a, const qg_config *c, const char *dir)
{
    const char *doubts = qg_config_doubts(a, c, dir);
    if (!doubts)
        return QG_ENOMEM;
    if (*doubts)
        qg_warn("%s", doubts);
    return QG_OK;
}
