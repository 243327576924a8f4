/*
 * changes.c - what changed between a results file and a plan.
 *
 * A cell's key says whether its result is still valid. When keys differ, the hashes of models and
 * data sets in /environment tell which input is to blame.
 */
#include "changes.h"

#include "qgrid/reading.h"
#include "qgrid/str.h"
#include "units/results_explain.h"

#include <stdlib.h>
#include <string.h>

enum { NAME_SIZE = 2 * QG_NAME_SIZE };

static qg_code read_strings(char **out, qg_store *s, qg_arena *a, const char *path, int n,
                            size_t size)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, path));
    if (info.type != QG_STORE_STRING || info.string_size != size || info.ndim != 1 ||
        info.shape[0] != n)
        return QG_FAIL(QG_ESTORE, "%s is not what this version of qgrid writes", path);
    QG_NEW(*out, a, (size_t)n * size);
    QG_TRY(qg_store_read(s, path, QG_STORE_STRING, NULL, NULL, *out));
    for (int i = 0; i < n; i++)
        (*out)[(size_t)i * size + size - 1] = 0;
    return QG_OK;
}

qg_code qg_old_cells_read(qg_old_cells *out, qg_store *s, qg_arena *a)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, "/cells/state"));
    if (info.type != QG_STORE_U8 || info.ndim != 1 || info.shape[0] > 10000000)
        return QG_FAIL(QG_ESTORE, "/cells/state is not what this version of qgrid writes");
    out->n = (int)info.shape[0];
    QG_NEW(out->state, a, out->n);
    QG_TRY(qg_store_read(s, "/cells/state", QG_STORE_U8, NULL, NULL, out->state));
    QG_TRY(read_strings(&out->name, s, a, "/cells/name", out->n, NAME_SIZE));
    QG_TRY(read_strings(&out->key, s, a, "/cells/key", out->n, QG_NAME_SIZE));
    return read_strings(&out->error, s, a, "/cells/error", out->n, QG_ERROR_SIZE);
}

int qg_old_cells_find(const qg_old_cells *o, const char *name)
{
    for (int i = 0; i < o->n; i++)
        if (strcmp(o->name + (size_t)i * NAME_SIZE, name) == 0)
            return i;
    return -1;
}

static const char *old_key(const qg_old_cells *o, int i)
{
    return o->key + (size_t)i * QG_NAME_SIZE;
}

static qg_code changed_inputs(qg_str *text, qg_store *s, qg_arena *a, const qg_plan *plan)
{
    const qg_job *job = plan->job;
    for (int i = 0; i < job->n_models + job->n_datasets; i++) {
        bool model = i < job->n_models;
        int k = model ? i : i - job->n_models;
        const char *name = model ? job->models[k].name : job->datasets[k].name;
        const char *now = model ? plan->models[k].hash : plan->datasets[k].data.sha256;
        char *old, *attr = qg_arena_printf(a, "sha256_%s_%s", model ? "model" : "dataset", name);
        if (!attr)
            return QG_ENOMEM;
        QG_TRY(qg_store_attr_text(&old, s, a, "/environment", attr));
        if (old && strcmp(old, now) != 0)
            qg_str_addf(text, "%s%s %s has other content", text->len ? "; " : "",
                        model ? "model" : "dataset", name);
    }
    return QG_OK;
}

static void changed_cells(qg_str *text, const qg_old_cells *o, const qg_plan *plan)
{
    int added = 0, changed = 0, removed = 0;
    const char *first_added = "", *first_changed = "";
    for (int i = 0; i < plan->n_cells; i++) {
        int k = qg_old_cells_find(o, plan->cells[i].name);
        if (k < 0 && added++ == 0)
            first_added = plan->cells[i].name;
        else if (k >= 0 && strcmp(old_key(o, k), plan->cells[i].key) != 0 && changed++ == 0)
            first_changed = plan->cells[i].name;
    }
    removed = o->n - (plan->n_cells - added);
    if (changed)
        qg_str_addf(text, "%s%d cells change (%s, ...)", text->len ? "; " : "", changed,
                    first_changed);
    if (added)
        qg_str_addf(text, "%s%d cells are new (%s, ...)", text->len ? "; " : "", added,
                    first_added);
    if (removed)
        qg_str_addf(text, "%s%d cells are no longer in the job", text->len ? "; " : "", removed);
}

