/*
 * phenomena.c - minimal pairs by phenomenon: as a matrix, with all numbers, pair by pair.
 */
#include "paper.h"

#define GROUP "/probes/{model}/{dataset}"

/* Of one cell of probes. */
typedef struct probes {
    qg_matrix score, test; /* [phenomenon, precision, numbers] */
} probes;

static qg_code read_probes(probes *out, qg_reading *r, const qg_read_cell *c)
{
    QG_TRY(
        qg_paper_matrix(&out->score, r, c, GROUP "/psr", "phenomenon", "precision", "pair_score"));
    return qg_paper_matrix(&out->test, r, c, GROUP "/mcnemar", "phenomenon", "precision",
                           "pair_test");
}

/* ---------------------------------------------------------------------------------------- matrix
 */

/* The column of a variant, EXPERIMENT/PRECISION; a new one where the table has no row yet. */
static qg_code column_of(int *out, qg_table *t, const char *experiment, const char *precision)
{
    const char *head = qg_arena_printf(t->arena, "%s/%s", experiment, precision);
    if (!head)
        return QG_ENOMEM;
    for (*out = 2; *out < t->n_columns; ++*out)
        if (strcmp(t->column[*out].head, head) == 0)
            return QG_OK;
    return qg_table_add_columns(t, &(qg_column){head, NULL, QG_FIXED, 3}, 1);
}

/* The first row of a phenomenon; a new one where there is none. */
static qg_code row_of(qg_value **out, qg_table *t, const char *phenomenon, double pairs)
{
    for (int64_t i = 0; i < t->n_rows; i++) {
        *out = t->value + i * t->n_columns;
        if (strcmp((*out)[0].text, phenomenon) == 0)
            return QG_OK;
    }
    QG_TRY(qg_table_add_row(out, t));
    (*out)[0].text = phenomenon;
    (*out)[1].number = pairs;
    return QG_OK;
}

static qg_code add_heads(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    probes p;
    int column;
    QG_TRY(read_probes(&p, r, c));
    for (int64_t k = 0; p.score.x && k < p.score.rows; k++)
        QG_TRY(column_of(&column, t, c->experiment, p.score.row[k]));
    return QG_OK;
}

static qg_code add_cells(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    probes p;
    QG_TRY(read_probes(&p, r, c));
    for (int64_t i = 0; p.score.x && i < p.score.blocks * p.score.rows; i++) {
        const char *phenomenon = p.score.block[i / p.score.rows];
        const char *precision = p.score.row[i % p.score.rows];
        qg_value *v;
        int column;
        QG_TRY(column_of(&column, t, c->experiment, precision));
        QG_TRY(row_of(&v, t, phenomenon, qg_matrix_at(&p.score, phenomenon, precision, "pairs")));
        v[column].number = qg_matrix_at(&p.score, phenomenon, precision, "psr");
        v[column].significant = qg_matrix_at(&p.test, phenomenon, precision, "p_holm") < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_probe_matrix(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {{"phenomenon", NULL, QG_TEXT, 0},
                                        {"pairs", NULL, QG_SIGNIFICANT, 9}};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    QG_TRY(qg_paper_each(t, r, "probes", add_heads));
    return qg_paper_each(t, r, "probes", add_cells);
}

/* ----------------------------------------------------------------------------------- all numbers
 */

static qg_code add_numbers(qg_table *t, qg_reading *r, const qg_read_cell *c)
{
    static const char *const score[] = {"pairs",   "successes",   "psr",          "ci_low",
                                        "ci_high", "first_right", "second_right", "differ"};
    static const char *const test[] = {"both", "only_reference", "only_variant", "neither",
                                       "p",    "p_holm",         "low_power"};
    probes p;
    QG_TRY(read_probes(&p, r, c));
    for (int64_t i = 0; p.score.x && i < p.score.blocks * p.score.rows; i++) {
        const char *phenomenon = p.score.block[i / p.score.rows];
        const char *precision = p.score.row[i % p.score.rows];
        qg_value *v;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, precision);
        v += QG_VARIANT;
        v[0].text = phenomenon;
        for (int k = 0; k < 8; k++)
            v[1 + k].number = qg_matrix_at(&p.score, phenomenon, precision, score[k]);
        for (int k = 0; k < 7; k++)
            v[9 + k].number = qg_matrix_at(&p.test, phenomenon, precision, test[k]);
        v[16].number = isnan(v[14].number) ? v[14].number : v[14].number < 0.05;
        v[3].significant = v[14].number < 0.05;
    }
    return QG_OK;
}

qg_code qg_table_probe_phenomena(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"phenomenon", NULL, QG_TEXT, 0},
        {"pairs", NULL, QG_SIGNIFICANT, 9},
        {"successes", NULL, QG_SIGNIFICANT, 9},
        {"PSR", NULL, QG_FIXED, 3},
        {"ci_low", NULL, QG_FIXED, 3},
        {"ci_high", NULL, QG_FIXED, 3},
        {"first right", NULL, QG_FIXED, 3},
        {"second right", NULL, QG_FIXED, 3},
        {"differ", NULL, QG_FIXED, 3},
        {"both", NULL, QG_SIGNIFICANT, 9},
        {"only reference", NULL, QG_SIGNIFICANT, 9},
        {"only variant", NULL, QG_SIGNIFICANT, 9},
        {"neither", NULL, QG_SIGNIFICANT, 9},
        {"p", NULL, QG_SIGNIFICANT, 3},
        {"p_holm", NULL, QG_SIGNIFICANT, 3},
        {"low power", NULL, QG_FIXED, 0},
        {"significant", NULL, QG_FIXED, 0},
    };
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    return qg_paper_each(t, r, "probes", add_numbers);
}

