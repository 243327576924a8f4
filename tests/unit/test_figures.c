/*
 * test_figures.c - scales, ranks and writers of figures. Numbers of tests are those of R 4.2
 * (ptukey, pchisq, friedman.test), ticks are by hand.
 */
#include "report/figures/pen.h"
#include "report/figures/prepare.h"
#include "report/figures/rank_test.h"

#include "qt_arena.h"

#include <math.h>
#include <string.h>

#define UNKNOWN ((double)NAN)

static const qg_reading no_file = {0};

/* Ticks of limits: the first, the last, digits. */
static const struct {
    double low, high;
    int want;
    double first, last;
    int digits;
} ticks[] = {
    {0, 1, 5, 0, 1, 1},
    {0.14, 0.84, 5, 0, 1, 1},
    {0.9713, 0.9988, 5, 0.97, 1.0, 2},
    {-3, 12, 5, -5, 15, 0},
    {0, 7.2e6, 5, 0, 8e6, 0},
    {5, 5, 5, 4.7, 5.3, 1},         /* a single number */
    {0, 0, 4, -0.5, 0.5, 1},        /* zero alone: moved apart by a half */
    {UNKNOWN, UNKNOWN, 5, 0, 1, 1}, /* nothing finite */
    {-INFINITY, 3, 5, 0, 1, 1},
    {1e-9, 3e-9, 5, 1e-9, 3e-9, 10},
};

static void test_ticks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        qg_scale s = {.from = 0, .to = 100};
        qg_scale_fit(&s, ticks[i].low, ticks[i].high, false, ticks[i].want);
        qt_close("first", s.tick[0], ticks[i].first, 0, 1e-12);
        qt_close("last", s.tick[s.n_ticks - 1], ticks[i].last, 0, 1e-12);
        assert_true(s.low < s.high && s.n_ticks >= 2 && s.n_ticks <= ticks[i].want + 2);
        assert_int_equal(s.digits, ticks[i].digits);
        qt_close("low", qg_scale_at(&s, s.low), 0, 0, 1e-9);
        qt_close("high", qg_scale_at(&s, s.high), 100, 0, 1e-9);
        qt_close("infinite", qg_scale_at(&s, (double)INFINITY), 100, 0, 1e-9);
        assert_true(isnan(qg_scale_at(&s, UNKNOWN)));
    }
}

static void test_logarithmic(void **state)
{
    qg_scale s = {.from = 0, .to = 1};
    (void)state;
    qg_scale_fit(&s, 1, 1000, true, 5);
    assert_true(s.log);
    qt_close("qg_scale_at(&s, sqrt(s.l", qg_scale_at(&s, sqrt(s.low * s.high)), 0.5, 0, 1e-12);
    qg_scale_fit(&s, -1, 1000, true, 5);
    assert_false(s.log);
}

static void test_numbers(void **state)
{
    char text[32];
    (void)state;
    assert_string_equal(qg_number_text(text, 0.123456789), "0.12346");
    assert_string_equal(qg_number_text(text, -0.0), "0");
    assert_string_equal(qg_number_text(text, 123456), "123456");
    assert_string_equal(qg_number_text(text, 1200), "1200");
    assert_string_equal(qg_number_text(text, UNKNOWN), "not known");
    assert_string_equal(qg_number_text(text, INFINITY), "infinite");
    assert_string_equal(qg_number_text(text, 1.5e-9), "1.5000e-09");
    assert_string_equal(qg_fixed_text(text, -0.0004, 2), "0.00");
}

