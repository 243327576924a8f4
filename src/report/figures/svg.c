/*
 * svg.c - a figure as one <svg>: panels below each other, two halves side by side, each with its
 * axes; legend and meaning of colours above them.
 */
#include "pen.h"

#include <math.h>
#include <string.h>

enum { HEIGHT = 190, HALF_HEIGHT = 150, LINE = 14, NAMES_BELOW = 92 };

/* Okabe and Ito's colours, told apart by most eyes; markers and dashes tell the same. A variable
 * stands behind a plain value for readers that know none. */
static const char STYLE[] =
    "<style>"
    ".qgf{width:100%;max-width:620px;height:auto;--qgf-ink:#1b1b1b;--qgf-soft:#595959;"
    "--qgf-grid:#dcdcdc;--qgf-paper:#fff;--qgf-0:#0072b2;--qgf-1:#d55e00;--qgf-2:#00855f;"
    "--qgf-3:#b3598f;--qgf-4:#b07700;--qgf-5:#2f9bd0;--qgf-6:#555}"
    "@media(prefers-color-scheme:dark){.qgf{" /* as below */
    "--qgf-ink:#ececec;--qgf-soft:#b4b4b4;--qgf-grid:#3d4046;--qgf-paper:#16181c;"
    "--qgf-0:#58aee8;--qgf-1:#f28a4a;--qgf-2:#35c79c;--qgf-3:#e59cc6;--qgf-4:#eec04f;"
    "--qgf-5:#a3daf7;--qgf-6:#c4c4c4}}"
    "[data-theme=light] .qgf{--qgf-ink:#1b1b1b;--qgf-soft:#595959;"
    "--qgf-grid:#dcdcdc;--qgf-paper:#fff;--qgf-0:#0072b2;--qgf-1:#d55e00;--qgf-2:#00855f;"
    "--qgf-3:#b3598f;--qgf-4:#b07700;--qgf-5:#2f9bd0;--qgf-6:#555}"
    "[data-theme=dark] .qgf{"
    "--qgf-ink:#ececec;--qgf-soft:#b4b4b4;--qgf-grid:#3d4046;--qgf-paper:#16181c;"
    "--qgf-0:#58aee8;--qgf-1:#f28a4a;--qgf-2:#35c79c;--qgf-3:#e59cc6;--qgf-4:#eec04f;"
    "--qgf-5:#a3daf7;--qgf-6:#c4c4c4}"
    "@media print{.qgf,[data-theme] .qgf{--qgf-ink:#000;--qgf-soft:#444;"
    "--qgf-grid:#ccc;--qgf-paper:#fff;--qgf-0:#0072b2;--qgf-1:#d55e00;--qgf-2:#00855f;"
    "--qgf-3:#b3598f;--qgf-4:#b07700;--qgf-5:#2f9bd0;--qgf-6:#555}}"
    ".qgf text{font-family:system-ui,'Liberation Sans',sans-serif;font-size:10.5px;fill:#1b1b1b;"
    "fill:var(--qgf-ink)}"
    ".qgf .h{font-size:14px;font-weight:600}.qgf .t{font-size:12px;font-weight:600}"
    ".qgf .i{fill:#595959;fill:var(--qgf-soft)}"
    ".qgf .on{fill:#101010}.qgf .off{fill:#fff}"
    ".qgf .in{fill:#fff;fill:var(--qgf-paper)}"
    ".qgf .p{fill:#fff;fill:var(--qgf-paper)}"
    ".qgf .g,.qgf .a,.qgf .u{fill:none;stroke-width:1;stroke:#dcdcdc;stroke:var(--qgf-grid)}"
    ".qgf .a,.qgf .u{stroke:#1b1b1b;stroke:var(--qgf-ink)}.qgf .u{stroke-dasharray:5 4;opacity:.7}"
    ".qgf .l,.qgf .w,.qgf .q{fill:none;stroke:currentColor;stroke-width:1.7}"
    ".qgf .w{stroke:#1b1b1b;stroke:var(--qgf-ink);stroke-dasharray:3 2;stroke-width:1.3}"
    ".qgf .q{stroke-width:2.4}.qgf .f,.qgf .r,.qgf .s{fill:currentColor}.qgf .r{opacity:.75}"
    ".qgf .x{fill:currentColor;fill-opacity:.25;stroke:currentColor;stroke-width:1.2}"
    ".qgf .b{fill:currentColor;opacity:.16}.qgf .s{stroke:#fff;stroke:var(--qgf-paper);"
    "stroke-width:.4}.qgf .e{stroke:#fff;stroke:var(--qgf-paper);stroke-width:1}"
    ".qgf .n{fill:none;stroke:#dcdcdc;stroke:var(--qgf-grid);stroke-dasharray:2 2}"
    ".qgf .o .f{stroke:#595959;stroke:var(--qgf-soft);stroke-width:.8}"
    ".qgf .d1{stroke-dasharray:7 3}.qgf .d2{stroke-dasharray:2 2.5}"
    ".qgf .d3{stroke-dasharray:8 3 2 3}.qgf .d4{stroke-dasharray:4 2}"
    ".qgf .c0{color:#0072b2;color:var(--qgf-0)}.qgf .c1{color:#d55e00;color:var(--qgf-1)}"
    ".qgf .c2{color:#00855f;color:var(--qgf-2)}.qgf .c3{color:#b3598f;color:var(--qgf-3)}"
    ".qgf .c4{color:#b07700;color:var(--qgf-4)}.qgf .c5{color:#2f9bd0;color:var(--qgf-5)}"
    ".qgf .c6{color:#555;color:var(--qgf-6)}"
    "</style>\n";

