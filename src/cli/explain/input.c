/*
 * input.c - texts with their words, from arguments or lines.
 */
#include "run.h"

#include "cli/text_source.h"

#include "qgrid/display.h"
#include "qgrid/log.h"

#include <limits.h>
#include <string.h>

static void words_of_text(qg_explain_word *word, const qg_line *line, const qg_encoding *e)
{
    for (int w = 0; w < e->n_words; w++)
        word[w] = (qg_explain_word){line->text + e->word_byte_start[w],
                                    (size_t)(e->word_byte_end[w] - e->word_byte_start[w]),
                                    e->word_start[w], e->word_end[w]};
}

/* Ids say nothing of white space: a word is a token with those behind it that continue it. [CLS],
 * [SEP] and [PAD] belong to none. */
static qg_code group_ids(qg_encoding *e, const qg_tokenizer *t, qg_arena *a)
{
    qg_specials special = qg_tokenizer_specials(t);
    QG_NEW(e->word, a, e->n);
    e->n_words = 0;
    for (int i = 0; i < e->n; i++) {
        int id = e->ids[i];
        if (id == special.cls || id == special.sep || id == special.pad) {
            e->word[i] = -1;
            continue;
        }
        bool continues;
        (void)qg_tokenizer_piece(t, id, &continues);
        continues = continues && i > 0 && e->word[i - 1] >= 0;
        e->word[i] = continues ? e->word[i - 1] : e->n_words++;
    }
    return QG_OK;
}

static qg_code words_of_ids(qg_explain_word *word, const qg_encoding *e, const qg_tokenizer *t,
                            qg_arena *a)
{
    qg_str s = {0};
    qg_code rc = QG_OK;
    for (int w = 0, i = 0; w < e->n_words && rc == QG_OK; w++) {
        qg_str_clear(&s);
        while (e->word[i] != w)
            i++;
        for (int first = i; i < e->n && e->word[i] == w; i++) {
            bool continues;
            const char *piece = qg_tokenizer_piece(t, e->ids[i], &continues);
            const char *text = i > first ? piece : qg_tokenizer_token(t, e->ids[i]);
            qg_str_add(&s, text ? text : "[no token]");
        }
        word[w] =
            (qg_explain_word){qg_arena_strndup(a, s.data ? s.data : "", s.len), s.len, -1, -1};
        rc = word[w].text ? qg_str_status(&s) : QG_ENOMEM;
    }
    qg_str_fini(&s);
    return rc;
}

static qg_code add_words(qg_explain_found *out, const qg_line *line, qg_encoding *e,
                         const qg_tokenizer *t, qg_arena *a)
{
    qg_explain_word *word;
    if (!line->text)
        QG_TRY(group_ids(e, t, a));
    QG_TRY(qg_encoding_forms(e, a, line->text, line->text_len));
    QG_NEW(word, a, e->n_words);
    out->line = line;
    out->code = e;
    out->word = word;
    if (!line->text)
        return words_of_ids(word, e, t, a);
    words_of_text(word, line, e);
    return QG_OK;
}

static qg_code next_line(qg_line *line, bool *more, qg_explain_input *in, qg_arena *a)
{
    if (!in->arguments)
        return qg_lines_next(line, more, &in->lines, a);
    *more = in->next < in->arguments;
    if (!*more)
        return QG_OK;
    const char *text = in->argument[in->next++];
    size_t len = strlen(text);
    *line = (qg_line){.number = in->next, .text = text, .text_len = len};
    return qg_utf8_check(text, len) == len
               ? QG_OK
               : QG_FAIL(QG_EUSAGE, "text %d is not valid UTF-8", in->next);
}

/* An id is kept as JSON; people see a string without its quotes, and nothing that acts on a
 * terminal. */
static const char *shown_id(const char *id, qg_arena *a)
{
    qg_json_doc doc;
    qg_str s = {0};
    if (qg_json_parse(&doc, a, NULL, id, strlen(id)) == QG_OK && doc.root->type == QG_JSON_STRING)
        id = doc.root->string;
    qg_display_add(&s, id, strlen(id), INT_MAX);
    const char *shown = s.failed ? NULL : qg_arena_strndup(a, s.data ? s.data : "", s.len);
    qg_str_fini(&s);
    return shown;
}

static const char *name_of(const qg_explain_input *in, const qg_line *line, qg_arena *a)
{
    if (line->id)
        return shown_id(line->id, a);
    return in->arguments ? qg_arena_printf(a, "text %lld", (long long)line->number)
                         : qg_arena_printf(a, "%s:%lld", in->lines.name, (long long)line->number);
}

qg_code qg_explain_next(qg_explain_found *out, bool *more, qg_explain_input *in, qg_arena *a)
{
    qg_line *line;
    qg_encoding *code;
    QG_NEW(line, a, 1);
    QG_NEW(code, a, 1);
    QG_TRY(next_line(line, more, in, a));
    if (!*more)
        return QG_OK;
    *out = (qg_explain_found){.name = name_of(in, line, a)};
    if (!out->name)
        return QG_ENOMEM;
    qg_code rc = qg_line_ids(code, line, in->tokenizer, in->rows, a, in->max_length);
    if (rc != QG_OK)
        return in->arguments ? rc : qg_error_place(in->lines.name, line->number, 0, NULL);
    if (code->truncated)
        qg_note("%s: cut to %d tokens; words that were cut off have no score", out->name, code->n);
    return add_words(out, line, code, in->tokenizer, a);
}
