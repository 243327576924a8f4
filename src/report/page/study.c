/*
 * study.c - what was run: the job, the program, the machine, models and data sets.
 */
#include "page.h"

#include "qgrid/stored.h"

#include <string.h>

/* Opens a fact of a list; the caller appends what it is and closes it. */
static void fact(const qg_page *p, const char *name)
{
    qg_str_add(p->out, "<dt>");
    qg_page_text(p, name);
    qg_str_add(p->out, "</dt><dd>");
}

static void end_fact(const qg_page *p)
{
    qg_str_add(p->out, "</dd>\n");
}

/* The same of something that has a hash, or "". */
static void end_hashed(const qg_page *p, const char *hash)
{
    if (hash[0]) {
        qg_str_add(p->out, "; SHA-256 <code>");
        qg_page_text(p, hash);
        qg_str_add(p->out, "</code>");
    }
    end_fact(p);
}

/* An attribute, unless the file has none. */
static qg_code attribute(const qg_page *p, const char *name, const char *group, const char *of)
{
    const char *text;
    QG_TRY(qg_page_attribute(&text, p, group, of));
    if (!text[0])
        return QG_OK;
    fact(p, name);
    qg_page_text(p, text);
    end_fact(p);
    return QG_OK;
}

static void cells(const qg_page *p)
{
    int count[QG_STATE_SKIPPED + 1] = {0};
    static const char *const names[] = {"open", "done", "failed", "skipped"};
    for (int i = 0; i < p->r->n; i++)
        if (p->r->cell[i].state >= 0 && p->r->cell[i].state <= QG_STATE_SKIPPED)
            count[p->r->cell[i].state]++;
    fact(p, "Cells");
    qg_str_addf(p->out, "<a href=\"#cells\">%d</a>", p->r->n);
    for (int s = 0, shown = 0; s <= QG_STATE_SKIPPED; s++)
        if (count[s])
            qg_str_addf(p->out, "%s %d %s", shown++ ? "," : ":", count[s], names[s]);
    end_fact(p);
}

static qg_code program(const qg_page *p)
{
    const char *version, *commit;
    QG_TRY(qg_page_attribute(&version, p, "/", "qgrid_version"));
    QG_TRY(qg_page_attribute(&commit, p, "/environment", "commit"));
    fact(p, "Digest of all results");
    qg_str_addf(p->out, "<code>%s</code>", p->digest);
    end_fact(p);
    fact(p, "Program");
    qg_str_add(p->out, "qgrid ");
    qg_page_text(p, version);
    qg_str_add(p->out, ", commit ");
    qg_page_text(p, commit[0] ? commit : "unknown");
    end_fact(p);
    return QG_OK;
}

/* ------------------------------------------------------------------------------------- data sets
 */

/* Whether no earlier cell is of the same model. */
static bool is_new_model(const qg_reading *r, int i)
{
    for (int k = 0; k < i; k++)
        if (strcmp(r->cell[k].model, r->cell[i].model) == 0)
            return false;
    return r->cell[i].model[0] != 0;
}

/* Whether it is the first cell that predicts texts of its data set. */
static bool is_new_predicted(const qg_reading *r, int i)
{
    const qg_read_cell *c = &r->cell[i];
    for (int k = 0; k < i; k++)
        if (strcmp(r->cell[k].kind, "predict") == 0 && strcmp(r->cell[k].dataset, c->dataset) == 0)
            return false;
    return strcmp(c->kind, "predict") == 0;
}

/* Numbers of texts by label: those without one first. */
static qg_code labels_of(int64_t **count, int64_t *n, const qg_page *p, const char *dataset,
                         int classes)
{
    char path[600];
    int32_t *label;
    qg_store_info s;
    snprintf(path, sizeof path, "/datasets/%s/label", dataset);
    QG_NEW(*count, p->r->arena, classes + 1);
    QG_TRY(qg_store_describe(&s, p->r->store, path));
    if (s.ndim != 1 || s.type != QG_STORE_I32)
        return QG_FAIL_AT(QG_ESTORE, p->r->path, 0, 0, path, "is not a column of labels");
    *n = s.shape[0];
    QG_NEW(label, p->r->arena, *n);
    QG_TRY(qg_store_read(p->r->store, path, QG_STORE_I32, NULL, NULL, label));
    for (int64_t i = 0; i < *n; i++)
        (*count)[label[i] >= 0 && label[i] < classes ? 1 + label[i] : 0]++;
    return QG_OK;
}