/* ---------------------------------------------------------------------------------- pair by pair
 */

/* A pair's text under one variant: what it is, what is expected, what is predicted. */
static void put_text(qg_value *v, const qg_paper_rows *rows, const qg_matrix *probability,
                     const qg_matrix *predicted, int64_t row)
{
    int64_t label = (int64_t)rows->label[row], class = (int64_t)predicted->x[row];
    bool known = label >= 0 && label < probability->columns;
    v[0].text = rows->text[row];
    v[1].text = known ? probability->column[label] : "";
    v[2].text = class >= 0 && class < probability->columns ? probability->column[class] : "";
    v[3].number = (double)NAN;
    for (int64_t k = 0; k < probability->columns; k++)
        v[3].number = fmax(v[3].number, probability->x[row * probability->columns + k]);
}

static qg_code add_pairs(qg_table *t, qg_reading *r, const qg_read_cell *c, qg_paper_dataset *kept)
{
    const qg_paper_rows *rows;
    const char **phenomenon;
    char *path;
    int64_t n;
    qg_matrix first, second, probability, predicted;
    QG_TRY(qg_reading_path(&path, r, "/datasets/{dataset}/pairs/phenomenon", c));
    if (!qg_store_has(r->store, path))
        return QG_OK;
    QG_TRY(qg_paper_dataset_of(&rows, kept, r, c));
    QG_TRY(qg_names_read(&phenomenon, &n, r, path));
    QG_TRY(qg_paper_list(&first, r, c, "/datasets/{dataset}/pairs/first_row", "minimal_pair"));
    QG_TRY(qg_paper_list(&second, r, c, "/datasets/{dataset}/pairs/second_row", "minimal_pair"));
    QG_TRY(qg_paper_matrix(&probability, r, c,
                           "/predictions/{model}/{dataset}/{precision}/probabilities", NULL, "row",
                           "class"));
    QG_TRY(qg_paper_list(&predicted, r, c, "/predictions/{model}/{dataset}/{precision}/predicted",
                         "row"));
    if (!first.x || !second.x || !probability.x || !predicted.x || first.rows != n)
        return QG_OK;
    for (int64_t i = 0; i < n; i++) {
        qg_value *v;
        double a = first.x[i], b = second.x[i];
        if (!(a >= 0 && b >= 0 && a < (double)rows->n && b < (double)rows->n))
            continue;
        QG_TRY(qg_table_add_row(&v, t));
        qg_paper_variant(v, c, NULL);
        v += QG_VARIANT;
        v[0].number = (double)i;
        v[1].text = phenomenon[i];
        put_text(v + 2, rows, &probability, &predicted, (int64_t)a);
        put_text(v + 6, rows, &probability, &predicted, (int64_t)b);
        v[10].number = strcmp(v[3].text, v[4].text) == 0 && strcmp(v[7].text, v[8].text) == 0;
    }
    return QG_OK;
}

qg_code qg_table_probe_pairs(qg_table *t, qg_reading *r, const qg_read_cell *none)
{
    static const qg_column columns[] = {
        QG_VARIANT_COLUMNS,
        {"pair", NULL, QG_SIGNIFICANT, 9},
        {"phenomenon", NULL, QG_TEXT, 0},
        {"first text", NULL, QG_TEXT, 0},
        {"first expected", NULL, QG_TEXT, 0},
        {"first predicted", NULL, QG_TEXT, 0},
        {"first confidence", NULL, QG_FIXED, 4},
        {"second text", NULL, QG_TEXT, 0},
        {"second expected", NULL, QG_TEXT, 0},
        {"second predicted", NULL, QG_TEXT, 0},
        {"second confidence", NULL, QG_FIXED, 4},
        {"success", NULL, QG_FIXED, 0},
    };
    qg_paper_dataset kept = {0};
    (void)none;
    QG_TRY(qg_table_add_columns(t, QG_ARRAY_AND_SIZE(columns)));
    for (int i = 0; i < r->n; i++)
        if (qg_paper_is(&r->cell[i], "predict"))
            QG_TRY(add_pairs(t, r, &r->cell[i], &kept));
    return QG_OK;
}
