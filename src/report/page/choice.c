/*
 * choice.c - texts with the largest drift, with a flip, in the middle.
 */
#include "choice.h"

#include "qgrid/stored.h"
#include "report/table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST, FLIP, MIDDLE, REASONS };
static const char *const reason[REASONS] = {"the largest drift of its experiment",
                                            "its class flips", "the middle one of its experiment"};

static bool explains(const qg_read_cell *c)
{
    return strcmp(c->kind, "explain") == 0 && c->state != QG_STATE_SKIPPED;
}

/* ---------------------------------------------------------------------------- what texts are like
 */

/* Adds the drift of a cell's texts to sums; random scores have none worth looking at. */
static qg_code add_drift(double *sum, int *count, const qg_explaining *e, qg_reading *r,
                         const qg_read_cell *c)
{
    double *rho;
    if (strcmp(c->method, "random") == 0)
        return QG_OK;
    QG_TRY(qg_stored_drift(&rho, e->slots, r, c));
    for (int64_t i = 0; i < e->slots; i++)
        if (!isnan(rho[i])) {
            sum[i] += rho[i];
            count[i]++;
        }
    return QG_OK;
}

/* Counts the texts of which a variant predicts another class than the reference does. */
static qg_code add_flips(qg_explaining *e, qg_reading *r, const qg_read_cell *c)
{
    char *path;
    qg_matrix predicted, reference;
    QG_TRY(qg_reading_path(&path, r, "/explained/{model}/{dataset}/reference", c));
    QG_TRY(qg_matrix_read(&reference, r, path, NULL, "explained", NULL));
    QG_TRY(qg_reading_path(&path, r,
                           "/attributions/{model}/{dataset}/{precision}/{method}/predicted", c));
    QG_TRY(qg_matrix_read(&predicted, r, path, NULL, "explained", NULL));
    for (int64_t i = 0; i < e->slots && i < predicted.rows && i < reference.rows; i++)
        e->flips[i] += predicted.x[i] >= 0 && predicted.x[i] != reference.x[i];
    return QG_OK;
}

/* What is known of the texts of an experiment: of every cell, and of the first method alone, since
 * classes are the variant's. */
static qg_code look(qg_explaining *e, qg_reading *r)
{
    double *sum;
    int *count;
    QG_TRY(qg_stored_rows(&e->row, &e->slots, r, e->like));
    QG_NEW(sum, r->arena, e->slots);
    QG_NEW(count, r->arena, e->slots);
    QG_NEW(e->rho, r->arena, e->slots);
    QG_NEW(e->flips, r->arena, e->slots);
    for (const qg_read_cell *c = e->like; c < r->cell + r->n; c++) {
        if (!explains(c) || strcmp(c->experiment, e->like->experiment) != 0)
            continue;
        QG_TRY(add_drift(sum, count, e, r, c));
        if (strcmp(c->method, e->like->method) == 0 && c->state == QG_STATE_DONE)
            QG_TRY(add_flips(e, r, c));
    }
    for (int64_t i = 0; i < e->slots; i++)
        e->rho[i] = count[i] ? sum[i] / count[i] : (double)NAN;
    return QG_OK;
}

static qg_code all_explaining(qg_explaining **out, int *n, qg_reading *r)
{
    *n = 0;
    QG_NEW(*out, r->arena, r->n);
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        bool known = !explains(c);
        for (int k = *n; k-- > 0 && !known;)
            known = strcmp((*out)[k].like->experiment, c->experiment) == 0;
        if (known)
            continue;
        (*out)[*n].like = c;
        QG_TRY(look(&(*out)[(*n)++], r));
    }
    return QG_OK;
}

/* ---------------------------------------------------------------------------------------- choosing
 */

typedef struct place {
    double rho;
    int64_t slot;
} place;

static int by_rho(const void *a, const void *b)
{
    const place *x = a, *y = b;
    if (x->rho != y->rho)
        return x->rho < y->rho ? -1 : 1;
    return x->slot < y->slot ? -1 : 1;
}

