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

/* Seconds a step, the validations between steps included, times the steps left. */
static qg_gang_news news_of(const qg_training_progress *p, int epoch, double loss, double now)
{
    double each = (now - p->started) / (double)(p->done - p->before);
    qg_gang_news news = {.share = (double)p->done / (double)p->steps,
                         .left = each * (double)(p->steps - p->done)};
    snprintf(news.text, sizeof news.text, "epoch %d/%d, step %llu/%llu, loss %.4f", epoch,
             p->epochs, (unsigned long long)p->done, (unsigned long long)p->steps, loss);
    return news;
}

void qg_training_progress_step(qg_training_progress *p, const qg_gang *gang, int epoch,
                               const qg_step_report *s, double seconds)
{
    char line[256], left[32];
    double now = qg_clock();
    bool bar = p->style == QG_PROGRESS_BAR;
    p->tokens += s->tokens;
    p->step_seconds += seconds;
    p->done++;
    qg_gang_news news = news_of(p, epoch, s->loss, now);
    qg_gang_tell(gang, &news);
    if (p->style == QG_PROGRESS_NONE || now - p->last_line < (bar ? 0.2 : 30))
        return;
    p->last_line = now;
    snprintf(line, sizeof line, "%s, %.0f tokens/s, %s left", news.text,
             p->step_seconds > 0 ? (double)p->tokens / p->step_seconds : 0,
             qg_format_seconds(left, sizeof left, news.left));
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