static double widest(const qg_axis *a)
{
    double width = 0;
    for (int i = 0; i < a->n_names; i++)
        width = fmax(width, qg_pen_width(a->name[i], "k"));
    return width;
}

static void fit(qg_scale *s, const qg_panel *p, bool upright, int want)
{
    const qg_axis *a = upright ? &p->y : &p->x;
    double low, high;
    qg_panel_range(&low, &high, p, upright);
    bool fixed = !isnan(a->low) && !isnan(a->high);
    qg_scale_fit(s, isnan(a->low) ? low : a->low, isnan(a->high) ? high : a->high, a->log, want);
    if (fixed && !a->log && a->low == s->tick[0])
        s->low = a->low;
}

/* Space that a number's ticks take beside a panel. */
static double tick_width(const qg_scale *s)
{
    char text[32];
    double width = 0;
    for (int i = 0; i < s->n_ticks; i++) {
        qg_fixed_text(text, s->tick[i], s->digits);
        if (s->log)
            qg_number_text(text, s->tick[i]);
        width = fmax(width, qg_pen_width(text, "k"));
    }
    return width;
}

static bool names_stand(const qg_frame *fr)
{
    return widest(&fr->p->x) + 4 > (fr->right - fr->left) / fr->p->x.n_names;
}

/* Names of columns below a heat map take this much. */
static double below(const qg_frame *fr)
{
    if (!fr->p->x.name)
        return LINE;
    return names_stand(fr) ? fmin(widest(&fr->p->x), NAMES_BELOW) + 8 : LINE;
}

/* Where a title that is too long for one line is broken: behind the last comma before its end that
 * leaves a first line of the panel's width; NULL: nowhere. */
static const char *title_break(const char *title, double width)
{
    const char *at = NULL;
    double columns = qg_pen_width(title, "t") / (double)strlen(title);
    if (qg_pen_width(title, "t") <= width)
        return NULL;
    for (const char *c = strstr(title, ", "); c; c = strstr(c + 1, ", "))
        if ((double)(c + 1 - title) * columns <= width)
            at = c + 2;
    return at;
}

/* Where everything of a panel is, when its left upper corner is at 0 and its width is known. */
static void place_panel(qg_frame *fr, const qg_panel *p, double width)
{
    *fr = (qg_frame){.p = p, .width = width};
    bool has_cells = p->n_series > 0 && p->series[0].mark == QG_CELLS;
    bool has_spans = p->n_series > 0 && p->series[0].mark == QG_SPANS;
    bool broken = p->title && *p->title && title_break(p->title, width);
    fr->head = (p->title ? LINE + 2 : 0) + (broken ? LINE : 0) + (p->note ? LINE : 0) + 9;
    fr->row = has_cells || has_spans ? 18 : fmax(17, 11 * p->n_series + 6);
    if (!p->y.name)
        fit(&fr->y, p, true, p->half ? 4 : 5);
    fr->left = p->y.name ? fmin(widest(&p->y) + 10, width * (p->half ? 0.5 : 0.4))
                         : tick_width(&fr->y) + 8;
    fr->left += p->y.title && *p->y.title && !p->y.name ? LINE : 0;
    fr->right = width - 12;
    if (!p->x.name)
        fit(&fr->x, p, false, p->half ? 4 : 5);
    fr->height = fr->head +
                 (p->y.name ? p->y.n_names * fr->row
                  : p->half ? HALF_HEIGHT
                            : HEIGHT) +
                 below(fr) + (p->x.title && *p->x.title ? LINE : 0) + 8;
}

