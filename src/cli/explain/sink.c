/*
 * sink.c - each explanation goes to a stream of JSON, a terminal, a page.
 */
#include "explain.h"

#include "cli/text_source.h"

#include "qgrid/file.h"
#include "qgrid/log.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Known before an hour of work, not after it. */
static qg_code check_page(const char *path, qg_arena *a)
{
    const char *dir = qg_path_dir(a, path);
    if (!dir)
        return QG_ENOMEM;
    return access(dir, W_OK | X_OK) == 0
               ? QG_OK
               : QG_FAIL_AT(QG_EIO, path, 0, 0, NULL, "cannot write: %s", strerror(errno));
}

qg_code qg_explain_sink_begin(qg_explain_sink *o, const qg_explain_study *s, qg_arena *a)
{
    o->terminal = qg_terminal_look(o->color);
    if (!o->html)
        return QG_OK;
    QG_TRY(check_page(o->html, a));
    qg_explain_page_begin(&o->page, s);
    return QG_OK;
}

bool qg_explain_is_watched(const qg_explain_sink *o)
{
    return isatty(STDOUT_FILENO) && !o->json && !o->html;
}

static void tell_progress(const qg_explain_sink *o)
{
    char text[64];
    bool silent = o->html && !o->json;
    if (!qg_log_is_terminal() || (isatty(STDOUT_FILENO) && !silent))
        return;
    snprintf(text, sizeof text, "%d texts explained", o->texts);
    qg_log_progress(text);
}

static qg_code print(const qg_explain_sink *o, qg_str *out, const qg_explain_study *s,
                     const qg_explain_found *t, qg_arena *scratch)
{
    if (o->json)
        qg_explain_json(out, s, t);
    else {
        if (o->named)
            qg_str_addf(out, "%s== %s\n", o->texts ? "\n" : "", t->name);
        QG_TRY(qg_explain_terminal(out, s, t, &o->terminal, o->bars, scratch));
    }
    return qg_line_print(out);
}

qg_code qg_explain_show(qg_explain_sink *o, const qg_explain_study *s, const qg_explain_found *t,
                        qg_arena *scratch)
{
    qg_str out = {0};
    qg_code rc = QG_OK;
    if (o->html)
        rc = qg_explain_page_text(&o->page, s, t, scratch);
    if (rc == QG_OK && (o->json || !o->html))
        rc = print(o, &out, s, t, scratch);
    qg_str_fini(&out);
    o->texts++;
    tell_progress(o);
    return rc;
}

qg_code qg_explain_sink_end(qg_explain_sink *o)
{
    qg_log_progress("");
    if (!o->html)
        return QG_OK;
    qg_explain_page_end(&o->page);
    QG_TRY(qg_str_status(&o->page));
    QG_TRY(qg_file_write(o->html, o->page.data, o->page.len));
    qg_note("%s: %d text%s", o->html, o->texts, o->texts == 1 ? "" : "s");
    return QG_OK;
}
