/*
 * mend.c - what of a results file does not fit its checksums, and what is computed again for it.
 *
 *     damaged field of a cell      -> the cell as it was before the study: its fields, its units;
 *                                     what sums it up is open
 *                   of the states  -> what other fields say of them, else open
 *                   that is known  -> what the plan says
 *     field that was being written -> its cell is open; units whose own checksums do not hold, too
 *
 * States are taken back before data are: whatever dies in between, what is done is there.
 */
#include "qgrid/mend.h"

#include "qgrid/log.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_TOLD = 10 };

/* Whose results a group holds: a cell's, or those of a unit that belongs to none; -1 otherwise. */
typedef struct owner {
    const char *group;
    int cell, unit;
} owner;

typedef struct finding {
    const char *path;
    bool damaged; /* else it was being written */
} finding;

typedef struct mending {
    qg_results *r;
    finding *found; /* by path */
    int n, cap;
    const qg_field **field; /* [n_fields] by path */
    int n_fields;
    owner *owner; /* [n_owners] by group; room for all */
    int n_owners;
    qg_group_ref *group;                               /* room for those of a cell */
    bool *reset;                                       /* [n_cells] */
    bool unit_state, unit_sum, cell_state, cell_error; /* what is not known any more */
} mending;

static int by_path(const void *a, const void *b)
{
    return strcmp((*(const qg_field *const *)a)->path, (*(const qg_field *const *)b)->path);
}

static int by_group(const void *a, const void *b)
{
    return strcmp(((const owner *)a)->group, ((const owner *)b)->group);
}

static qg_code add_owner(mending *m, qg_group_ref ref, int cell, int unit)
{
    char path[1024];
    qg_group_path(path, sizeof path, m->r->plan->job, ref, NULL);
    const char *group = qg_arena_strdup(m->r->arena, path);
    m->owner[m->n_owners++] = (owner){group, cell, unit};
    return group ? QG_OK : QG_ENOMEM;
}

static qg_code add_cells(mending *m)
{
    const qg_plan *p = m->r->plan;
    for (int c = 0; c < p->n_cells; c++)
        for (int i = qg_layout_cell_groups(m->group, p, &p->cells[c]) - 1; i >= 0; i--)
            QG_TRY(add_owner(m, m->group[i], c, -1));
    return QG_OK;
}

static qg_code add_others(mending *m)
{
    const qg_plan *p = m->r->plan;
    for (int t = 0; t < p->n_tasks; t++)
        if (p->tasks[t].cell < 0)
            QG_TRY(add_owner(m, qg_task_group(p, &p->tasks[t], (qg_group)p->tasks[t].kind->group),
                             -1, p->tasks[t].first_unit));
    for (int e = 0; p->explained && e < p->job->n_experiments; e++) {
        const qg_experiment *x = &p->job->experiments[e];
        int of = qg_predict_cell(p, qg_job_root(p->job, e), qg_job_reference(p->job));
        QG_TRY(
            add_owner(m, (qg_group_ref){QG_GROUP_EXPLAINED, x->model, x->dataset, -1, -1}, of, -1));
    }
    return QG_OK;
}

static qg_code look_up(mending *m, const qg_layout *l)
{
    const qg_plan *p = m->r->plan;
    int most = qg_layout_most_cell_groups(p);
    QG_NEW(m->reset, m->r->arena, p->n_cells);
    QG_NEW(m->group, m->r->arena, most);
    QG_NEW(m->field, m->r->arena, l->n_fields);
    for (int i = 0; i < l->n_fields; i++)
        m->field[i] = &l->field[i];
    m->n_fields = l->n_fields;
    qsort(m->field, (size_t)l->n_fields, sizeof *m->field, by_path);
    int n = p->n_tasks + p->job->n_experiments;
    for (int c = 0; c < p->n_cells; c++)
        n += qg_layout_cell_groups(m->group, p, &p->cells[c]);
    QG_NEW(m->owner, m->r->arena, n);
    QG_TRY(add_cells(m));
    QG_TRY(add_others(m));
    qsort(m->owner, (size_t)m->n_owners, sizeof *m->owner, by_group);
    return QG_OK;
}

static const owner *owner_of(const mending *m, const char *path)
{
    char group[1024];
    const owner key = {.group = group};
    snprintf(group, sizeof group, "%.*s", (int)(strrchr(path, '/') - path), path);
    return bsearch(&key, m->owner, (size_t)m->n_owners, sizeof key, by_group);
}