qg_code qg_check_unchanged(qg_store *s, qg_arena *a, const char *path, const qg_plan *plan)
{
    char *hash;
    QG_TRY(qg_store_attr_text(&hash, s, a, "/", "plan_hash"));
    if (hash && strcmp(hash, plan->hash) == 0)
        return QG_OK;
    char *job_name;
    qg_str text = {0};
    qg_old_cells o;
    QG_TRY(qg_store_attr_text(&job_name, s, a, "/", "job_name"));
    QG_TRY(qg_old_cells_read(&o, s, a));
    if (job_name && strcmp(job_name, plan->job->name) != 0)
        qg_str_addf(&text, "it belongs to job '%s', this is '%s'", job_name, plan->job->name);
    qg_code rc = changed_inputs(&text, s, a, plan);
    changed_cells(&text, &o, plan);
    if (text.len == 0)
        qg_str_add(&text, "the work is cut in another way (unit_tokens)");
    if (rc == QG_OK)
        rc = QG_FAIL_AT(QG_ECHANGED, path, 0, 0, NULL,
                        "was made from other inputs: %s. Use --accept-changes to keep what is "
                        "still valid, --fresh to start again, or --output",
                        text.data);
    qg_str_fini(&text);
    return rc;
}

/* Copies a whole dataset when both files have it with the same shape. */
static qg_code copy_field(qg_store *to, qg_store *from, qg_arena *a, const qg_field *f)
{
    qg_store_info info;
    size_t n = f->type == QG_STORE_STRING ? f->string_size : 8;
    if (!qg_store_has(from, f->path))
        return QG_OK;
    QG_TRY(qg_store_describe(&info, from, f->path));
    if (info.type != f->type || info.ndim != f->ndim ||
        (f->type == QG_STORE_STRING && info.string_size != f->string_size))
        return QG_OK;
    for (int k = 0; k < f->ndim; k++) {
        if (info.shape[k] != f->shape[k])
            return QG_OK;
        QG_TRY(qg_mul_size(&n, n, (size_t)f->shape[k]));
    }
    qg_mark m = qg_arena_mark(a);
    void *data = qg_arena_alloc(a, n, 1);
    qg_code rc = data ? qg_store_read(from, f->path, f->type, NULL, NULL, data) : QG_ENOMEM;
    if (rc == QG_OK && n > 0)
        rc = qg_store_write(to, f->path, f->type, NULL, NULL, data);
    qg_arena_release(a, m);
    return rc;
}

static qg_code copy_group(qg_store *to, qg_store *from, qg_arena *a, const qg_layout *layout,
                          const char *group)
{
    size_t len = strlen(group);
    for (int i = 0; i < layout->n_fields; i++) {
        const qg_field *f = &layout->field[i];
        if (strncmp(f->path, group, len) == 0 && f->path[len] == '/')
            QG_TRY(copy_field(to, from, a, f));
    }
    return QG_OK;
}

/* Units of an old file. */
typedef struct old_units {
    int n;
    char *cell; /* [n][NAME_SIZE] */
    int64_t *first, *count;
    uint64_t *checksum;
    uint8_t *state;
} old_units;

static qg_code old_units_read(old_units *o, qg_store *s, qg_arena *a)
{
    qg_store_info info;
    QG_TRY(qg_store_describe(&info, s, "/units/state"));
    o->n = (int)info.shape[0];
    QG_NEW(o->first, a, o->n);
    QG_NEW(o->count, a, o->n);
    QG_NEW(o->checksum, a, o->n);
    QG_NEW(o->state, a, o->n);
    QG_TRY(read_strings(&o->cell, s, a, "/units/cell", o->n, NAME_SIZE));
    QG_TRY(qg_store_read(s, "/units/first", QG_STORE_I64, NULL, NULL, o->first));
    QG_TRY(qg_store_read(s, "/units/count", QG_STORE_I64, NULL, NULL, o->count));
    QG_TRY(qg_store_read(s, "/units/checksum", QG_STORE_U64, NULL, NULL, o->checksum));
    return qg_store_read(s, "/units/state", QG_STORE_U8, NULL, NULL, o->state);
}

