/*
 * cmd_show.c - qgrid show: the tables of a results file, or those of one cell.
 */
#include "cli.h"

#include "qgrid/method.h"
#include "qgrid/report.h"
#include "qgrid/str.h"

#include <string.h>

enum { OPT_JSON = 256 };

const qg_cli_option qg_cmd_show_options[] = {
    {OPT_JSON, "json", NULL,
     "the same tables as JSON: {\"cells\": [{\"cell\", \"state\", \"tables\"}]}"},
    {0, NULL, NULL, NULL},
};
const char qg_cmd_show_examples[] = "  qgrid show results/full_matrix.h5\n"
                                    "  qgrid show results/full_matrix.h5 finetuned_smsa/int8\n"
                                    "  qgrid results/full_matrix.h5 '*/int8/lime'\n";

static qg_code show_cell(qg_reading *r, qg_arena *a, const char *name)
{
    const char *own = qg_method_cells(a, name);
    if (!own)
        return QG_ENOMEM;
    const qg_read_cell *c = qg_reading_cell(r, name);
    if (!c)
        c = qg_reading_cell(r, own);
    if (!c)
        return QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL,
                          "there is no cell '%s'; qgrid status lists what is open, qgrid show the "
                          "rest",
                          name);
    printf("%s: %s\n", c->name, qg_read_cell_state(c));
    const char *why = qg_read_cell_why(r, c);
    if (!why)
        return QG_ENOMEM;
    if (why[0])
        printf("  %s\n", why);
    return qg_report_print(stdout, r, c, QG_SHOW);
}

static bool is_glob(const char *name)
{
    return name[strcspn(name, "*?[")] != 0;
}

/* All cells that a glob matches, one below the other. */
static qg_code show_cells(qg_reading *r, qg_arena *a, const char *glob)
{
    int shown = 0;
    const char *own = qg_method_cells(a, glob);
    if (!own)
        return QG_ENOMEM;
    for (int i = 0; i < r->n; i++) {
        if (!qg_glob(glob, r->cell[i].name) && !qg_glob(own, r->cell[i].name))
            continue;
        if (shown++ > 0)
            printf("\n");
        QG_TRY(show_cell(r, a, r->cell[i].name));
    }
    return shown > 0 ? QG_OK
                     : QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL,
                                  "'%s' matches none of its %d cells", glob, r->n);
}

/* A cell, or with c NULL the file, and its tables. */
static qg_code add_json(qg_str *out, qg_reading *r, const qg_read_cell *c)
{
    const char *name = c ? c->name : "", *why = c ? qg_read_cell_why(r, c) : "";
    if (!why)
        return QG_ENOMEM;
    qg_str_add(out, "{");
    if (c) {
        qg_str_add(out, "\"cell\": ");
        qg_str_add_json(out, name, strlen(name));
        qg_str_addf(out, ", \"kind\": \"%s\", \"state\": \"%s\", \"why\": ", c->kind,
                    qg_read_cell_state(c));
        qg_str_add_json(out, why, strlen(why));
        qg_str_add(out, ", ");
    }
    qg_str_add(out, "\"tables\": ");
    QG_TRY(qg_report_json(out, r, c, QG_SHOW));
    qg_str_add(out, "}");
    return QG_OK;
}

static qg_code add_cells_json(qg_str *out, qg_reading *r, const char *cell)
{
    int shown = 0;
    if (!cell)
        return add_json(out, r, NULL);
    qg_str_add(out, "{\"cells\": [");
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        if (is_glob(cell) ? !qg_glob(cell, c->name) : strcmp(cell, c->name) != 0)
            continue;
        qg_str_add(out, shown++ ? ",\n" : "");
        QG_TRY(add_json(out, r, c));
    }
    qg_str_add(out, "]}");
    return shown > 0 ? QG_OK
                     : QG_FAIL_AT(QG_EUSAGE, r->path, 0, 0, NULL,
                                  "'%s' matches none of its %d cells", cell, r->n);
}

static qg_code show_json(qg_reading *r, const char *cell)
{
    qg_str s = {0};
    qg_code rc = add_cells_json(&s, r, cell);
    if (rc == QG_OK)
        rc = qg_str_status(&s);
    if (rc == QG_OK)
        printf("%s\n", s.data);
    qg_str_fini(&s);
    return rc;
}

static qg_code show_text(qg_reading *r, qg_arena *a, const char *cell)
{
    return cell && is_glob(cell) ? show_cells(r, a, cell)
           : cell                ? show_cell(r, a, cell)
                                 : qg_report_print(stdout, r, NULL, QG_SHOW);
}

static qg_code show(qg_arena *a, const char *path, const char *cell, bool json)
{
    qg_reading r;
    QG_TRY(qg_reading_open(&r, a, path));
    qg_code rc = qg_reading_note(&r);
    if (rc == QG_OK)
        rc = json ? show_json(&r, cell) : show_text(&r, a, cell);
    if (rc == QG_OK)
        rc = qg_store_damage(r.store);
    qg_error kept = *qg_error_last();
    qg_reading_close(&r);
    return rc == QG_OK ? QG_OK : qg_error_restore(&kept);
}

int qg_cmd_show(int argc, char **argv)
{
    const qg_command *cmd = qg_cli_find("show");
    int status = -1;
    bool json = false;
    while (status < 0 && qg_cli_next(argc, argv, cmd, &status) != -1)
        json = true;
    if (status >= 0)
        return status;
    if (argc - optind < 1 || argc - optind > 2)
        return qg_cli_usage(cmd, "a results file, and a cell if you like, are expected");
    qg_arena *a = qg_arena_create(0);
    if (!a)
        return qg_cli_fail();
    const char *cell = argc - optind == 2 ? argv[optind + 1] : NULL;
    status = show(a, argv[optind], cell, json) == QG_OK ? QG_EXIT_OK : qg_cli_fail();
    qg_arena_destroy(a);
    return qg_cli_flush(status);
}
