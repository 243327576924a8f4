/*
 * citation.c - how the run went as a whole, how to run it again, how to cite it.
 */
#include "page.h"

#include <math.h>
#include <string.h>

static void whole(const qg_page *p, const char *name, const char *text)
{
    int64_t v = -1;
    int32_t stored;
    char path[64];
    snprintf(path, sizeof path, "/timing/run/%s", name);
    if (!qg_store_has(p->r->store, path) ||
        qg_store_read(p->r->store, path, QG_STORE_I32, NULL, NULL, &stored) != QG_OK) {
        qg_error_clear();
        return;
    }
    v = stored;
    if (v >= 0)
        qg_str_addf(p->out, "<dt>%s</dt><dd>%lld</dd>\n", text, (long long)v);
}

qg_code qg_page_course(const qg_page *p)
{
    char time[32];
    double seconds = qg_reading_f64(p->r, "/timing/run", "wall_seconds");
    qg_str_add(p->out, "<dl class=\"facts-list\" data-timing>\n");
    if (!isnan(seconds))
        qg_str_addf(p->out, "<dt>Time of the last run</dt><dd>%s</dd>\n",
                    qg_format_seconds(time, sizeof time, seconds));
    whole(p, "ranks", "Ranks");
    whole(p, "lost_ranks", "Ranks lost");
    whole(p, "exit_status", "Exit status");
    qg_str_add(p->out, "</dl>\n");
    return qg_str_status(p->out);
}

/* For a shell. */
static void quoted(const qg_page *p, const char *text)
{
    qg_str s = {0};
    for (; *text; text++)
        if (*text == '\'')
            qg_str_add(&s, "'\\''");
        else
            qg_str_addn(&s, text, 1);
    qg_str_add(p->out, "&#39;");
    qg_page_text(p, s.data ? s.data : "");
    qg_str_add(p->out, "&#39;");
    p->out->failed |= s.failed;
    qg_str_fini(&s);
}

static void commands(const qg_page *p, const char *job, const char *commit)
{
    qg_str_add(p->out, "<h3>Run it again</h3>\n<pre>");
    if (commit[0]) {
        qg_str_add(p->out, "git checkout ");
        quoted(p, commit);
        qg_str_add(p->out, " &amp;&amp; make\n");
    }
    qg_str_add(p->out, "mpirun -np 4 build/release/qgrid run ");
    quoted(p, job);
    qg_str_add(p->out, " --output again.h5\nbuild/release/qgrid digest again.h5</pre>\n"
                       "<p>with the job below in the file and the models and data sets of the "
                       "same SHA-256 at its paths; any number of ranks gives the digest <code>");
    qg_str_add(p->out, p->digest);
    qg_str_add(p->out, "</code>.</p>\n");
}

static void job_text(const qg_page *p, const char *name, const char *text)
{
    qg_str_add(p->out, "<details><summary>The job</summary>\n<p><a download=\"");
    qg_page_text(p, name);
    qg_str_add(p->out, "\" href=\"data:application/json;base64,");
    qg_base64(p->out, (const unsigned char *)text, strlen(text));
    qg_str_add(p->out, "\">Save it as ");
    qg_page_text(p, name);
    qg_str_add(p->out, "</a></p>\n<pre>");
    const char *line = text;
    while (line[0]) { /* line by line: the end of a line is none of a text's */
        size_t len = strcspn(line, "\n");
        char *one = qg_arena_strndup(p->r->arena, line, len);
        if (one)
            qg_page_text(p, one);
        p->out->failed |= !one;
        qg_str_add(p->out, "\n");
        line += len + (line[len] != 0);
    }
    qg_str_add(p->out, "</pre></details>\n");
}

qg_code qg_page_citation(const qg_page *p)
{
    const char *job, *name, *version, *commit;
    QG_TRY(qg_page_attribute(&job, p, "/", "job"));
    QG_TRY(qg_page_attribute(&name, p, "/", "job_name"));
    QG_TRY(qg_page_attribute(&version, p, "/", "qgrid_version"));
    QG_TRY(qg_page_attribute(&commit, p, "/environment", "commit"));
    const char *file = qg_arena_printf(p->r->arena, "%s.json", name);
    if (!file)
        return QG_ENOMEM;
    qg_str_add(p->out, "<p>The qgrid authors: <cite>qgrid: quantization-and-explainability studies "
                       "of text classifiers in one program</cite>, version ");
    qg_page_text(p, version);
    if (commit[0]) {
        qg_str_add(p->out, ", commit ");
        qg_page_text(p, commit);
    }
    qg_str_add(p->out, ". Methods and measures have papers of their own: <code>qgrid list methods"
                       "</code> and <code>qgrid list metrics</code> name them.</p>\n");
    commands(p, file, commit);
    job_text(p, file, job);
    return qg_str_status(p->out);
}