/* The slot of an experiment's text for a reason; -1: it has none. */
static qg_code find(int64_t *slot, const qg_explaining *e, int why, qg_arena *a)
{
    place *p;
    int64_t n = 0;
    QG_NEW(p, a, e->slots);
    *slot = -1;
    for (int64_t i = 0; i < e->slots; i++)
        if (e->row[i] >= 0 && !isnan(e->rho[i]))
            p[n++] = (place){e->rho[i], i};
    if (n == 0)
        return QG_OK;
    qsort(p, (size_t)n, sizeof *p, by_rho);
    if (why == LARGEST)
        *slot = p[0].slot;
    else if (why == MIDDLE)
        *slot = p[n / 2].slot;
    for (int64_t i = 0; i < n && why == FLIP; i++)
        if (e->flips[p[i].slot] > (*slot < 0 ? 0 : e->flips[*slot]))
            *slot = p[i].slot;
    return QG_OK;
}

static bool is_chosen(const qg_chosen *c, int n, const qg_explaining *e, int64_t slot)
{
    for (int i = 0; i < n; i++)
        if (c[i].of == e && c[i].slot == slot)
            return true;
    return false;
}

/* By experiment, and within one in the order in which they were chosen. */
static void sort(qg_chosen *c, int n)
{
    for (int i = 1; i < n; i++) {
        qg_chosen moved = c[i];
        int k = i;
        for (; k > 0 && c[k - 1].of > moved.of; k--)
            c[k] = c[k - 1];
        c[k] = moved;
    }
}

/* Every experiment's first text before any has a second one. */
static qg_code by_rules(qg_chosen *out, int *n, int *left, const qg_explaining *e, int experiments,
                        qg_reading *r, int most)
{
    for (int why = 0; why < REASONS; why++) {
        for (int i = 0; i < experiments; i++) {
            int64_t slot;
            QG_TRY(find(&slot, &e[i], why, r->arena));
            if (slot < 0 || is_chosen(out, *n, &e[i], slot))
                continue;
            if (*n < most)
                out[(*n)++] = (qg_chosen){&e[i], slot, reason[why]};
            else
                ++*left;
        }
    }
    return QG_OK;
}

/* "28", or with the data set "smsa/28". */
static bool is_text(const char *wanted, const char *dataset, const char *id)
{
    size_t len = strlen(dataset);
    return strcmp(wanted, id) == 0 || (strncmp(wanted, dataset, len) == 0 && wanted[len] == '/' &&
                                       strcmp(wanted + len + 1, id) == 0);
}

static qg_code by_name(qg_chosen *out, int *n, const qg_explaining *e, int experiments,
                       qg_reading *r, const char *wanted)
{
    int before = *n;
    for (int i = 0; i < experiments; i++)
        for (int64_t s = 0; s < e[i].slots; s++) {
            qg_stored_text t;
            if (e[i].row[s] < 0)
                continue;
            QG_TRY(qg_stored_text_read(&t, r, e[i].like->dataset, e[i].row[s]));
            if (is_text(wanted, e[i].like->dataset, t.id) && !is_chosen(out, *n, &e[i], s))
                out[(*n)++] = (qg_chosen){&e[i], s, "asked for"};
        }
    return *n > before
               ? QG_OK
               : QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL,
                            "--text '%s': no experiment explains a text of that id", wanted);
}

qg_code qg_choose_texts(qg_chosen **out, int *n, int *left, qg_reading *r,
                        const qg_report_wish *wish)
{
    qg_explaining *e;
    int experiments;
    int64_t room = REASONS;
    *n = *left = 0;
    QG_TRY(all_explaining(&e, &experiments, r));
    for (int i = 0; i < experiments && wish->n_text; i++)
        room += e[i].slots;
    QG_NEW(*out, r->arena, room + (int64_t)REASONS * experiments);
    for (int i = 0; i < wish->n_text; i++)
        QG_TRY(by_name(*out, n, e, experiments, r, wish->text[i]));
    if (wish->n_text == 0)
        QG_TRY(by_rules(*out, n, left, e, experiments, r, wish->texts));
    sort(*out, *n);
    return QG_OK;
}
