/*
 * per_text.c - text by text: what is predicted, and what each word of an explained text scores.
 */
#include "paper.h"

#include "qgrid/str.h"

#define PREDICTIONS  "/predictions/{model}/{dataset}/{precision}"
#define ATTRIBUTIONS "/attributions/{model}/{dataset}/{precision}/{method}"

/* ----------------------------------------------------------------------------------- predictions
 */

static const char *class_name(const qg_matrix *m, double class)
{
    return class >= 0 && class < (double)m->columns ? m->column[(int64_t) class] : "";
}

static qg_code add_probabilities(qg_table *t, const qg_matrix *m)
{
    for (int64_t k = 0; k < m->columns; k++) {
        const char *head = qg_arena_printf(t->arena, "prob %s", m->column[k]);
        if (!head)
            return QG_ENOMEM;
        QG_TRY(qg_table_add_columns(t, &(qg_column){head, NULL, QG_FIXED, 4}, 1));
    }
    return QG_OK;
}

static qg_code add_predictions(qg_table *t, qg_reading *r, const qg_read_cell *c,
                               qg_paper_dataset *kept)
{
    const qg_paper_rows *rows;
    qg_matrix m, predicted;
    QG_TRY(qg_paper_dataset_of(&rows, kept, r, c));
    QG_TRY(qg_paper_matrix(&m, r, c, PREDICTIONS "/probabilities", NULL, "row", "class"));
    QG_TRY(qg_paper_list(&predicted, r, c, PREDICTIONS "/predicted", "row"));
    if (!m.x || !predicted.x || m.rows != rows->n)
        return QG_OK;
    if (t->n_columns == QG_VARIANT + 4)
        QG_TRY(add_probabilities(t, &m));
    for (int64_t i = 0; i < m.rows; i++) {
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0].text = rows->id[i];
        v[1].text = rows->text[i];
        v[2].text = class_name(&m, rows->label[i]);
        v[3].text = class_name(&m, predicted.x[i]);
        for (int64_t k = 0; k < m.columns; k++)
            v[4 + k].number = m.x[i * m.columns + k];
    }
    return QG_OK;
}

qg_code qg_table_predictions_per_text(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"sample_id", NULL, QG_TEXT, 0},
        {"text", NULL, QG_TEXT, 0},
        {"true label", NULL, QG_TEXT, 0},
        {"predicted", NULL, QG_TEXT, 0},
    };
    qg_paper_dataset kept = {0};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (qg_paper_is(&r->cell[i], "predict"))
            QG_TRY(add_predictions(t, r, &r->cell[i], &kept));
    return QG_OK;
}

/* ------------------------------------------------------------------------------------------ words
 */

/* Where the words of a data set stand in its texts, in code points. */
typedef struct word_places {
    qg_matrix split, start, end;
} word_places;

static qg_code read_words(word_places *out, qg_reading *r, const qg_read_cell *c)
{
    QG_TRY(qg_paper_list(&out->split, r, c, "/datasets/{dataset}/word_row_splits", "row_split"));
    QG_TRY(qg_paper_list(&out->start, r, c, "/datasets/{dataset}/word_start", "word"));
    return qg_paper_list(&out->end, r, c, "/datasets/{dataset}/word_end", "word");
}

/* Bytes before a code point of a text. */
static size_t offset_of(const char *text, double point)
{
    size_t at = 0, len = strlen(text);
    for (double k = 0; k < point && at < len; k++)
        at += (size_t)qg_utf8_width((unsigned char)text[at]);
    return at < len ? at : len;
}

/* Word k of a row; "" where it has none. NULL when out of memory. */
static const char *word_of(qg_arena *a, const word_places *w, const char *text, int64_t row,
                           int64_t k)
{
    if (!w->split.x || !w->start.x || !w->end.x || row + 1 >= w->split.rows)
        return "";
    double first = w->split.x[row] + (double)k;
    if (!(first >= 0 && first < w->split.x[row + 1] && first < (double)w->start.rows))
        return "";
    size_t from = offset_of(text, w->start.x[(int64_t)first]);
    size_t to = offset_of(text, w->end.x[(int64_t)first]);
    return qg_arena_strndup(a, text + from, to > from ? to - from : 0);
}

static qg_code add_words(qg_table *t, qg_reading *r, const qg_read_cell *c, qg_paper_dataset *kept)
{
    const qg_paper_rows *rows;
    const double *row;
    word_places w;
    qg_matrix score;
    int64_t n;
    QG_TRY(qg_paper_dataset_of(&rows, kept, r, c));
    QG_TRY(qg_paper_explained(&row, &n, r, c, rows));
    QG_TRY(read_words(&w, r, c));
    QG_TRY(qg_paper_matrix(&score, r, c, ATTRIBUTIONS "/word_scores", NULL, "explained",
                           "word_place"));
    for (int64_t i = 0; score.x && i < n && i < score.rows; i++) {
        for (int64_t k = 0; row[i] >= 0 && k < score.columns; k++) {
            double x = score.x[i * score.columns + k];
            qg_value *v;
            if (isnan(x))
                continue;
            QG_TRY(qg_table_add_row(&v, t));
            qg_paper_variant(v, c, NULL);
            v += QG_VARIANT;
            v[0].text = c->method;
            v[1].text = rows->id[(int64_t)row[i]];
            v[2].number = (double)k;
            v[3].text = word_of(r->arena, &w, rows->text[(int64_t)row[i]], (int64_t)row[i], k);
            v[4].number = x;
            if (!v[3].text)
                return QG_ENOMEM;
        }
    }
    return QG_OK;
}

qg_code qg_table_words(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"method", NULL, QG_TEXT, 0},
        {"sample_id", NULL, QG_TEXT, 0},
        {"place", NULL, QG_SIGNIFICANT, 9},
        {"word", NULL, QG_TEXT, 0},
        {"score", NULL, QG_SIGNIFICANT, 5},
    };
    qg_paper_dataset kept = {0};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (qg_paper_is(&r->cell[i], "explain"))
            QG_TRY(add_words(t, r, &r->cell[i], &kept));
    return QG_OK;
}