static void test_studentized_range(void **state)
{
    static const struct {
        int k;
        double q;
    } r[] = {
        {2, 2.77180764869935}, {3, 3.31449315540624}, {4, 3.63315957491235}, {10, 4.4741242215874}};
    (void)state;
    for (int i = 0; i < 4; i++)
        qt_close("qg_studentized_range(r[i", qg_studentized_range(r[i].k), r[i].q, 0, 1e-7);
    qt_close("qg_chi2_tail(3.2, 1)", qg_chi2_tail(3.2, 1), 0.0736382701203028, 0, 1e-12);
    qt_close("qg_chi2_tail(7.5, 2)", qg_chi2_tail(7.5, 2), 0.0235177458560091, 0, 1e-12);
    qt_close("qg_chi2_tail(11.1, 5)", qg_chi2_tail(11.1, 5), 0.0494329339438486, 0, 1e-12);
    qt_close("qg_chi2_tail(4.2, 6)", qg_chi2_tail(4.2, 6), 0.6496313518820692, 0, 1e-12);
    qt_close("qg_chi2_tail(0, 3)", qg_chi2_tail(0, 3), 1, 0, 0);
}

static void test_ranks(void **state)
{
    static const double x[] = {1, 2, 3, 1, 3, 2, 2, 2, 5, 1, 4, 9, 3, 3, 3, 5, 6, 1, UNKNOWN, 1, 2};
    qg_rank_test t;
    (void)state;
    qt_ok(qg_rank_test_of(&t, x, 7, 3, arena));
    assert_int_equal(t.n, 6);
    qt_close("t.chi2", t.chi2, 3.89473684210526, 0, 1e-12);
    qt_close("t.p", t.p, 0.142648970109233, 0, 1e-12);
    qt_close("t.mean[0]", t.mean[0], 1.41666666666667, 0, 1e-12);
    qt_close("t.mean[2]", t.mean[2], 2.33333333333333, 0, 1e-12);
    qt_close("t.difference", t.difference, 3.31449315540624 / sqrt(2) * sqrt(3 * 4 / 36.0), 0,
             1e-7);
    qt_ok(qg_rank_test_of(&t, x, 1, 3, arena));
    assert_int_equal(t.n, 0);
}

#define HOSTILE "<script>alert('x')</script>&\"]]>\\end{document}%\x01\xff"

/* A figure with a hostile name everywhere, what is missing, and what is infinite. */
static qg_figure hostile_figure(void)
{
    qg_figure f = {.name = "f", .title = HOSTILE, .caption = HOSTILE, .arena = arena};
    qg_panel *p;
    qg_plot_series *s;
    qt_ok(qg_figure_panel(&p, &f, HOSTILE));
    p->x.title = HOSTILE;
    p->note = HOSTILE;
    qg_panel_add_rule(p, QG_UPRIGHT, 0.5, HOSTILE);
    for (int i = 0; i < 3; i++) {
        qg_datum d = QG_DATUM(i == 0 ? UNKNOWN : i == 1 ? (double)INFINITY : 0.25, 0);
        d.detail = HOSTILE;
        qt_ok(qg_axis_place(&d.y, &f, &p->y, i ? HOSTILE : "b"));
        qt_ok(qg_panel_series(&s, &f, p, HOSTILE, QG_POINTS));
        qt_ok(qg_series_add(&f, s, d));
    }
    qt_ok(qg_panel_series(&s, &f, p, "=1+1", QG_BARS));
    qt_ok(qg_series_add(&f, s, QG_DATUM(1, 1)));
    return f;
}

/* No markup but what the writer knows, no byte that XML has not. */
static void check_svg(const char *svg)
{
    assert_null(strstr(svg, "<script"));
    assert_null(strstr(svg, "]]>"));
    assert_null(strstr(svg, "nan"));
    assert_null(strstr(svg, "inf,"));
    assert_null(strchr(svg, '\x01'));
    assert_int_equal(qg_utf8_check(svg, strlen(svg)), strlen(svg));
    assert_non_null(strstr(svg, "&lt;script&gt;"));
}

static void test_hostile(void **state)
{
    qg_str svg = {0}, again = {0}, csv = {0}, tex = {0};
    (void)state;
    qg_figure f = hostile_figure(), g = hostile_figure();
    qt_ok(qg_figure_prepare(&f, &no_file));
    qt_ok(qg_figure_prepare(&g, &no_file));
    qt_ok(qg_figure_svg(&svg, &f));
    qt_ok(qg_figure_svg(&again, &g));
    assert_string_equal(svg.data, again.data);
    check_svg(svg.data);
    qt_ok(qg_figure_csv(&csv, &f));
    assert_non_null(strstr(csv.data, "\"'=1+1\""));
    qt_ok(qg_figure_pgfplots(&tex, &f));
    assert_null(strstr(tex.data, "\\end{document}"));
    qg_str_fini(&svg);
    qg_str_fini(&again);
    qg_str_fini(&csv);
    qg_str_fini(&tex);
}