/* The first field that is not before a path. */
static int place_of(const mending *m, const char *path)
{
    int low = 0, high = m->n_fields;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (strcmp(m->field[middle]->path, path) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static qg_code restore_group(mending *m, const char *group)
{
    size_t len = strlen(group);
    for (int i = place_of(m, group); i < m->n_fields; i++) {
        const qg_field *f = m->field[i];
        if (strncmp(f->path, group, len) != 0)
            break;
        if (f->path[len] == '/' && !strchr(f->path + len + 1, '/'))
            QG_TRY(qg_store_restore(m->r->store, f));
    }
    return QG_OK;
}

/* ----------------------------------------------------------------------------------------- units
 */

static qg_code holds(bool *out, qg_results *r, int unit)
{
    uint64_t sum;
    QG_TRY(qg_results_checksum(&sum, r, unit));
    *out = sum == r->checksum[unit];
    return QG_OK;
}

/* Finished units whose data are not what their checksums say. */
static qg_code check_units(qg_results *r)
{
    for (int u = 0; u < r->plan->n_units; u++) {
        bool sound;
        if (r->unit_state[u] != QG_STATE_DONE)
            continue;
        QG_TRY(holds(&sound, r, u));
        if (sound)
            continue;
        r->damaged_units++;
        QG_TRY(qg_results_reopen(r, u));
    }
    return QG_OK;
}

/* --------------------------------------------------------------------------------------- states */

/* A checksum that holds says that the unit is done, whatever its state is. */
static qg_code restore_units(mending *m)
{
    qg_results *r = m->r;
    const qg_group_ref g = qg_group_alone(QG_GROUP_UNITS);
    for (int u = 0; u < r->plan->n_units; u++) {
        bool has = r->plan->tasks[r->plan->units[u].task].kind->checksum, sound = false;
        if (has && r->checksum[u] != 0)
            QG_TRY(holds(&sound, r, u));
        if (m->unit_state)
            r->unit_state[u] = sound ? QG_STATE_DONE : QG_STATE_OPEN;
        else if (has && !sound && r->unit_state[u] == QG_STATE_DONE)
            r->unit_state[u] = QG_STATE_OPEN;
        if (r->unit_state[u] != QG_STATE_DONE)
            r->checksum[u] = 0;
        QG_TRY(r->unit_state[u] == QG_STATE_OPEN ? qg_results_reopen(r, u)
                                                 : qg_results_set_rows(r, u));
    }
    QG_TRY(qg_results_write(r, g, "state", QG_STORE_U8, NULL, NULL, r->unit_state));
    return qg_results_write(r, g, "checksum", QG_STORE_U64, NULL, NULL, r->checksum);
}

/* What failed has a reason: where that is lost, it is tried again. */
static qg_code restore_cells(mending *m)
{
    qg_results *r = m->r;
    const qg_plan *p = r->plan;
    const qg_group_ref g = qg_group_alone(QG_GROUP_CELLS);
    char(*error)[QG_ERROR_SIZE];
    if (m->cell_error)
        QG_TRY(qg_store_restore(r->store, m->field[place_of(m, "/cells/error")]));
    for (int u = 0; m->cell_error && u < p->n_units; u++)
        if (r->unit_state[u] == QG_STATE_FAILED)
            QG_TRY(qg_results_reopen(r, u));
    QG_NEW(error, r->arena, p->n_cells);
    QG_TRY(qg_results_read(r, g, "error", QG_STORE_STRING, NULL, NULL, error));
    for (int c = 0; c < p->n_cells; c++) {
        bool failed = error[c][0] && !m->unit_state;
        if (p->cells[c].skip)
            r->cell_state[c] = QG_STATE_SKIPPED;
        else if (m->cell_state)
            r->cell_state[c] = failed ? QG_STATE_FAILED : QG_STATE_OPEN;
        else if (r->cell_state[c] == QG_STATE_FAILED && !failed)
            r->cell_state[c] = QG_STATE_OPEN;
    }
    return qg_results_write(r, g, "state", QG_STORE_U8, NULL, NULL, r->cell_state);
}

/* Fields of the states are put back by what else there is. */
static bool is_of_states(mending *m, const char *path)
{
    const struct {
        const char *path;
        bool *unknown;
    } states[] = {{"/units/state", &m->unit_state},
                  {"/units/checksum", &m->unit_sum},
                  {"/cells/state", &m->cell_state},
                  {"/cells/error", &m->cell_error}};
    for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
        if (strcmp(path, states[i].path) == 0)
            return *states[i].unknown = true;
    return false;
}

/* ---------------------------------------------------------------------------------------- fields
 */

/* The cell's units and the cell are open before its fields are as they were. */
static qg_code reset_cell(mending *m, int cell)
{
    qg_results *r = m->r;
    const qg_plan *p = r->plan;
    char path[1024];
    int task = p->cells[cell].task;
    QG_TRY(qg_results_reopen_cell(r, cell));
    for (int u = 0; task >= 0 && u < p->tasks[task].n_units; u++)
        QG_TRY(qg_results_reopen(r, p->tasks[task].first_unit + u));
    for (int i = qg_layout_cell_groups(m->group, p, &p->cells[cell]) - 1; i >= 0; i--) {
        qg_group_path(path, sizeof path, p->job, m->group[i], NULL);
        QG_TRY(restore_group(m, path));
    }
    return QG_OK;
}

/* What was summed up of a cell is summed up again, and what of that. */
static qg_code reopen_sums(mending *m)
{
    const qg_plan *p = m->r->plan;
    for (int c = 0; c < p->n_cells; c++) {
        int first, end;
        qg_plan_summed_up(&first, &end, p, &p->cells[c]);
        for (int k = first; k < end && !m->reset[c]; k++)
            m->reset[c] = m->reset[k] && qg_cell_sums_up(p, &p->cells[c], &p->cells[k]);
        if (m->reset[c] && m->r->cell_state[c] != QG_STATE_OPEN)
            QG_TRY(qg_results_reopen_cell(m->r, c));
    }
    return QG_OK;
}

static qg_code mend_damaged(mending *m, const char *path)
{
    const owner *o = owner_of(m, path);
    int i = place_of(m, path);
    if (is_of_states(m, path) || i == m->n_fields || strcmp(m->field[i]->path, path) != 0 ||
        strcmp(path, QG_STORE_SUMS) == 0)
        return QG_OK;
    if (o && o->cell >= 0 && !m->reset[o->cell]) {
        m->reset[o->cell] = true;
        QG_TRY(reset_cell(m, o->cell));
    }
    if (o && o->unit >= 0)
        QG_TRY(qg_results_reopen(m->r, o->unit));
    return qg_store_restore(m->r->store, m->field[i]);
}

/* A cell is done when all its fields are there. */
static qg_code mend_open(mending *m, const char *path)
{
    const owner *o = owner_of(m, path);
    return o && o->cell >= 0 && m->r->cell_state[o->cell] == QG_STATE_DONE
               ? qg_results_reopen_cell(m->r, o->cell)
               : QG_OK;
}

static qg_code add_finding(void *ctx, const char *path, qg_store_sum sum)
{
    mending *m = ctx;
    if (m->n == m->cap) {
        int cap = m->cap ? 2 * m->cap : 64;
        finding *grown =
            qg_arena_grow(m->r->arena, m->found, (size_t)m->n, (size_t)cap, sizeof *grown);
        if (!grown)
            return QG_ENOMEM;
        m->found = grown;
        m->cap = cap;
    }
    m->found[m->n++] = (finding){path, sum == QG_SUM_DAMAGED};
    if (sum == QG_SUM_DAMAGED && m->r->damaged_fields++ < MOST_TOLD)
        qg_warn("%s is damaged", path);
    return QG_OK;
}

static qg_code mend(mending *m, const qg_layout *layout)
{
    bool any_open = false;
    QG_TRY(look_up(m, layout));
    for (int i = 0; i < m->n; i++)
        if (m->found[i].damaged)
            (void)is_of_states(m, m->found[i].path);
    if (m->unit_state || m->unit_sum)
        QG_TRY(restore_units(m));
    if (m->cell_state || m->cell_error)
        QG_TRY(restore_cells(m));
    for (int i = 0; i < m->n; i++) {
        QG_TRY((m->found[i].damaged ? mend_damaged : mend_open)(m, m->found[i].path));
        any_open = any_open || !m->found[i].damaged;
    }
    QG_TRY(reopen_sums(m));
    return any_open ? check_units(m->r) : QG_OK;
}

qg_code qg_results_mend(qg_results *r, const qg_layout *layout)
{
    mending m = {.r = r};
    int64_t n;
    QG_TRY(qg_store_check_all(&n, r->store, add_finding, &m));
    if (n == 0) /* a file without checksums */
        return check_units(r);
    return m.n ? mend(&m, layout) : QG_OK;
}
