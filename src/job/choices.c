/*
 * choices.c - lists of names of what the job has: which of its methods, experiments, precisions.
 */
#include "reader.h"

#include "qgrid/str.h"

#include <string.h>

/* A name that the job's methods have not; nothing where some of these are mistaken themselves. */
static void note_unknown_method(qg_job_reader *r, const qg_json *at, bool all_known)
{
    const qg_explain_options *o = &r->job->explain;
    const char *names[QG_MAX_METHODS + 1] = {NULL};
    char known[256];
    for (int i = 0; i < o->n_methods; i++)
        names[i] = o->methods[i].name;
    if (at->type != QG_JSON_STRING)
        QG_WRONG(r, at, "found %s, the name of a method is expected", qg_json_kind(at));
    else if (o->n_methods == 0 && all_known)
        QG_WRONG(r, at, "'%s' is not the name of one of the job's methods: it has no \"explain\"",
                 at->string);
    else if (all_known)
        QG_WRONG(r, at, "'%s' is not the name of one of the job's methods: %s", at->string,
                 qg_join_names(known, sizeof known, names));
}

void qg_job_choose_methods(bool *chosen, qg_job_reader *r, const qg_json *v, bool all)
{
    const qg_explain_options *o = &r->job->explain;
    const qg_json *methods = qg_json_get(qg_json_get(r->job->doc.root, "explain"), "methods");
    bool all_known = !methods || methods->count == o->n_methods;
    for (int i = 0; i < o->n_methods && !v; i++)
        chosen[i] = all;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        int found = m->type == QG_JSON_STRING
                        ? qg_method_spec_find(o->methods, o->n_methods, m->string)
                        : -1;
        if (found >= 0)
            chosen[found] = true;
        else
            note_unknown_method(r, m, all_known);
    }
}

void qg_job_choose_experiments(bool *chosen, qg_job_reader *r, const qg_json *v)
{
    const qg_job *job = r->job;
    for (int i = 0; i < job->n_experiments && !v; i++)
        chosen[i] = true;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        const qg_seed_group *of = NULL;
        if (m->type == QG_JSON_STRING)
            of = qg_job_experiments(r, m);
        else
            QG_WRONG(r, m, "found %s, the name of an experiment is expected", qg_json_kind(m));
        for (int i = 0; of && i < (of->n ? of->n : 1); i++)
            chosen[of->first + i] = true;
    }
}

static void note_unknown_precision(qg_job_reader *r, const qg_json *at)
{
    const qg_job *job = r->job;
    char known[256] = "";
    for (int i = 0; i < job->n_precisions; i++) {
        size_t n = strlen(known);
        snprintf(known + n, sizeof known - n, "%s%s", n ? ", " : "", job->precisions[i].name);
    }
    if (at->type != QG_JSON_STRING)
        QG_WRONG(r, at, "found %s, the name of a precision is expected", qg_json_kind(at));
    else
        QG_WRONG(r, at, "'%s' is not the name of one of the job's precisions: %s", at->string,
                 known);
}

void qg_job_choose_precisions(bool *chosen, qg_job_reader *r, const qg_json *v)
{
    const qg_job *job = r->job;
    int reference = qg_job_reference(job);
    for (int i = 0; i < job->n_precisions && !v; i++)
        chosen[i] = i != reference;
    if (!v || !qg_job_check_members(r, v, QG_JSON_ARRAY))
        return;
    for (const qg_json *m = v->child; m; m = m->next) {
        int found = -1;
        for (int i = 0; i < job->n_precisions && m->type == QG_JSON_STRING; i++)
            if (strcmp(job->precisions[i].name, m->string) == 0)
                found = i;
        if (found < 0)
            note_unknown_precision(r, m);
        else if (found == reference)
            QG_WRONG(r, m, "'%s' is what the others are compared with", m->string);
        else
            chosen[found] = true;
    }
}