static void move_panel(qg_frame *fr, double x, double y)
{
    const qg_panel *p = fr->p;
    fr->outer = x;
    fr->left += x;
    fr->right += x;
    fr->top = y + fr->head;
    fr->bottom = fr->top + (p->y.name ? p->y.n_names * fr->row : p->half ? HALF_HEIGHT : HEIGHT);
    fr->x.from = fr->left;
    fr->x.to = fr->right;
    fr->y.from = fr->bottom;
    fr->y.to = fr->top;
}

static void draw_head(qg_str *out, const qg_frame *fr)
{
    double y = fr->top - fr->head + LINE - 2;
    const char *title = fr->p->title;
    const char *second = title && *title ? title_break(title, fr->width) : NULL;
    if (second) {
        qg_str first = {0};
        qg_str_addn(&first, title, (size_t)(second - 1 - title));
        qg_pen_text(out, fr->outer, y, "t", "start", fr->width, first.data ? first.data : "");
        qg_str_fini(&first);
        title = second;
        y += LINE;
    }
    if (title) {
        qg_pen_text(out, fr->outer, y, "t", "start", fr->width, title);
        y += LINE;
    }
    if (fr->p->note)
        qg_pen_text(out, fr->outer, y, "i", "start", fr->width, fr->p->note);
}

/* Ticks that would stand in each other's way are left out, every second or more. */
static int tick_every(const qg_scale *s)
{
    double apart = fabs(s->to - s->from) / (s->n_ticks > 1 ? s->n_ticks - 1 : 1);
    return apart > 0 ? (int)ceil((tick_width(s) + 4) / apart) : 1;
}

static void draw_ticks_below(qg_str *out, const qg_frame *fr)
{
    const qg_scale *s = &fr->x;
    int every = s->log ? 1 : tick_every(s);
    double end = -INFINITY;
    for (int i = 0; i < s->n_ticks; i += every) {
        char text[32];
        double x = qg_scale_at(s, s->tick[i]);
        qg_fixed_text(text, s->tick[i], s->digits);
        if (s->log)
            qg_number_text(text, s->tick[i]);
        qg_pen_line(out, "g", x, fr->top, x, fr->bottom);
        double half = qg_pen_width(text, "k") / 2;
        if (x - half > end + 3)
            qg_pen_text(out, x, fr->bottom + 12, "k", "middle", fr->width, text);
        end = x - half > end + 3 ? x + half : end;
    }
}

static void draw_below(qg_str *out, const qg_frame *fr)
{
    const qg_axis *a = &fr->p->x;
    double step = (fr->right - fr->left) / (a->name ? a->n_names : 1);
    if (!a->name)
        draw_ticks_below(out, fr);
    for (int i = 0; i < a->n_names; i++) {
        double x = fr->left + (i + 0.5) * step;
        if (names_stand(fr))
            qg_pen_upright(out, x + 3.5, fr->bottom + 6, "end", NAMES_BELOW, a->name[i]);
        else
            qg_pen_text(out, x, fr->bottom + 12, "k", "middle", step, a->name[i]);
    }
    if (a->title && *a->title)
        qg_pen_text(out, (fr->left + fr->right) / 2, fr->bottom + below(fr) + LINE - 2, "i",
                    "middle", fr->width, a->title);
}

static void draw_beside(qg_str *out, const qg_frame *fr)
{
    const qg_axis *a = &fr->p->y;
    char text[32];
    for (int i = 0; i < a->n_names; i++) {
        double y = fr->top + (i + 0.5) * fr->row;
        if (!fr->p->x.name && i > 0)
            qg_pen_line(out, "g", fr->left, y - fr->row / 2, fr->right, y - fr->row / 2);
        qg_pen_text(out, fr->left - 5, y + 3.5, "k", "end", fr->left - fr->outer - 5, a->name[i]);
    }
    for (int i = 0; i < fr->y.n_ticks && !a->name; i++) {
        double y = qg_scale_at(&fr->y, fr->y.tick[i]);
        qg_fixed_text(text, fr->y.tick[i], fr->y.digits);
        if (fr->y.log)
            qg_number_text(text, fr->y.tick[i]);
        qg_pen_line(out, "g", fr->left, y, fr->right, y);
        qg_pen_text(out, fr->left - 5, y + 3.5, "k", "end", fr->width, text);
    }
    if (!a->name && a->title && *a->title)
        qg_pen_upright(out, fr->outer + 10, (fr->top + fr->bottom) / 2, "middle",
                       fr->bottom - fr->top, a->title);
}

