/*
 * lines.c - format "lines": plain text, one unlabelled text a line.
 */
#include "io/formats.h"
#include "io/record.h"

static qg_code read_lines(const qg_dataset_spec *spec, const char *data, size_t size,
                          const qg_record_sink *sink)
{
    qg_text_line line = {0};
    while (qg_next_line(&line, data, size)) {
        if (qg_check_line(spec->path, &line) != QG_OK) {
            QG_TRY(sink->bad(sink->ctx));
            continue;
        }
        qg_record r = {.text = line.text, .text_len = line.len, .line = line.number};
        QG_TRY(sink->each(sink->ctx, &r));
    }
    return QG_OK;
}

const qg_format qg_format_lines = {
    .name = "lines",
    .summary = "plain text, one a line, without labels",
    .extensions = ".txt",
    .options = "",
    .read = read_lines,
};
