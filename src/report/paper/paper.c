/*
 * paper.c - what the tables of a paper share.
 */
#include "paper.h"

void qg_paper_variant(qg_value *v, const qg_read_cell *c, const char *precision)
{
    v[0].text = c->experiment;
    v[1].text = c->model;
    v[2].text = c->dataset;
    v[3].text = precision ? precision : c->precision;
    v[4].number = (double)c->seed;
}

bool qg_paper_is(const qg_read_cell *c, const char *kind)
{
    return strcmp(c->kind, kind) == 0 && c->state == QG_STATE_DONE;
}

qg_code qg_paper_matrix(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                        const char *blocks, const char *rows, const char *columns)
{
    char *path;
    QG_TRY(qg_reading_path(&path, r, pattern, c));
    return qg_matrix_read(out, r, path, blocks, rows, columns);
}

qg_code qg_paper_list(qg_matrix *out, qg_reading *r, const qg_read_cell *c, const char *pattern,
                      const char *scale)
{
    return qg_paper_matrix(out, r, c, pattern, NULL, scale, NULL);
}

const qg_read_cell *qg_paper_find(const qg_reading *r, const char *kind, const char *experiment,
                                  const char *precision, const char *method)
{
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (qg_paper_is(c, kind) && strcmp(c->experiment, experiment) == 0 &&
            strcmp(c->precision, precision) == 0 && strcmp(c->method, method) == 0)
            return c;
    }
    return NULL;
}

qg_code qg_paper_reference(const char **out, qg_reading *r, const qg_read_cell *c)
{
    char *group, *name;
    *out = NULL;
    QG_TRY(qg_reading_path(&group, r, "/comparisons/{model}/{dataset}/reference", c));
    if (!qg_store_has(r->store, group))
        return QG_OK;
    QG_TRY(qg_store_attr_text(&name, r->store, r->arena, group, "reference"));
    *out = name;
    return QG_OK;
}

double qg_paper_metric(qg_reading *r, const qg_read_cell *c, const char *name)
{
    char group[512];
    snprintf(group, sizeof group, "/metrics/%s/%s/%s", c->model, c->dataset, c->precision);
    return qg_reading_f64(r, group, name);
}

qg_code qg_paper_cost(double *bytes, double *ms, qg_reading *r, const qg_read_cell *c)
{
    char *group;
    qg_matrix m;
    QG_TRY(qg_reading_path(&group, r, "/models/{model}/{precision}", c));
    *bytes = qg_table_count(r, group, "size_bytes");
    QG_TRY(qg_paper_matrix(&m, r, c, "/timing/latency/{model}/{dataset}/{precision}/summary", NULL,
                           "batch_size", "statistic"));
    *ms = m.x && m.rows > 0 ? qg_matrix_at(&m, NULL, m.row[0], "median") : (double)NAN;
    return QG_OK;
}

qg_code qg_paper_each(qg_table *t, qg_reading *r, const char *kind, qg_paper_add *add)
{
    for (int i = 0; i < r->n; i++)
        if (qg_paper_is(&r->cell[i], kind))
            QG_TRY(add(t, r, &r->cell[i]));
    return QG_OK;
}

qg_code qg_paper_dataset_of(const qg_paper_rows **out, qg_paper_dataset *kept, qg_reading *r,
                            const qg_read_cell *c)
{
    qg_paper_rows *rows = &kept->rows;
    *out = rows;
    if (kept->name && strcmp(kept->name, c->dataset) == 0)
        return QG_OK;
    char *text, *id;
    qg_matrix label;
    int64_t n;
    QG_TRY(qg_reading_path(&text, r, "/datasets/{dataset}/text", c));
    QG_TRY(qg_reading_path(&id, r, "/datasets/{dataset}/sample_id", c));
    QG_TRY(qg_names_read(&rows->text, &rows->n, r, text));
    QG_TRY(qg_names_read(&rows->id, &n, r, id));
    QG_TRY(qg_paper_list(&label, r, c, "/datasets/{dataset}/label", "row"));
    if (n != rows->n || !label.x || label.rows != n)
        return QG_FAIL_AT(QG_ESTORE, r->path, 0, 0, text,
                          "has not as many rows as its ids, labels");
    rows->label = label.x;
    kept->name = c->dataset;
    return QG_OK;
}

qg_code qg_paper_explained(const double **out, int64_t *n, qg_reading *r, const qg_read_cell *c,
                           const qg_paper_rows *rows)
{
    qg_matrix row;
    QG_TRY(qg_paper_list(&row, r, c, "/explained/{model}/{dataset}/row", "explained"));
    for (int64_t i = 0; row.x && i < row.rows; i++)
        if (!(row.x[i] >= 0 && row.x[i] < (double)rows->n))
            row.x[i] = -1;
    *out = row.x;
    *n = row.x ? row.rows : 0;
    return QG_OK;
}
