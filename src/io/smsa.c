/*
 * smsa.c - format "smsa": text TAB label, no header (IndoNLU's SmSA files). Quotes are characters,
 * as in those files, unless the job says that they enclose fields.
 *
 * Source: Wilie et al., "IndoNLU: Benchmark and Resources for Evaluating Indonesian Natural
 * Language Understanding", AACL 2020; github.com/IndoNLP/indonlu.
 */
#include "io/csv_table.h"
#include "io/formats.h"
#include "io/record.h"

#include <string.h>
#include <strings.h>

/* A header in the place of the first record: its second field says so. */
static qg_code check_header(const char *path, const qg_record *r)
{
    if (r->line == 1 && r->label_len == 5 && strncasecmp(r->label, "label", 5) == 0)
        return QG_FAIL_AT(QG_EFORMAT, path, 1, 1, NULL,
                          "a header, which this format has none of; \"format\": \"csv\" with "
                          "\"delimiter\": \"\\t\" reads it");
    return QG_OK;
}

static qg_code split(qg_record *r, const char *path, const qg_text_line *line)
{
    int fields = 1;
    QG_TRY(qg_check_line(path, line));
    for (size_t i = 0; i < line->len; i++)
        fields += line->text[i] == '\t';
    if (fields != 2)
        return QG_FAIL_AT(QG_EFORMAT, path, line->number, 1, NULL,
                          "%d tab-separated field%s found, 2 are expected (text, label)", fields,
                          fields == 1 ? "" : "s");
    const char *tab = memchr(line->text, '\t', line->len);
    *r = (qg_record){.text = line->text, .line = line->number, .label_field = "label"};
    r->text_len = (size_t)(tab - line->text);
    r->label = tab + 1;
    r->label_len = line->len - r->text_len - 1;
    r->label_line = line->number;
    r->label_column = (int64_t)r->text_len + 2;
    return check_header(path, r);
}

static qg_code read_smsa(const qg_dataset_spec *spec, const char *data, size_t size,
                         const qg_record_sink *sink)
{
    static const qg_csv_layout quoted = {
        .delimiter = '\t', .text = "text", .label = "label", .columns = 2, .check = check_header};
    qg_record r;
    qg_text_line line = {0};
    if (spec->quoting == QG_QUOTING_DOUBLE)
        return qg_csv_read(&quoted, spec, data, size, sink);
    while (qg_next_line(&line, data, size)) {
        if (split(&r, spec->path, &line) != QG_OK)
            QG_TRY(sink->bad(sink->ctx));
        else
            QG_TRY(sink->each(sink->ctx, &r));
    }
    return QG_OK;
}

const qg_format qg_format_smsa = {
    .name = "smsa",
    .summary = "text, tab, label name; no header (SmSA of IndoNLU)",
    .extensions = ".tsv",
    .options = "label_map quoting",
    .read = read_smsa,
};