static void test_crowded(void **state)
{
    qg_figure f = {.name = "f", .title = "t", .caption = "c", .arena = arena};
    qg_panel *p;
    (void)state;
    qt_ok(qg_figure_panel(&p, &f, "all"));
    for (int i = 0; i < 300; i++) {
        qg_plot_series *s;
        const char *name = qg_arena_printf(arena, "s%d", i);
        qt_ok(qg_panel_series(&s, &f, p, name, QG_LINE));
        qt_ok(qg_series_add(&f, s, QG_DATUM(0, i)));
        qt_ok(qg_series_add(&f, s, QG_DATUM(1, i % 2 ? UNKNOWN : 1.0)));
    }
    qt_ok(qg_figure_panel(&p, &f, "empty"));
    qt_ok(qg_figure_prepare(&f, &no_file));
    assert_int_equal(f.n_panels, 43);
    int series = 0;
    for (int i = 0; i < f.n_panels; i++) {
        assert_true(f.panel[i].n_series <= 7);
        series += f.panel[i].n_series;
        for (int k = 1; k < f.panel[i].n_series; k++) {
            int a = f.panel[i].series[k - 1].style, b = f.panel[i].series[k].style;
            assert_true(a % COLOURS != b % COLOURS || a % MARKERS != b % MARKERS);
        }
    }
    assert_int_equal(series, 300);
    assert_string_equal(f.panel[0].title, "all (1 of 43)");
}

/* Rows of a heat map stay rows, columns beyond what fits become panels. */
static void test_heat_map(void **state)
{
    enum { ROWS = 60, COLS = 50 };
    static double x[ROWS * COLS];
    const char *row[ROWS], *column[COLS];
    qg_figure f = {.name = "f", .title = "t", .caption = "c", .arena = arena};
    int first, cells = 0;
    (void)state;
    for (int i = 0; i < ROWS; i++)
        row[i] = qg_arena_printf(arena, "r%d", i);
    for (int i = 0; i < COLS; i++)
        column[i] = qg_arena_printf(arena, "c%d", i);
    for (int i = 0; i < ROWS * COLS; i++)
        x[i] = i ? i : UNKNOWN;
    qg_matrix m = {1, ROWS, COLS, NULL, row, column, x};
    qt_ok(qg_figure_add_heat_map(&first, &f, &m, "map", "v"));
    assert_int_equal(f.n_panels - first, 1);
    qt_ok(qg_figure_prepare(&f, &no_file));
    assert_int_equal(f.n_panels, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(f.panel[i].y.n_names, ROWS);
        assert_true(f.panel[i].value_low == 1 && f.panel[i].value_high == ROWS * COLS - 1);
        cells += f.panel[i].series[0].n;
    }
    assert_int_equal(cells, ROWS * COLS);
}

/* White on dark, black on light, both ends and the middle. */
static void test_colours(void **state)
{
    char text[8];
    (void)state;
    assert_true(qg_pen_colour(text, 0, false));
    assert_string_equal(text, "#f4f7fb");
    assert_false(qg_pen_colour(text, 1, false));
    assert_string_equal(text, "#08306b");
    assert_true(qg_pen_colour(text, 0.5, true));
    assert_string_equal(text, "#f5f5f5");
    assert_false(qg_pen_colour(text, 1, true));
    assert_false(qg_pen_colour(text, 0, true));
}

static const struct CMUnitTest tests[] = {
    CASE(test_ticks),   CASE(test_logarithmic), CASE(test_numbers), CASE(test_studentized_range),
    CASE(test_ranks),   CASE(test_hostile),     CASE(test_crowded), CASE(test_heat_map),
    CASE(test_colours),
};

QT_MAIN("figures", tests)
