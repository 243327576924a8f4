/*
 * cell_formats.c - formats of one cell: an explanation as JSON lines with the five fields that
 * collections of token attributions have; predictions as the CSV of one checkpoint.
 */
#include "paper.h"
#include "report/format.h"

#define TOKENS "/datasets/{dataset}/tokens/{model}"

/* ------------------------------------------------------------------------------------ thermostat
 */

/* What is known of the explained texts of a cell. */
typedef struct explanation {
    qg_matrix score; /* [explained, place] of tokens */
    qg_matrix split, id, tokens, logits;
    const qg_paper_rows *rows;
    const double *row;
    int64_t n;
} explanation;

static qg_code read_explanation(explanation *x, qg_reading *r, const qg_read_cell *c,
                                qg_paper_dataset *kept)
{
    QG_TRY(qg_paper_dataset_of(&x->rows, kept, r, c));
    QG_TRY(qg_paper_explained(&x->row, &x->n, r, c, x->rows));
    QG_TRY(qg_paper_matrix(&x->score, r, c,
                           "/attributions/{model}/{dataset}/{precision}/{method}/token_scores",
                           NULL, "explained", "token_place"));
    QG_TRY(qg_paper_list(&x->tokens, r, c, "/explained/{model}/{dataset}/tokens", "explained"));
    QG_TRY(qg_paper_list(&x->split, r, c, TOKENS "/token_row_splits", "row_split"));
    QG_TRY(qg_paper_list(&x->id, r, c, TOKENS "/token_id", "token"));
    QG_TRY(qg_paper_matrix(&x->logits, r, c, "/predictions/{model}/{dataset}/{precision}/logits",
                           NULL, "row", "class"));
    if (!x->score.x || !x->tokens.x || !x->split.x || !x->id.x || !x->logits.x)
        return QG_FAIL_AT(QG_EUNSUPPORTED, r->path, 0, 0, c->name,
                          "has no scores of tokens, or its texts' tokens are not in the file");
    return QG_OK;
}

static void add_numbers(qg_str *out, const char *name, const double *x, int64_t n)
{
    char number[64];
    qg_str_addf(out, "\"%s\": [", name);
    for (int64_t i = 0; i < n; i++) {
        qg_str_add(out, i ? ", " : "");
        qg_str_add(out, isnan(x[i]) ? "null" : qg_table_exact_number(number, sizeof number, x[i]));
    }
    qg_str_add(out, "]");
}

/* The line of one explained text. */
static void add_line(qg_str *out, const explanation *x, int64_t i)
{
    int64_t row = (int64_t)x->row[i], first = (int64_t)x->split.x[row];
    int64_t n = (int64_t)x->tokens.x[i];
    n = n < x->score.columns ? n : x->score.columns;
    n = n < x->id.rows - first ? n : x->id.rows - first;
    qg_str_add(out, "{");
    add_numbers(out, "attributions", x->score.x + i * x->score.columns, n);
    qg_str_addf(out, ", \"idx\": %lld, ", (long long)row);
    add_numbers(out, "input_ids", x->id.x + first, n);
    qg_str_addf(out, ", \"label\": %.0f, ", x->rows->label[row]);
    add_numbers(out, "predictions", x->logits.x + row * x->logits.columns, x->logits.columns);
    qg_str_add(out, "}\n");
}

static qg_code write_thermostat(qg_str *out, qg_reading *r, const qg_read_cell *c)
{
    explanation x;
    qg_paper_dataset kept = {0};
    QG_TRY(read_explanation(&x, r, c, &kept));
    for (int64_t i = 0; i < x.n && i < x.score.rows && i < x.tokens.rows; i++) {
        int64_t row = (int64_t)x.row[i];
        if (row >= 0 && row + 1 < x.split.rows && row < x.logits.rows && x.split.x[row] >= 0 &&
            x.split.x[row] <= (double)x.id.rows)
            add_line(out, &x, i);
    }
    return qg_str_status(out);
}

/* ----------------------------------------------------------------------------------- predictions
 */

/* "prob_pos" of "positive": three letters where they tell the classes apart, else all. */
static const char *probability_head(qg_arena *a, const qg_matrix *m, int64_t class)
{
    int letters = 3;
    for (int64_t k = 0; k < m->columns; k++)
        if (k != class && strncmp(m->column[k], m->column[class], 3) == 0)
            letters = (int)strlen(m->column[class]);
    return qg_arena_printf(a, "prob_%.*s", letters, m->column[class]);
}

static const char *class_name(const qg_matrix *m, double class)
{
    return class >= 0 && class < (double)m->columns ? m->column[(int64_t) class] : "";
}

static qg_code add_heads(qg_table *t, const qg_matrix *m)
{
    static const qg_column columns[] = {
        {"sample_id", NULL, QG_TEXT, 0},
        {"text", NULL, QG_TEXT, 0},
        {"true_label", NULL, QG_TEXT, 0},
        {"pred_label", NULL, QG_TEXT, 0},
    };
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int64_t k = 0; k < m->columns; k++) {
        const qg_column c = {probability_head(t->arena, m, k), NULL, QG_FIXED, 4};
        QG_TRY(c.head ? qg_table_add_columns(t, &c, 1) : QG_ENOMEM);
    }
    return QG_OK;
}

static qg_code write_predictions(qg_str *out, qg_reading *r, const qg_read_cell *c)
{
    qg_table t = {.name = "predictions", .shape = QG_COLUMNS, .keyed = true, .arena = r->arena};
    qg_paper_dataset kept = {0};
    const qg_paper_rows *rows;
    qg_matrix m, predicted;
    QG_TRY(qg_paper_dataset_of(&rows, &kept, r, c));
    QG_TRY(qg_paper_matrix(&m, r, c, "/predictions/{model}/{dataset}/{precision}/probabilities",
                           NULL, "row", "class"));
    QG_TRY(qg_paper_list(&predicted, r, c, "/predictions/{model}/{dataset}/{precision}/predicted",
                         "row"));
    if (!m.x || !predicted.x || m.rows != rows->n)
        return QG_FAIL_AT(QG_EUNSUPPORTED, r->path, 0, 0, c->name, "has no probabilities");
    QG_TRY(add_heads(&t, &m));
    for (int64_t i = 0; i < m.rows; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, &t));
        v[0].text = rows->id[i];
        v[1].text = rows->text[i];
        v[2].text = class_name(&m, rows->label[i]);
        v[3].text = class_name(&m, predicted.x[i]);
        for (int64_t k = 0; k < m.columns; k++)
            v[4 + k].number = m.x[i * m.columns + k];
    }
    return qg_table_write_csv(out, &t, NULL);
}

/* -------------------------------------------------------------------------------------- registry
 */

static const struct {
    const char *name, *suffix, *kind;
    qg_code (*write)(qg_str *out, qg_reading *r, const qg_read_cell *c);
} formats[] = {
    {"thermostat", "jsonl", "explain", write_thermostat},
    {"predictions", "csv", "predict", write_predictions},
};

enum { FORMATS = sizeof formats / sizeof *formats };

const char *qg_export_cell_kind(const char *format)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].kind;
    return NULL;
}

const char *qg_export_cell_suffix(const char *format)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].suffix;
    return NULL;
}

qg_code qg_export_cell(qg_str *out, qg_reading *r, const qg_read_cell *c, const char *format)
{
    for (int i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, format) == 0)
            return formats[i].write(out, r, c);
    return QG_FAIL(QG_EUSAGE, "there is no format '%s' of cells", format);
}