static void draw_rules(qg_str *out, const qg_frame *fr)
{
    for (int i = 0; i < fr->p->n_rules; i++) {
        const qg_rule *u = &fr->p->rule[i];
        double x = qg_scale_at(&fr->x, u->at), y = qg_scale_at(&fr->y, u->at);
        double low = fmax(fr->x.low, fr->y.low), high = fmin(fr->x.high, fr->y.high);
        qg_str_add(out, "<g><title>");
        qg_pen_escape(out, u->text);
        qg_str_add(out, "</title>");
        if (u->kind == QG_UPRIGHT && !fr->p->x.name)
            qg_pen_line(out, "u", x, fr->top, x, fr->bottom);
        else if (u->kind == QG_LYING && !fr->p->y.name)
            qg_pen_line(out, "u", fr->left, y, fr->right, y);
        else if (u->kind == QG_DIAGONAL && high > low)
            qg_pen_line(out, "u", qg_scale_at(&fr->x, low), qg_scale_at(&fr->y, low),
                        qg_scale_at(&fr->x, high), qg_scale_at(&fr->y, high));
        qg_str_add(out, "</g>\n");
    }
}

static void draw_panel(qg_str *out, const qg_frame *fr)
{
    draw_head(out, fr);
    draw_below(out, fr);
    draw_beside(out, fr);
    draw_rules(out, fr);
    qg_svg_marks(out, fr);
    if (fr->p->n_series > 0 && fr->p->series[0].mark != QG_CELLS)
        qg_pen_line(out, "a", fr->left, fr->bottom, fr->right, fr->bottom);
}

/* Whether a series is the first of its name in the figure. */
static bool is_first(const qg_figure *f, int panel, int series)
{
    const char *name = f->panel[panel].series[series].name;
    for (int i = 0; i <= panel; i++)
        for (int k = 0; k < (i < panel ? f->panel[i].n_series : series); k++)
            if (strcmp(f->panel[i].series[k].name, name) == 0)
                return false;
    return true;
}

static bool has_several_names(const qg_figure *f)
{
    int n = 0;
    for (int i = 0; i < f->n_panels; i++)
        for (int k = 0; k < f->panel[i].n_series; k++)
            n += is_first(f, i, k);
    return n > 1;
}

static void draw_sample(qg_str *out, const qg_plot_series *s, double x, double y)
{
    qg_str_addf(out, "<g class=\"c%d\">", s->style % COLOURS);
    if (s->mark == QG_LINE) {
        qg_str_addf(out, "<g class=\"d%d\">", s->style % DASHES);
        qg_pen_line(out, "l", x, y, x + 22, y);
        qg_str_add(out, "</g>");
    }
    if (s->mark == QG_BARS || s->mark == QG_SPANS)
        qg_pen_box(out, s->mark == QG_BARS ? "r" : "s", x + 5, y - 4, x + 17, y + 4);
    else if (s->mark == QG_STEPS)
        qg_pen_box(out, "w", x + 5, y - 4, x + 17, y + 4);
    else if (!s->plain)
        qg_pen_marker(out, s->style, x + 11, y, 3.5);
    qg_str_add(out, "</g>\n");
}

/* Names of series in lines, below *y, which is moved. */
static void draw_legend(qg_str *out, const qg_figure *f, double *y)
{
    double x = 0;
    if (!has_several_names(f))
        return;
    for (int i = 0; i < f->n_panels; i++) {
        for (int k = 0; k < f->panel[i].n_series; k++) {
            const qg_plot_series *s = &f->panel[i].series[k];
            double width = fmin(qg_pen_width(s->name, "k"), 200) + 40;
            if (!*s->name || !is_first(f, i, k))
                continue;
            if (x > 0 && x + width > WIDTH) {
                x = 0;
                *y += LINE + 2;
            }
            draw_sample(out, s, x, *y + 8);
            qg_pen_text(out, x + 26, *y + 12, "k", "start", 200, s->name);
            x += width;
        }
    }
    *y += LINE + 6;
}

