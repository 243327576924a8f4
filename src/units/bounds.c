/*
 * bounds.c - the least and the greatest AOPC that any order of a text's words reaches under a
 * precision: what the normalised AOPC of every method stands between.
 *
 *   search, specials, texts -> of each text a qg_aopc_bounds
 */
#include "explain_message.h"

#include "qgrid/aopc_bounds.h"

#include <math.h>
#include <string.h>

static qg_aopc_search search_of(const qg_plan *p)
{
    const qg_faithful_options *o = &p->job->explain.faithful;
    return (qg_aopc_search){
        .exact = (int)o->exact_words, .beam = (int)o->beam, .masking = o->masking};
}

static double passes(const qg_plan *p, const qg_cell *c, int words)
{
    qg_aopc_search how = search_of(p);
    (void)c;
    return qg_aopc_bounds_cost(&how, words);
}

static qg_code cut(qg_plan *p, qg_arena *a, int task)
{
    return qg_explain_cut(p, a, task, passes);
}

static qg_code put(qg_str *out, qg_results *r, int unit)
{
    const qg_plan *p = r->plan;
    const qg_cell *c = &p->cells[p->tasks[p->units[unit].task].cell];
    qg_aopc_search how = search_of(p);
    qg_specials specials = qg_tokenizer_specials(p->models[c->model].tokenizer);
    qg_wire_put(out, &how, sizeof how);
    qg_wire_put(out, &specials, sizeof specials);
    return qg_explain_put_texts(out, r, unit);
}

static qg_code search(qg_work_unit *u, const qg_aopc_search *how, const qg_explain_text *text,
                      int n, qg_specials specials)
{
    qg_explainable model = qg_explainable_of_model(u->model);
    qg_perturber *p;
    qg_sample *sample;
    int32_t *target;
    qg_aopc_bounds *bounds;
    QG_NEW(sample, u->arena, n);
    QG_NEW(target, u->arena, n);
    QG_NEW(bounds, u->arena, n);
    QG_TRY(qg_perturber_make(&p, u->arena, &model, specials, 0));
    for (int t = 0; t < n; t++) {
        target[t] = text[t].target;
        QG_TRY(qg_sample_make(&sample[t], u->arena, text[t].code, QG_FEATURE_WORD, text[t].key));
    }
    QG_TRY(qg_aopc_find_bounds(bounds, p, sample, target, n, how));
    qg_wire_put(u->out, bounds, (size_t)n * sizeof *bounds);
    return QG_OK;
}

static qg_code execute(qg_work_unit *u)
{
    qg_aopc_search how;
    qg_specials specials;
    qg_explain_text *text;
    qg_encoding *code;
    int n;
    qg_wire_get(u->in, &how, sizeof how);
    qg_wire_get(u->in, &specials, sizeof specials);
    if (how.exact < 0 || how.beam < 0 || how.exact > 1 << 20 || how.beam > 1 << 20 ||
        (int)how.masking < 0 || (int)how.masking >= QG_MASKINGS)
        return QG_FAIL(QG_EBUG, "a search for bounds of AOPC is out of bounds itself");
    QG_TRY(qg_explain_get_texts(&text, &code, &n, u));
    qg_model_set_poll(u->model, u->options->poll, u->options->poll_ctx);
    qg_code rc = search(u, &how, text, n, specials);
    qg_model_set_poll(u->model, NULL, NULL);
    return rc;
}

/* ------------------------------------------------------------------------------ the results file
 */

/* Slots of the group; the same bytes are summed up that are stored. */
typedef struct slots {
    int64_t first, n;
    int32_t *target;
    double *lower, *upper;
} slots;

static qg_code make_slots(slots *x, qg_arena *a)
{
    QG_NEW(x->target, a, x->n);
    for (int64_t i = 0; i < x->n; i++)
        x->target[i] = -1;
    QG_TRY(qg_undefined_numbers(&x->lower, a, x->n));
    return qg_undefined_numbers(&x->upper, a, x->n);
}

static qg_code transfer(uint64_t *sum, const slots *x, qg_store *s, const char *group, bool write)
{
    static const char *const name[] = {"target", "aopc_lower", "aopc_upper"};
    void *data[] = {x->target, x->lower, x->upper};
    qg_sha256 h;
    qg_sha256_init(&h);
    for (int i = 0; i < 3; i++) {
        char path[1200];
        qg_store_type type = i == 0 ? QG_STORE_I32 : QG_STORE_F64;
        snprintf(path, sizeof path, "%s/%s", group, name[i]);
        QG_TRY(write ? qg_store_write(s, path, type, &x->first, &x->n, data[i])
                     : qg_store_read(s, path, type, &x->first, &x->n, data[i]));
        qg_sha256_add(&h, data[i], (size_t)x->n * (i == 0 ? sizeof(int32_t) : sizeof(double)));
    }
    *sum = qg_checksum_final(&h);
    return QG_OK;
}

static qg_code checksum(uint64_t *out, qg_store *s, qg_arena *a, const char *group, int64_t first,
                        int64_t count)
{
    slots x = {.first = first, .n = count};
    if (first < 0 || count < 0)
        return QG_FAIL(QG_ESTORE, "/units is damaged: %s", group);
    QG_TRY(make_slots(&x, a));
    return transfer(out, &x, s, group, false);
}

static qg_code store(uint64_t *sum, qg_results *r, int unit, const qg_work_result *result)
{
    const qg_plan *p = r->plan;
    const qg_unit *u = &p->units[unit];
    const qg_cell *c = &p->cells[p->tasks[u->task].cell];
    qg_reader in = {.data = result->data, .size = result->size};
    slots x = {.first = u->first, .n = u->count};
    qg_explained rows;
    int32_t *target;
    char path[1024];
    QG_TRY(qg_explain_rows(&rows, &target, r, c));
    QG_TRY(make_slots(&x, r->scratch));
    for (int64_t i = 0; i < x.n; i++) {
        x.target[i] = target[x.first + i];
        if (rows.row[x.first + i] < 0)
            continue;
        qg_explain_get_numbers(&x.lower[i], &in, 1);
        qg_explain_get_numbers(&x.upper[i], &in, 1);
    }
    QG_TRY(qg_wire_end(&in));
    qg_group_path(path, sizeof path, p->job, qg_cell_group(p, c, QG_GROUP_BOUNDS), NULL);
    return transfer(sum, &x, r->store, path, true);
}

static void lacking(char *out, size_t size, const qg_plan *p, const qg_plan_task *t)
{
    snprintf(out, size, "%s failed", p->cells[t->cell].name);
}

const qg_work_kind qg_work_bounds = {
    .name = "bounds",
    .group = QG_GROUP_BOUNDS,
    .rows = true,
    .needs = qg_explain_needs,
    .cut = cut,
    .put = put,
    .execute = execute,
    .store = store,
    .checksum = checksum,
    .lacking = lacking,
};