/* Words of all texts of a data set. */
static int64_t words_of(const qg_page *p, const char *dataset)
{
    char path[600];
    qg_store_info s;
    snprintf(path, sizeof path, "/datasets/%s/word_start", dataset);
    if (!qg_store_has(p->r->store, path) || qg_store_describe(&s, p->r->store, path) != QG_OK)
        return 0;
    return s.ndim == 1 ? s.shape[0] : 0;
}

static qg_code one_dataset(const qg_page *p, const qg_read_cell *c)
{
    const char **classes, *hash, *name;
    int n_classes;
    int64_t *count, n;
    QG_TRY(qg_stored_classes(&classes, &n_classes, p->r, c));
    QG_TRY(labels_of(&count, &n, p, c->dataset, n_classes));
    name = qg_arena_printf(p->r->arena, "sha256_dataset_%s", c->dataset);
    if (!name)
        return QG_ENOMEM;
    QG_TRY(qg_page_attribute(&hash, p, "/environment", name));
    fact(p, "Data set");
    qg_str_add(p->out, "<b>");
    qg_page_text(p, c->dataset);
    qg_str_addf(p->out, "</b>: %lld texts (", (long long)n);
    for (int k = 0; k < n_classes; k++) {
        qg_str_addf(p->out, "%s%lld ", k ? ", " : "", (long long)count[1 + k]);
        qg_page_text(p, classes[k]);
    }
    if (count[0])
        qg_str_addf(p->out, ", %lld without a label", (long long)count[0]);
    qg_str_addf(p->out, "), %.1f words in the mean",
                n ? (double)words_of(p, c->dataset) / (double)n : 0.0);
    end_hashed(p, hash);
    return QG_OK;
}

static qg_code one_model(const qg_page *p, const qg_read_cell *c)
{
    const char *hash, *name = qg_arena_printf(p->r->arena, "sha256_model_%s", c->model);
    if (!name)
        return QG_ENOMEM;
    QG_TRY(qg_page_attribute(&hash, p, "/environment", name));
    fact(p, "Model");
    qg_str_add(p->out, "<b>");
    qg_page_text(p, c->model);
    qg_str_add(p->out, "</b>");
    end_hashed(p, hash);
    return QG_OK;
}

qg_code qg_page_study(const qg_page *p)
{
    qg_str_add(p->out, "<dl class=\"facts-list\">\n");
    cells(p);
    QG_TRY(program(p));
    QG_TRY(attribute(p, "Seed", "/", "seed"));
    QG_TRY(attribute(p, "Tokens of a text at most", "/", "max_length"));
    qg_mark mark = qg_arena_mark(p->r->arena);
    for (int i = 0; i < p->r->n; i++)
        if (is_new_model(p->r, i))
            QG_TRY(one_model(p, &p->r->cell[i]));
    for (int i = 0; i < p->r->n; i++)
        if (is_new_predicted(p->r, i))
            QG_TRY(one_dataset(p, &p->r->cell[i]));
    qg_arena_release(p->r->arena, mark);
    QG_TRY(attribute(p, "Compiler", "/environment", "compiler"));
    QG_TRY(attribute(p, "Flags", "/environment", "flags"));
    QG_TRY(attribute(p, "Libraries", "/environment", "libraries"));
    QG_TRY(attribute(p, "Processor", "/environment", "cpu"));
    QG_TRY(attribute(p, "Kernels", "/environment", "kernels"));
    qg_str_add(p->out, "</dl>\n");
    return qg_str_status(p->out);
}
