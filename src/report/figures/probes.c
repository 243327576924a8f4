/*
 * probes.c - figures of minimal pairs and of the words that they turn on.
 */
#include "read.h"

qg_code qg_figure_probes(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "probes"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, "/probes/{model}/{dataset}/psr", "phenomenon", "precision",
                            "pair_score"));
        QG_TRY(qg_figure_panel(&p, out, c->experiment));
        p->x.title = "share of pairs with both texts right";
        for (int64_t k = 0; m.x && k < m.blocks * m.rows; k++) {
            const char *phenomenon = m.block[k / m.rows], *precision = m.row[k % m.rows];
            qg_datum d = QG_DATUM(qg_matrix_at(&m, phenomenon, precision, "psr"), 0);
            d.low = qg_matrix_at(&m, phenomenon, precision, "ci_low");
            d.high = qg_matrix_at(&m, phenomenon, precision, "ci_high");
            d.n = qg_matrix_at(&m, phenomenon, precision, "pairs");
            QG_TRY(qg_put_row(out, p, precision, QG_POINTS, phenomenon, d));
        }
    }
    return QG_OK;
}

/* Share of the cues among the five strongest words, of each phenomenon and precision. */
qg_code qg_figure_cues(qg_figure *out, qg_reading *r)
{
    out->share_x = true;
    for (int i = 0; i < r->n; i++) {
        const qg_read_cell *c = &r->cell[i];
        const char *title;
        qg_matrix m;
        qg_panel *p;
        if (!qg_is_drawn(c, "explain"))
            continue;
        QG_TRY(qg_matrix_of(&m, r, c, "/cues/{model}/{dataset}/{precision}/{method}/summary", NULL,
                            "phenomenon", "cue_score"));
        if (!m.x)
            continue;
        QG_TRY(qg_name_of(&title, out, c->experiment, c->method));
        QG_TRY(qg_figure_panel(&p, out, title));
        p->half = true;
        p->x.title = "share of cues in the top 5";
        for (int64_t k = 0; k < m.rows; k++) {
            qg_datum d = QG_DATUM(qg_matrix_at(&m, NULL, m.row[k], "top5"), 0);
            qg_datum chance = QG_DATUM(qg_matrix_at(&m, NULL, m.row[k], "chance_top5"), 0);
            if (isnan(d.x))
                continue;
            d.low = qg_matrix_at(&m, NULL, m.row[k], "ci_low");
            d.high = qg_matrix_at(&m, NULL, m.row[k], "ci_high");
            d.n = chance.n = qg_matrix_at(&m, NULL, m.row[k], "cues");
            QG_TRY(qg_put_row(out, p, c->precision, QG_POINTS, m.row[k], d));
            if (qg_is_reference(c->precision))
                QG_TRY(qg_put_row(out, p, "chance", QG_POINTS, m.row[k], chance));
        }
    }
    return QG_OK;
}
