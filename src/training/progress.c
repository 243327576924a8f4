/*
 * progress.c - one line on a terminal, or a line now and then in a log.
 */
#include "progress.h"

#include "qgrid/clock.h"
#include "qgrid/log.h"

#include <math.h>

void qg_training_progress_start(qg_training_progress *p, qg_progress_style style, int epochs,
                                uint64_t steps, uint64_t done)
{
    *p = (qg_training_progress){
        .style = style, .epochs = epochs, .steps = steps, .done = done, .before = done};
    if (style == QG_PROGRESS_AUTO)
        p->style = qg_log_is_terminal() ? QG_PROGRESS_BAR : QG_PROGRESS_LOG;
    p->started = p->last_line = qg_clock();
}

void qg_training_progress_step(qg_training_progress *p, int epoch, const qg_step_report *s,
                               double seconds)
{
    char line[256], left[32];
    double now = qg_clock();
    bool bar = p->style == QG_PROGRESS_BAR;
    p->tokens += s->tokens;
    p->step_seconds += seconds;
    p->done++;
    if (p->style == QG_PROGRESS_NONE || now - p->last_line < (bar ? 0.2 : 30))
        return;
    p->last_line = now;
    double each = (now - p->started) / (double)(p->done - p->before);
    qg_format_seconds(left, sizeof left, each * (double)(p->steps - p->done));
    snprintf(line, sizeof line, "epoch %d/%d, step %llu/%llu, loss %.4f, %.0f tokens/s, %s left",
             epoch, p->epochs, (unsigned long long)p->done, (unsigned long long)p->steps, s->loss,
             p->step_seconds > 0 ? (double)p->tokens / p->step_seconds : 0, left);
    if (bar)
        qg_log_progress(line);
    else
        qg_note("%s", line);
}

void qg_training_progress_epoch(const qg_training_progress *p, int epoch,
                                const qg_training_epoch *e, bool best)
{
    const qg_scores *s = &e->scores;
    if (p->style == QG_PROGRESS_NONE)
        return;
    if (isnan(s->macro_f1)) {
        qg_note("epoch %d/%d: loss %.4f, %.0f tokens/s; validation: accuracy %.4f, loss %.4f, "
                "perplexity %.2f%s",
                epoch, p->epochs, e->loss,
                p->step_seconds > 0 ? (double)p->tokens / p->step_seconds : 0, s->accuracy, s->nll,
                exp(s->nll), best ? ", the best so far" : "");
        return;
    }
    qg_note("epoch %d/%d: loss %.4f, %.0f tokens/s; validation: accuracy %.4f, macro_f1 %.4f, "
            "loss %.4f%s",
            epoch, p->epochs, e->loss,
            p->step_seconds > 0 ? (double)p->tokens / p->step_seconds : 0, s->accuracy, s->macro_f1,
            s->nll, best ? ", the best so far" : "");
}