/* What colours and areas mean, once for each title. */
static void draw_meanings(qg_str *out, const qg_figure *f, double *y)
{
    const char *last = NULL, *last_size = NULL;
    for (int i = 0; i < f->n_panels; i++) {
        const qg_panel *p = &f->panel[i];
        char text[32], colour[8];
        if (p->size_title && (!last_size || strcmp(last_size, p->size_title) != 0)) {
            qg_str line = {0};
            qg_str_addf(&line, "area: %s", p->size_title);
            qg_pen_text(out, 0, *y + 11, "i", "start", WIDTH, line.data ? line.data : "");
            qg_str_fini(&line);
            *y += LINE;
        }
        last_size = p->size_title ? p->size_title : last_size;
        if (!p->value_title || (last && strcmp(last, p->value_title) == 0) || isnan(p->value_low))
            continue;
        last = p->value_title;
        double x = fmin(qg_pen_width(last, "k"), 230) + 8, low = p->value_low;
        double high = p->value_high;
        if (!isnan(p->value_middle)) {
            double reach = fmax(high - p->value_middle, p->value_middle - low);
            low = p->value_middle - reach;
            high = p->value_middle + reach;
        }
        qg_pen_text(out, 0, *y + 11, "i", "start", 230, last);
        qg_number_text(text, low);
        qg_pen_text(out, x, *y + 11, "k", "start", 60, text);
        x += qg_pen_width(text, "k") + 6;
        for (int k = 0; k < 20; k++) {
            qg_pen_colour(colour, (k + 0.5) / 20, !isnan(p->value_middle));
            qg_str_addf(out, "<g fill=\"%s\">", colour);
            qg_pen_box(out, "v", x + 5 * k, *y + 2, x + 5 * k + 5.2, *y + 12);
            qg_str_add(out, "</g>");
        }
        qg_pen_text(out, x + 106, *y + 11, "k", "start", 60, qg_number_text(text, high));
        *y += LINE + 6;
    }
}

/* All panels below *y, which is moved. */
static void draw_panels(qg_str *out, const qg_figure *f, double *y)
{
    const double half = (WIDTH - GAP) / 2.0;
    for (int i = 0; i < f->n_panels; i++) {
        qg_frame left, right;
        bool two = f->panel[i].half && i + 1 < f->n_panels && f->panel[i + 1].half;
        place_panel(&left, &f->panel[i], f->panel[i].half ? half : WIDTH);
        double height = left.height;
        if (two) {
            place_panel(&right, &f->panel[i + 1], half);
            height = fmax(height, right.height);
            move_panel(&right, half + GAP,
                       *y + (right.head < left.head ? left.head - right.head : 0));
        }
        move_panel(&left, 0, *y + (two && left.head < right.head ? right.head - left.head : 0));
        draw_panel(out, &left);
        if (two)
            draw_panel(out, &right);
        i += two;
        *y += height + GAP;
    }
}

/* The text between the tags of everything that is drawn; *height of it. */
static void draw(qg_str *out, double *height, const qg_figure *f)
{
    double y = 18;
    qg_str_addf(out, "<g id=\"qgf-%s-h\">", f->name);
    qg_pen_text(out, 0, y, "h", "start", WIDTH, f->title);
    qg_str_add(out, "</g>");
    y += 8;
    if (f->of_timing) {
        qg_pen_text(out, 0, y + 8, "i", "start", WIDTH,
                    "Measured time: it differs from run to run.");
        y += LINE + 2;
    }
    draw_legend(out, f, &y);
    draw_meanings(out, f, &y);
    draw_panels(out, f, &y);
    *height = y;
}

qg_code qg_figure_svg(qg_str *out, const qg_figure *f)
{
    qg_str body = {0};
    double height;
    draw(&body, &height, f);
    qg_str_addf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qgf\" role=\"img\" "
                "aria-labelledby=\"qgf-%s-h\" aria-describedby=\"qgf-%s-d\" viewBox=\"-6 0 %d ",
                f->name, f->name, WIDTH + 12);
    qg_pen_number(out, height);
    qg_str_addf(out, "\" font-family=\"sans-serif\">\n<desc id=\"qgf-%s-d\">", f->name);
    qg_pen_escape(out, f->caption);
    qg_str_add(out, "</desc>\n");
    qg_str_add(out, STYLE);
    qg_pen_box(out, "p", -6, 0, WIDTH + 6, height);
    qg_str_add(out, "\n");
    if (body.data)
        qg_str_add(out, body.data);
    qg_str_add(out, "</svg>\n");
    out->failed |= body.failed;
    qg_str_fini(&body);
    return qg_str_status(out);
}