/* What rows are: predictions, or explanations in slots. */
typedef struct row_kind {
    const char *group; /* of predictions, or "model/dataset/precision/method" */
    int K;             /* of predictions; 0: explanations */
} row_kind;

static qg_code rows_checksum(uint64_t *sum, qg_store *s, qg_arena *a, const row_kind *k,
                             int64_t first, int64_t count)
{
    return k->K ? qg_rows_checksum(sum, s, a, k->group, first, count, k->K)
                : qg_explanation_checksum(sum, s, a, k->group, first, count);
}

/* What is known of each row: done only where the old unit's checksum still holds. */
static qg_code sound_rows(uint8_t *rows, int64_t n, const old_units *o, const char *cell,
                          qg_store *from, qg_arena *a, const row_kind *k)
{
    for (int u = 0; u < o->n; u++) {
        uint64_t sum = o->checksum[u];
        if (strcmp(o->cell + (size_t)u * NAME_SIZE, cell) != 0 || o->state[u] == 0)
            continue;
        if (o->first[u] < 0 || o->count[u] < 0 || o->count[u] > n - o->first[u])
            return QG_FAIL(QG_ESTORE, "/units is damaged: unit %d lies outside its data set", u);
        if (o->state[u] == 1)
            QG_TRY(rows_checksum(&sum, from, a, k, o->first[u], o->count[u]));
        if (sum == o->checksum[u])
            memset(rows + o->first[u], o->state[u], (size_t)o->count[u]);
    }
    return QG_OK;
}

/* Units may be cut in another way now: their states follow from the rows'. */
static qg_code take_rows(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan,
                         const qg_cell *c, const old_units *o)
{
    char group[1024], path[1100];
    const qg_plan_task *t = &plan->tasks[c->task];
    bool explains = c->kind == QG_CELL_EXPLAIN;
    int64_t n = explains ? plan->explained[c->experiment].slots
                         : plan->datasets[plan->job->experiments[c->experiment].dataset].data.n;
    uint8_t *rows;
    QG_NEW(rows, a, n);
    qg_group_path(group, sizeof group, plan->job,
                  qg_cell_group(plan, c, explains ? QG_GROUP_ATTRIBUTIONS : QG_GROUP_PREDICTIONS),
                  NULL);
    row_kind k = {explains ? group + strlen("/attributions/") : group, explains ? 0 : plan->job->K};
    QG_TRY(sound_rows(rows, n, o, c->name, from, a, &k));
    snprintf(path, sizeof path, "%s/state", group);
    QG_TRY(qg_store_write(to, path, QG_STORE_U8, NULL, NULL, rows));
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++) {
        const qg_unit *x = &plan->units[u];
        uint8_t state = rows[x->first];
        uint64_t sum = 0;
        int64_t at = u, one = 1;
        for (int64_t r = x->first; r < x->first + x->count; r++)
            if (rows[r] != state)
                state = 0;
        if (state == 1)
            QG_TRY(rows_checksum(&sum, to, a, &k, x->first, x->count));
        QG_TRY(qg_store_write(to, "/units/checksum", QG_STORE_U64, &at, &one, &sum));
        QG_TRY(qg_store_write(to, "/units/state", QG_STORE_U8, &at, &one, &state));
    }
    return QG_OK;
}

static qg_code set_units(qg_store *to, const qg_plan_task *t, uint8_t state)
{
    for (int64_t u = t->first_unit, one = 1; u < t->first_unit + t->n_units; u++)
        QG_TRY(qg_store_write(to, "/units/state", QG_STORE_U8, &u, &one, &state));
    return QG_OK;
}

