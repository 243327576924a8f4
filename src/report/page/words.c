/*
 * words.c - chosen texts word by word: every variant and method below each other, from the scores
 * that the file has.
 */
#include "choice.h"
#include "page.h"

#include "qgrid/display.h"
#include "qgrid/stored.h"

#include <math.h>
#include <string.h>

/* Steps of a colour, and how much of the page words may take before texts are left out. */
enum { LEVELS = 5, MOST_BYTES = 1500000 };

/* One text as it is shown. */
typedef struct panel {
    const qg_page *p;
    const qg_chosen *chosen;
    qg_stored_text text;
    const char **classes;
    int n_classes;
} panel;

static double most_of(const double *score, int n)
{
    double most = 0;
    for (int i = 0; i < n; i++)
        most = fabs(score[i]) > most ? fabs(score[i]) : most;
    return most;
}

static const char *class_name(const panel *b, int k)
{
    return k >= 0 && k < b->n_classes ? b->classes[k] : "?";
}

/* A word in its colour: the sign also as a line below it, the number when it is pointed at. */
static void word(const panel *b, int w, double score, double most)
{
    qg_str *out = b->p->out;
    const qg_stored_text *t = &b->text;
    int level = isnan(score) || !(most > 0) ? 0 : (int)lround(LEVELS * (score / most));
    qg_str_add(out, w ? " <span class=\"w" : "<span class=\"w");
    if (level != 0)
        qg_str_addf(out, " %c%d", level < 0 ? 'n' : 'p', level < 0 ? -level : level);
    if (isnan(score))
        qg_str_add(out, "\" title=\"no score\">");
    else
        qg_str_addf(out,
                    most >= 0.01 && most < 1000 ? "\" title=\"%+.4f\">" : "\" title=\"%+.2e\">",
                    score);
    qg_display_markup(out, t->text + t->byte_start[w], (size_t)(t->byte_end[w] - t->byte_start[w]));
    qg_str_add(out, "</span>");
}

static qg_code variant(const panel *b, const qg_read_cell *c)
{
    const qg_page *p = b->p;
    qg_stored_scores s;
    bool found;
    QG_TRY(qg_stored_scores_read(&s, &found, p->r, c, b->chosen->slot, &b->text));
    qg_str_add(p->out, "<tr data-p=\"");
    qg_page_text(p, c->precision);
    qg_str_addf(p->out, "\"><th scope=\"row\"><a href=\"#c%d\">", (int)(c - p->r->cell));
    qg_page_text(p, c->precision);
    qg_str_add(p->out, "</a></th>");
    if (!found) {
        qg_str_addf(p->out, "<td colspan=\"2\">%s</td></tr>\n", qg_read_cell_state(c));
        return QG_OK;
    }
    qg_str_add(p->out, s.predicted == s.target ? "<td>" : "<td><strong>");
    qg_page_text(p, class_name(b, s.predicted));
    qg_str_addf(p->out, s.predicted == s.target ? " %.3f" : "</strong> %.3f",
                s.probability[s.predicted]);
    qg_str_add(p->out, "</td><td class=\"says\" lang=\"id\">");
    double most = most_of(s.word, b->text.n_words);
    for (int w = 0; w < b->text.n_words; w++)
        word(b, w, s.word[w], most);
    qg_str_add(p->out, "</td></tr>\n");
    return QG_OK;
}

static bool is_first_of_method(const qg_read_cell *c, const qg_read_cell *from)
{
    for (const qg_read_cell *k = from; k < c; k++)
        if (strcmp(k->kind, "explain") == 0 && strcmp(k->experiment, c->experiment) == 0 &&
            strcmp(k->method, c->method) == 0)
            return false;
    return true;
}

/* All variants of a method. */
static qg_code method(const panel *b, const qg_read_cell *first)
{
    const qg_page *p = b->p;
    qg_str_add(p->out, "<tbody><tr class=\"block\"><th colspan=\"3\" scope=\"rowgroup\">");
    qg_page_text(p, first->method);
    qg_str_add(p->out, "</th></tr>\n");
    for (const qg_read_cell *c = first; c < p->r->cell + p->r->n; c++) {
        if (strcmp(c->kind, "explain") != 0 || c->state == QG_STATE_SKIPPED ||
            strcmp(c->experiment, first->experiment) != 0 || strcmp(c->method, first->method) != 0)
            continue;
        qg_mark mark = qg_arena_mark(p->r->arena);
        QG_TRY(variant(b, c));
        qg_arena_release(p->r->arena, mark);
    }
    qg_str_add(p->out, "</tbody>\n");
    return QG_OK;
}

