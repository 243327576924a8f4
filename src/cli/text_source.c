/*
 * text_source.c - lines of text or token ids: reading them, and answering each with a line.
 */
#include "text_source.h"

#include <errno.h>
#include <string.h>

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

qg_code qg_line_ids(qg_encoding *out, const qg_line *line, const qg_tokenizer *t, qg_arena *a,
                    int max_length)
{
    if (line->text)
        return qg_tokenizer_encode(out, t, a, line->text, line->text_len, max_length);
    *out = (qg_encoding){.n = line->n_ids};
    if (line->n_ids == 0)
        return QG_FAIL(QG_EFORMAT, "\"ids\" is empty");
    if (max_length && line->n_ids > max_length)
        return QG_FAIL(QG_EFORMAT, "%d ids, at most %d are allowed", line->n_ids, max_length);
    for (int i = 0; i < line->n_ids; i++)
        if (line->ids[i] >= qg_tokenizer_size(t))
            return QG_FAIL(QG_EFORMAT, "id %d is outside the vocabulary of %d", line->ids[i],
                           qg_tokenizer_size(t));
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
