/*
 * stored.c - explanations that a results file has: nothing is computed again.
 */
#include "run.h"

#include "cli/cli.h"

#include "qgrid/stored.h"

#include <string.h>

/* What is shown side by side: cells of one experiment, every precision under every method. */
typedef struct stored {
    qg_reading r;
    const qg_read_cell **column; /* [columns] */
    qg_explain_study study;
    qg_stored_text text;
    int64_t slot;
} stored;

static bool explains(const qg_read_cell *c, const char *glob)
{
    return strcmp(c->kind, "explain") == 0 && qg_glob(glob, c->name);
}

/* ------------------------------------------------------------------------------------- its columns
 */

/* Where a name stands in a list, at whose end it is put if it is new. */
static int place(const char **name, int *n, const char *wanted)
{
    for (int i = 0; i < *n; i++)
        if (strcmp(name[i], wanted) == 0)
            return i;
    name[*n] = wanted;
    return (*n)++;
}

static qg_code not_of_one(const stored *s, const char *glob, const qg_read_cell *a,
                          const qg_read_cell *b)
{
    return QG_FAIL_AT(QG_EUSAGE, s->r.path, 0, 0, NULL,
                      "'%s' matches cells of '%s' and of '%s': one experiment is explained at a "
                      "time",
                      glob, a->experiment, b->experiment);
}

/* Names of precisions and methods of the cells that match, all of one experiment. */
static qg_code find_names(const char ***precision, const char ***method, stored *s,
                          const char *glob)
{
    const qg_read_cell *first = NULL;
    QG_NEW(*precision, s->r.arena, s->r.n);
    QG_NEW(*method, s->r.arena, s->r.n);
    for (int i = 0; i < s->r.n; i++) {
        const qg_read_cell *c = &s->r.cell[i];
        if (!explains(c, glob))
            continue;
        first = first ? first : c;
        if (strcmp(first->experiment, c->experiment) != 0)
            return not_of_one(s, glob, first, c);
        (void)place(*precision, &s->study.precisions, c->precision);
        (void)place(*method, &s->study.methods, c->method);
    }
    if (!first)
        return QG_FAIL_AT(QG_EUSAGE, s->r.path, 0, 0, NULL,
                          "'%s' is no cell that explains texts, and matches none; they are called "
                          "EXPERIMENT/PRECISION/METHOD",
                          glob);
    s->study.model = first->model;
    return QG_OK;
}

static qg_code find_columns(stored *s, const char *glob)
{
    const char **precision, **method;
    qg_explain_column *column;
    QG_TRY(find_names(&precision, &method, s, glob));
    s->study.columns = s->study.precisions * s->study.methods;
    QG_NEW(column, s->r.arena, s->study.columns);
    QG_NEW(s->column, s->r.arena, s->study.columns);
    for (int i = 0; i < s->study.columns; i++)
        column[i] =
            (qg_explain_column){precision[i / s->study.methods], method[i % s->study.methods]};
    s->study.column = column;
    for (int i = 0; i < s->r.n; i++) {
        const qg_read_cell *c = &s->r.cell[i];
        if (explains(c, glob))
            s->column[place(precision, &s->study.precisions, c->precision) * s->study.methods +
                      place(method, &s->study.methods, c->method)] = c;
    }
    for (int i = 0; i < s->study.columns; i++)
        if (!s->column[i])
            return QG_FAIL_AT(QG_EUSAGE, s->r.path, 0, 0, NULL,
                              "'%s' matches %s under some precisions, but not under %s: explain "
                              "them one by one",
                              glob, column[i].method, column[i].precision);
    return QG_OK;
}

/* ----------------------------------------------------------------------------------------- a text
 */

