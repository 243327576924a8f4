/*
 * changes.c - what changed between a results file and a plan.
 *
 * A cell's key says whether its result is still valid. When keys differ, the hashes of models and
 * data sets in /environment tell which input is to blame.
 */
#include "changes.h"

#include "changes_index.h"
#include "layout_fit.h"
#include "qgrid/reading.h"
#include "qgrid/str.h"
#include "qgrid/units_read.h"

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

int qg_old_cells_find(const qg_old_cells *o, const char *name, int guess)
{
    for (int i = 0; i < o->n; i++) {
        int k = (int)(((int64_t)guess + i) % o->n);
        if (strcmp(o->name + (size_t)k * NAME_SIZE, name) == 0)
            return k;
    }
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
        int k = qg_old_cells_find(o, plan->cells[i].name, i);
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

/* What differs in the plan. */
static qg_code changed_plan(qg_str *text, qg_store *s, qg_arena *a, const qg_plan *plan)
{
    char *job_name;
    qg_old_cells o;
    QG_TRY(qg_store_attr_text(&job_name, s, a, "/", "job_name"));
    QG_TRY(qg_old_cells_read(&o, s, a));
    if (job_name && strcmp(job_name, plan->job->name) != 0)
        qg_str_addf(text, "it belongs to job '%s', this is '%s'", job_name, plan->job->name);
    QG_TRY(changed_inputs(text, s, a, plan));
    changed_cells(text, &o, plan);
    if (text->len == 0)
        qg_str_add(text, "unit_tokens or \"recommend\" are others");
    return QG_OK;
}

/* What differs in the layout; of the same plan a file that does not say its schema has to have
 * every dataset. */
static qg_code changed_layout(const char **text, qg_store *s, qg_arena *a, const qg_layout *layout,
                              bool same_plan)
{
    char *schema;
    const qg_field *misfit = NULL;
    QG_TRY(qg_schema_differences(text, s, a));
    QG_TRY(qg_file_schema_hash(&schema, s, a));
    if (!*text && !schema && same_plan)
        QG_TRY(qg_layout_misfit(&misfit, s, layout));
    if (misfit && !(*text = qg_arena_printf(a, "%s is not there in this program's type and shape",
                                            misfit->path)))
        return QG_ENOMEM;
    return QG_OK;
}

qg_code qg_check_unchanged(qg_store *s, qg_arena *a, const char *path, const qg_plan *plan,
                           const qg_layout *layout)
{
    char *hash;
    const char *other;
    qg_str inputs = {0};
    QG_TRY(qg_store_attr_text(&hash, s, a, "/", "plan_hash"));
    bool same_plan = hash && strcmp(hash, plan->hash) == 0;
    QG_TRY(changed_layout(&other, s, a, layout, same_plan));
    qg_code rc = same_plan ? QG_OK : changed_plan(&inputs, s, a, plan);
    if (rc == QG_OK && (other || !same_plan))
        rc = QG_FAIL_AT(
            QG_ECHANGED, path, 0, 0, NULL, "%s%s%s%s%s",
            other ? "is of another version of the layout: " : "", other ? other : "",
            other && !same_plan ? "; and it " : "",
            same_plan ? "" : "was made from other inputs: ", same_plan ? "" : inputs.data);
    qg_str_fini(&inputs);
    return rc;
}

/* Copies a whole dataset when both files have it with the same shape. */
static qg_code copy_field(qg_store *to, qg_store *from, qg_arena *a, const qg_field *f)
{
    bool fits;
    size_t n = f->type == QG_STORE_STRING ? f->string_size : 8;
    QG_TRY(qg_field_fits(&fits, from, f));
    if (!fits)
        return QG_OK;
    for (int k = 0; k < f->ndim; k++)
        QG_TRY(qg_mul_size(&n, n, (size_t)f->shape[k]));
    qg_mark m = qg_arena_mark(a);
    void *data = qg_arena_alloc(a, n, 1);
    qg_code rc = data ? qg_store_read(from, f->path, f->type, NULL, NULL, data) : QG_ENOMEM;
    if (rc == QG_OK && n > 0)
        rc = qg_store_write(to, f->path, f->type, NULL, NULL, data);
    qg_arena_release(a, m);
    return rc;
}

static qg_code copy_group(qg_store *to, qg_store *from, qg_arena *a, const qg_changes_index *x,
                          const char *group)
{
    char below[1030];
    size_t len = (size_t)snprintf(below, sizeof below, "%s/", group);
    for (int i = qg_first_field(x, below); i < x->n_fields; i++) {
        if (strncmp(x->field[i]->path, below, len) != 0)
            break;
        QG_TRY(copy_field(to, from, a, x->field[i]));
    }
    return QG_OK;
}

/* Taking over the work of one cell: its units, and the group of its results. */
typedef struct taking {
    qg_store *to, *from;
    qg_arena *arena;
    const qg_plan *plan;
    const qg_cell *cell;
    const qg_plan_task *task;
    const qg_read_units *units;
    const qg_changes_index *index;
    char group[1024];
} taking;

/* What is known of each row: done only where the old unit's checksum still holds. */
static qg_code sound_rows(uint8_t *rows, int64_t n, const taking *k)
{
    const qg_read_units *o = k->units;
    for (int i = qg_first_unit_of(k->index, k->cell->name); i < o->n; i++) {
        int u = k->index->unit[i];
        uint64_t sum = o->checksum[u];
        if (strcmp(o->cell[u], k->cell->name) != 0)
            break;
        if (o->state[u] == QG_STATE_OPEN)
            continue;
        if (o->first[u] < 0 || o->count[u] < 0 || o->count[u] > n - o->first[u])
            return QG_FAIL(QG_ESTORE, "/units is damaged: unit %d lies outside its data set", u);
        if (o->state[u] == QG_STATE_DONE)
            QG_TRY(k->task->kind->checksum(&sum, k->from, k->arena, k->group, o->first[u],
                                           o->count[u]));
        if (sum == o->checksum[u])
            memset(rows + o->first[u], o->state[u], (size_t)o->count[u]);
    }
    return QG_OK;
}

static qg_code set_unit(const taking *k, int64_t unit, uint8_t state, uint64_t sum)
{
    int64_t one = 1;
    QG_TRY(qg_store_write(k->to, "/units/checksum", QG_STORE_U64, &unit, &one, &sum));
    return qg_store_write(k->to, "/units/state", QG_STORE_U8, &unit, &one, &state);
}

/* Units may be cut in another way now: their states follow from the rows'. */
static qg_code take_rows(const taking *k)
{
    const qg_plan_task *t = k->task;
    const qg_unit *units = k->plan->units;
    int64_t n = 0;
    char path[1100];
    uint8_t *rows;
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++)
        n += units[u].count;
    QG_NEW(rows, k->arena, n);
    QG_TRY(sound_rows(rows, n, k));
    snprintf(path, sizeof path, "%s/state", k->group);
    QG_TRY(qg_store_write(k->to, path, QG_STORE_U8, NULL, NULL, rows));
    for (int u = t->first_unit; u < t->first_unit + t->n_units; u++) {
        const qg_unit *x = &units[u];
        uint8_t state = rows[x->first];
        uint64_t sum = 0;
        for (int64_t r = x->first; r < x->first + x->count; r++)
            if (rows[r] != state)
                state = QG_STATE_OPEN;
        if (state == QG_STATE_DONE)
            QG_TRY(t->kind->checksum(&sum, k->to, k->arena, k->group, x->first, x->count));
        QG_TRY(set_unit(k, u, state, sum));
    }
    return QG_OK;
}