static void facts(const panel *b)
{
    const qg_page *p = b->p;
    const qg_explaining *e = b->chosen->of;
    int64_t slot = b->chosen->slot;
    qg_str_add(p->out, "<p class=\"facts\">Label: ");
    qg_page_text(p, b->text.label < 0 ? "none" : class_name(b, b->text.label));
    if (!isnan(e->rho[slot]))
        qg_str_addf(p->out, ". Spearman’s rho with fp32, mean over variants and methods: %.3f",
                    e->rho[slot]);
    qg_str_addf(p->out,
                ". Variants that predict another class than the reference: %d. On a "
                "terminal: <code>qgrid explain &#39;",
                e->flips[slot]);
    qg_page_text(p, p->r->path);
    qg_str_add(p->out, "&#39; &#39;");
    qg_page_text(p, e->like->experiment);
    qg_str_addf(p->out, "/*&#39; %lld</code></p>\n", (long long)b->text.row);
}

static qg_code one_text(const qg_page *p, const qg_chosen *chosen, int number)
{
    const qg_read_cell *like = chosen->of->like;
    panel b = {.p = p, .chosen = chosen};
    QG_TRY(qg_stored_text_read(&b.text, p->r, like->dataset, chosen->of->row[chosen->slot]));
    QG_TRY(qg_stored_classes(&b.classes, &b.n_classes, p->r, like));
    qg_str_addf(p->out, "<details class=\"text\"%s><summary><span lang=\"id\">",
                number == 1 ? " open" : "");
    qg_page_text(p, b.text.text);
    qg_str_add(p->out, "</span> <span class=\"note\">");
    qg_page_text(p, like->experiment);
    qg_str_add(p->out, ", text ");
    qg_page_text(p, b.text.id);
    qg_str_addf(p->out, ": %s</span></summary>\n", chosen->why);
    facts(&b);
    qg_str_addf(p->out,
                "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"w%d\">"
                "<table class=\"words\"><caption id=\"w%d\">Scores of the words for the explained "
                "class; bold: another class is predicted</caption>\n<thead><tr><th scope=\"col\">"
                "variant</th><th scope=\"col\">predicted</th><th scope=\"col\">words</th></tr>"
                "</thead>\n",
                number, number);
    for (const qg_read_cell *c = like; c < p->r->cell + p->r->n; c++)
        if (strcmp(c->kind, "explain") == 0 && strcmp(c->experiment, like->experiment) == 0 &&
            is_first_of_method(c, like))
            QG_TRY(method(&b, c));
    qg_str_add(p->out, "</table></div>\n</details>\n");
    return qg_str_status(p->out);
}

static void legend(const qg_page *p)
{
    qg_str_add(p->out, "<p class=\"legend\">against the class ");
    for (int level = -LEVELS; level <= LEVELS; level++)
        if (level == 0)
            qg_str_add(p->out, "<span class=\"w\">0</span>");
        else
            qg_str_addf(p->out, "<span class=\"w %c%d\">%s</span>", level < 0 ? 'n' : 'p',
                        level < 0 ? -level : level, level < 0 ? "−" : "+");
    qg_str_add(p->out,
               " for it</p>\n<p class=\"note\">Colours are relative to the largest score of "
               "a line. A dotted line below a word is a score against the class, a solid "
               "one a score for it; the number is there when a word is pointed at.</p>\n");
}

qg_code qg_page_words(const qg_page *p)
{
    qg_chosen *chosen;
    int n, left, i;
    size_t before = p->out->len;
    QG_TRY(qg_choose_texts(&chosen, &n, &left, p->r, p->wish));
    if (n == 0)
        return QG_OK;
    legend(p);
    for (i = 0; i < n && p->out->len - before < MOST_BYTES; i++)
        QG_TRY(one_text(p, &chosen[i], i + 1));
    left += n - i;
    if (left > 0)
        qg_str_addf(p->out,
                    "<p class=\"note\">%d more texts were chosen and are left out here: "
                    "<code>--texts N</code> shows more of them, <code>--text ID</code> "
                    "any other.</p>\n",
                    left);
    return qg_str_status(p->out);
}