/* A finished training whose data no longer fit their checksum stays open. */
static qg_code take_training(uint8_t *state, qg_store *to, qg_arena *a, const qg_plan *plan,
                             const qg_cell *c, const old_units *o)
{
    char group[1024];
    int64_t at = plan->tasks[c->task].first_unit, one = 1;
    uint64_t sum;
    int old = 0;
    while (old < o->n && strcmp(o->cell + (size_t)old * NAME_SIZE, c->name) != 0)
        old++;
    qg_group_path(group, sizeof group, plan->job, qg_cell_group(plan, c, QG_GROUP_TRAINING), NULL);
    QG_TRY(qg_training_checksum(&sum, to, a, group));
    if (*state == QG_CELL_DONE && (old == o->n || o->checksum[old] != sum))
        *state = QG_CELL_OPEN;
    if (*state == QG_CELL_DONE)
        QG_TRY(qg_store_write(to, "/units/checksum", QG_STORE_U64, &at, &one, &sum));
    return set_units(to, &plan->tasks[c->task], *state);
}

/* The groups where the results of a cell are. */
static qg_code copy_groups(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan,
                           const qg_cell *c, const qg_layout *layout)
{
    static const struct {
        qg_cell_kind kind;
        qg_group group;
    } groups[] = {
        {QG_CELL_PREDICT, QG_GROUP_PREDICTIONS},  {QG_CELL_LATENCY, QG_GROUP_LATENCY},
        {QG_CELL_COMPARE, QG_GROUP_PAIRED},       {QG_CELL_TRAIN, QG_GROUP_TRAINING},
        {QG_CELL_EXPLAIN, QG_GROUP_ATTRIBUTIONS}, {QG_CELL_EXPLAIN, QG_GROUP_FAITHFULNESS}};
    char path[1024];
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        if (groups[i].kind != c->kind)
            continue;
        qg_group_path(path, sizeof path, plan->job, qg_cell_group(plan, c, groups[i].group), NULL);
        QG_TRY(copy_group(to, from, a, layout, path));
    }
    return QG_OK;
}

/* Metrics are computed anew (they may compare with a new fp32), so cells of rows stay open. */
static qg_code take_cell(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan, int cell,
                         const qg_old_cells *o, int old, const old_units *units,
                         const qg_layout *layout)
{
    const qg_cell *c = &plan->cells[cell];
    int64_t at = cell, one = 1;
    uint8_t state = o->state[old];
    bool rows = c->kind == QG_CELL_PREDICT || c->kind == QG_CELL_EXPLAIN;
    QG_TRY(copy_groups(to, from, a, plan, c, layout));
    if (rows)
        QG_TRY(take_rows(to, from, a, plan, c, units));
    else if (c->kind == QG_CELL_LATENCY)
        QG_TRY(set_units(to, &plan->tasks[c->task], state));
    else if (c->kind == QG_CELL_TRAIN)
        QG_TRY(take_training(&state, to, a, plan, c, units));
    if (rows && state == QG_CELL_DONE)
        return QG_OK;
    QG_TRY(qg_store_write(to, "/cells/error", QG_STORE_STRING, &at, &one,
                          o->error + (size_t)old * QG_ERROR_SIZE));
    return qg_store_write(to, "/cells/state", QG_STORE_U8, &at, &one, &state);
}

qg_code qg_take_over(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan,
                     const qg_layout *layout)
{
    qg_old_cells o;
    old_units units;
    QG_TRY(qg_old_cells_read(&o, from, a));
    QG_TRY(old_units_read(&units, from, a));
    for (int i = 0; i < plan->n_cells; i++) {
        int k = qg_old_cells_find(&o, plan->cells[i].name);
        if (k < 0 || strcmp(old_key(&o, k), plan->cells[i].key) != 0 ||
            plan->cells[i].kind == QG_CELL_SEEDS || plan->cells[i].skip ||
            plan->cells[i].kind == QG_CELL_EXPLANATIONS ||
            plan->cells[i].kind == QG_CELL_PAIR) /* soon computed anew */
            continue;
        qg_mark m = qg_arena_mark(a);
        QG_TRY(take_cell(to, from, a, plan, i, &o, k, &units, layout));
        qg_arena_release(a, m);
    }
    return QG_OK;
}