/* Work that is a single unit. Where it has a checksum and the old data no longer fit it, it stays
 * open. */
static qg_code take_whole(qg_state *state, const taking *k)
{
    const qg_read_units *o = k->units;
    const qg_work_kind *kind = k->task->kind;
    uint64_t sum = 0;
    int at = qg_first_unit_of(k->index, k->cell->name);
    int old = at < o->n ? k->index->unit[at] : o->n;
    if (old < o->n && strcmp(o->cell[old], k->cell->name) != 0)
        old = o->n;
    if (*state == QG_STATE_DONE && kind->checksum)
        QG_TRY(kind->checksum(&sum, k->from, k->arena, k->group, 0, 1));
    if (*state == QG_STATE_DONE && kind->checksum && (old == o->n || o->checksum[old] != sum))
        *state = QG_STATE_OPEN;
    if (*state != QG_STATE_DONE)
        sum = 0;
    else if (kind->checksum) /* of the datasets that it has now */
        QG_TRY(kind->checksum(&sum, k->to, k->arena, k->group, 0, 1));
    return set_unit(k, k->task->first_unit, (uint8_t)*state, sum);
}

/* The groups where the results of a kind of cell are; NONE: it is soon computed anew. */
static const qg_group taken[][2] = {
#define QG_CELL_KIND(id, name, work, key, sums_up, sides, nothing, finish, results, group,         \
                     and_group)                                                                    \
    {QG_GROUP_##group, QG_GROUP_##and_group},
#include "qgrid/cell_kinds.def"
#undef QG_CELL_KIND
};

