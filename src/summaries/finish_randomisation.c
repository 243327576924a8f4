/*
 * finish_randomisation.c - closing a parameter-randomisation check: what it says of each text,
 * summed up.
 */
#include "finish.h"

#include "qgrid/drift.h"

/* A dataset [slots, width] summed up column by column, as [width, QG_SUMMARIES]. */
static qg_code sum_up(qg_results *r, const qg_cell *c, const char *name, const char *summary,
                      int64_t width)
{
    qg_group_ref g = qg_cell_group(r->plan, c, QG_GROUP_RANDOMISATION);
    int64_t slots = r->plan->explained[c->experiment].slots;
    double *v, *out;
    QG_NEW(v, r->scratch, slots * width);
    QG_NEW(out, r->scratch, width * QG_SUMMARIES);
    QG_TRY(qg_results_read(r, g, name, QG_STORE_F64, NULL, NULL, v));
    for (int64_t k = 0; k < width; k++)
        QG_TRY(
            qg_summarize(out + k * QG_SUMMARIES, v + k, slots, width, &r->resampler, r->scratch));
    return qg_results_write(r, g, summary, QG_STORE_F64, NULL, NULL, out);
}

qg_code qg_finish_randomisation(qg_results *r, const qg_cell *c)
{
    int64_t parts = qg_plan_random_parts(r->plan, c->experiment);
    QG_TRY(sum_up(r, c, "spearman", "summary", parts));
    QG_TRY(sum_up(r, c, "smooth_spearman", "smooth_summary", parts));
    return sum_up(r, c, "complexity_rise", "complexity_summary", 1);
}