static qg_code find_slot(stored *s, int64_t row)
{
    int64_t *rows, slots;
    qg_str list = {0};
    int n = 0;
    QG_TRY(qg_stored_rows(&rows, &slots, &s->r, s->column[0]));
    for (s->slot = 0; s->slot < slots; s->slot++)
        if (rows[s->slot] == row && row >= 0)
            return QG_OK;
    for (int64_t i = 0; i < slots && n < 20; i++)
        if (rows[i] >= 0)
            qg_str_addf(&list, "%s%lld", n++ ? ", " : "", (long long)rows[i]);
    qg_code rc = QG_FAIL_AT(
        QG_EUSAGE, s->r.path, 0, 0, NULL, "row %lld of '%s' is not explained; rows that are: %s%s",
        (long long)row, s->column[0]->dataset, n ? list.data : "none yet", n == 20 ? ", ..." : "");
    qg_str_fini(&list);
    return rc;
}

static qg_code read_column(qg_explain_result *out, stored *s, const qg_read_cell *c)
{
    qg_stored_scores x;
    bool found;
    QG_TRY(qg_stored_scores_read(&x, &found, &s->r, c, s->slot, &s->text));
    if (!found)
        return QG_FAIL_AT(QG_EUSAGE, s->r.path, 0, 0, NULL,
                          "'%s' is %s: it has no explanation of row %lld yet", c->name,
                          qg_read_cell_state(c), (long long)s->text.row);
    if (x.predicted >= s->study.classes || x.target >= s->study.classes)
        return QG_FAIL_AT(QG_ESTORE, s->r.path, 0, 0, NULL, "'%s' explains a class that it has not",
                          c->name);
    *out = (qg_explain_result){
        .probability = x.probability,
        .label = x.predicted,
        .target = x.target,
        .gradients = x.gradients[0] ? x.gradients : NULL,
        .scores = {.word_score = x.word,
                   .base = x.base,
                   .delta = x.delta,
                   .fit = x.fit,
                   .steps = x.steps,
                   .reached = x.reached},
    };
    return QG_OK;
}

static qg_code show_text(qg_explain_sink *sink, stored *s)
{
    qg_arena *a = s->r.arena;
    const qg_stored_text *t = &s->text;
    qg_explain_word *word;
    qg_explain_result *result;
    qg_encoding code = {.n_words = t->n_words};
    const qg_line line = {.number = t->row, .text = t->text, .text_len = strlen(t->text)};
    qg_explain_found shown = {.name = t->id, .line = &line, .code = &code};
    QG_NEW(word, a, t->n_words);
    QG_NEW(result, a, s->study.columns);
    for (int w = 0; w < t->n_words; w++)
        word[w] =
            (qg_explain_word){t->text + t->byte_start[w],
                              (size_t)(t->byte_end[w] - t->byte_start[w]), t->start[w], t->end[w]};
    for (int i = 0; i < s->study.columns; i++)
        QG_TRY(read_column(&result[i], s, s->column[i]));
    shown.word = word;
    shown.result = result;
    QG_TRY(qg_explain_sink_begin(sink, &s->study, a));
    QG_TRY(qg_explain_show(sink, &s->study, &shown, a));
    return qg_explain_sink_end(sink);
}

static qg_code show(qg_explain_sink *sink, stored *s, const char *glob, int64_t row)
{
    const char **labels;
    QG_TRY(find_columns(s, glob));
    QG_TRY(qg_stored_classes(&labels, &s->study.classes, &s->r, s->column[0]));
    s->study.labels = labels;
    QG_TRY(find_slot(s, row));
    QG_TRY(qg_stored_text_read(&s->text, &s->r, s->column[0]->dataset, row));
    return show_text(sink, s);
}

qg_code qg_explain_stored(qg_explain_sink *sink, qg_arena *a, const qg_explain_stored_wish *wish)
{
    stored s = {0};
    int64_t row;
    if (!qg_cli_integer(&row, wish->row, 0, INT64_MAX))
        return QG_FAIL(QG_EUSAGE, "'%s' is not the number of a row", wish->row);
    QG_TRY(qg_reading_open(&s.r, a, wish->file));
    qg_code rc = qg_reading_note(&s.r);
    if (rc == QG_OK)
        rc = show(sink, &s, wish->cell, row);
    qg_error kept = *qg_error_last();
    qg_reading_close(&s.r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}