/* Path of the i-th of them; returns false behind the last. */
static bool taken_path(char *out, size_t size, const taking *k, int i)
{
    const qg_group *group = taken[k->cell->kind];
    if (i == 2 || group[i] == QG_GROUP_NONE)
        return false;
    qg_group_path(out, size, k->plan->job, qg_cell_group(k->plan, k->cell, group[i]), NULL);
    return true;
}

/* Whether the old file has of a cell what this program would write, undamaged. A training is taken
 * for its course: the metrics of its epochs that it lacks stay undefined. */
static qg_code groups_fit(bool *fit, const taking *k, const qg_layout *layout)
{
    char path[1024];
    bool damaged = false;
    const qg_work_kind *work = qg_cell_work(k->cell->kind);
    for (int i = 0; !damaged && taken_path(path, sizeof path, k, i); i++)
        QG_TRY(qg_store_check_below(&damaged, k->from, path));
    *fit = !damaged;
    if (work && work->trains)
        return QG_OK;
    for (int i = 0; *fit && taken_path(path, sizeof path, k, i); i++)
        QG_TRY(qg_group_fits(fit, k->from, k->arena, layout, path));
    return QG_OK;
}

static qg_code copy_groups(const taking *k)
{
    char path[1024];
    for (int i = 0; taken_path(path, sizeof path, k, i); i++)
        QG_TRY(copy_group(k->to, k->from, k->arena, k->index, path));
    return QG_OK;
}

/* Metrics are computed anew (they may compare with a new fp32), so cells of rows stay open. */
static qg_code take_cell(taking *k, const qg_old_cells *o, int old, const qg_layout *layout)
{
    int64_t at = k->cell - k->plan->cells, one = 1;
    qg_state state = (qg_state)o->state[old];
    bool fit;
    QG_TRY(groups_fit(&fit, k, layout));
    if (!fit) /* computed anew */
        return QG_OK;
    QG_TRY(copy_groups(k));
    if (k->cell->task >= 0 && k->plan->tasks[k->cell->task].cell == at) { /* its own units */
        k->task = &k->plan->tasks[k->cell->task];
        qg_group_path(k->group, sizeof k->group, k->plan->job,
                      qg_cell_group(k->plan, k->cell, k->task->kind->group), NULL);
        QG_TRY(k->task->kind->rows ? take_rows(k) : take_whole(&state, k));
        if (k->task->kind->rows && state == QG_STATE_DONE)
            return QG_OK;
    }
    uint8_t value = (uint8_t)state;
    QG_TRY(qg_store_write(k->to, "/cells/error", QG_STORE_STRING, &at, &one,
                          o->error + (size_t)old * QG_ERROR_SIZE));
    return qg_store_write(k->to, "/cells/state", QG_STORE_U8, &at, &one, &value);
}

/* Which cells and units there were, and what is known of them. */
static qg_code check_lists(qg_store *from)
{
    static const char *const group[] = {"/cells", "/units"};
    for (size_t i = 0; i < sizeof group / sizeof group[0]; i++) {
        bool damaged;
        QG_TRY(qg_store_check_below(&damaged, from, group[i]));
        if (damaged)
            return QG_FAIL_AT(QG_ESTORE, NULL, 0, 0, group[i],
                              "is damaged: what is still valid is not known. Use --fresh to start "
                              "again, or run the job that the file was made from to mend it");
    }
    return QG_OK;
}

qg_code qg_take_over(qg_store *to, qg_store *from, qg_arena *a, const qg_plan *plan,
                     const qg_layout *layout)
{
    qg_old_cells o;
    qg_read_units units;
    qg_changes_index index;
    QG_TRY(check_lists(from));
    QG_TRY(qg_old_cells_read(&o, from, a));
    QG_TRY(qg_units_read(&units, from, a));
    QG_TRY(qg_changes_index_make(&index, a, layout, &units));
    for (int i = 0; i < plan->n_cells; i++) {
        const qg_cell *c = &plan->cells[i];
        int old = qg_old_cells_find(&o, c->name, i);
        if (old < 0 || strcmp(old_key(&o, old), c->key) != 0 || c->skip ||
            taken[c->kind][0] == QG_GROUP_NONE)
            continue;
        taking k = {.to = to,
                    .from = from,
                    .arena = a,
                    .plan = plan,
                    .cell = c,
                    .units = &units,
                    .index = &index};
        qg_mark m = qg_arena_mark(a);
        QG_TRY(take_cell(&k, &o, old, layout));
        qg_arena_release(a, m);
    }
    return QG_OK;
}
