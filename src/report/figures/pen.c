/*
 * pen.c - coordinates, escaped texts, shapes.
 */
#include "pen.h"

#include "qgrid/display.h"

#include <limits.h>
#include <math.h>
#include <string.h>

void qg_pen_number(qg_str *out, double v)
{
    char text[32];
    qg_fixed_text(text, v, 2);
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == '0')
        n--;
    if (n > 0 && text[n - 1] == '.')
        n--;
    text[n] = '\0';
    qg_str_add(out, n > 0 && strcmp(text, "-") != 0 ? text : "0");
}

/* Valid UTF-8 without characters that XML has not. */
static void add_character(qg_str *out, const char *at, size_t width)
{
    unsigned char c = (unsigned char)*at;
    switch (c) {
    case '&':
        qg_str_add(out, "&amp;");
        return;
    case '<':
        qg_str_add(out, "&lt;");
        return;
    case '>':
        qg_str_add(out, "&gt;");
        return;
    case '"':
        qg_str_add(out, "&quot;");
        return;
    case '\'':
        qg_str_add(out, "&#39;");
        return;
    default:
        break;
    }
    bool no_character = width == 3 && c == 0xef && (unsigned char)at[1] == 0xbf &&
                        ((unsigned char)at[2] & 0xfe) == 0xbe; /* U+FFFE, U+FFFF */
    if (c < 0x20 || c == 0x7f || no_character)
        qg_str_add(out, c == '\t' || c == '\n' ? " " : "\xef\xbf\xbd");
    else
        qg_str_addn(out, at, width);
}

void qg_pen_escape(qg_str *out, const char *text)
{
    size_t len = strlen(text), good = qg_utf8_check(text, len);
    while (len > 0) {
        size_t width = good > 0 ? (size_t)qg_utf8_width((unsigned char)*text) : 1;
        if (good > 0)
            add_character(out, text, width);
        else
            qg_str_add(out, "\xef\xbf\xbd");
        text += width;
        len -= width;
        good = good > 0 ? good - width : 0;
        if (good == 0)
            good = qg_utf8_check(text, len);
    }
}

/* The same text with U+FFFD for what is no UTF-8. */
static void add_clean(qg_str *out, const char *text)
{
    size_t len = strlen(text), good;
    while ((good = qg_utf8_check(text, len)) < len) {
        qg_str_addn(out, text, good);
        qg_str_add(out, "\xef\xbf\xbd");
        text += good + 1;
        len -= good + 1;
    }
    qg_str_addn(out, text, len);
}

/* Columns of a text whose bytes may be any; cut to `most`, with an ellipsis, into `out`. */
static int columns(qg_str *out, const char *text, int most)
{
    qg_str clean = {0};
    add_clean(&clean, text);
    int all = clean.data ? qg_display_add(NULL, clean.data, clean.len, INT_MAX) : 0;
    if (out && clean.data) {
        qg_display_add(out, clean.data, clean.len, all > most ? most : INT_MAX);
        if (all > most && out->len > 0) {
            out->len--; /* its own sign of a cut */
            qg_str_add(out, "\xe2\x80\xa6");
        }
    }
    qg_str_fini(&clean);
    return all > most ? most : all;
}

/* Mean width of a column in a class of texts: heads are bold. */
static double column_width(const char *kind)
{
    return strcmp(kind, "h") == 0 ? 8.9 : strcmp(kind, "t") == 0 ? 7.6 : 6;
}

double qg_pen_width(const char *text, const char *kind)
{
    return columns(NULL, text, INT_MAX) * column_width(kind);
}

/* What is shown of a text, escaped, with its whole for the pointer where it is cut. */
static void add_text(qg_str *out, const char *text, double room, const char *kind)
{
    qg_str shown = {0};
    int most = (int)(room / column_width(kind));
    columns(&shown, text, most > 1 ? most : 1);
    if (shown.data && strcmp(shown.data, text) != 0) {
        qg_str_add(out, "<title>");
        qg_pen_escape(out, text);
        qg_str_add(out, "</title>");
    }
    if (shown.data)
        qg_pen_escape(out, shown.data);
    out->failed |= shown.failed;
    qg_str_fini(&shown);
}

void qg_pen_text(qg_str *out, double x, double y, const char *kind, const char *anchor, double room,
                 const char *text)
{
    qg_str_add(out, "<text x=\"");
    qg_pen_number(out, x);
    qg_str_add(out, "\" y=\"");
    qg_pen_number(out, y);
    qg_str_addf(out, "\" class=\"%s\"", kind);
    if (strcmp(anchor, "start") != 0)
        qg_str_addf(out, " text-anchor=\"%s\"", anchor);
    qg_str_add(out, ">");
    add_text(out, text, room, kind);
    qg_str_add(out, "</text>\n");
}

void qg_pen_upright(qg_str *out, double x, double y, const char *anchor, double room,
                    const char *text)
{
    qg_str_add(out, "<text class=\"k\" transform=\"translate(");
    qg_pen_number(out, x);
    qg_str_add(out, " ");
    qg_pen_number(out, y);
    qg_str_addf(out, ") rotate(-90)\" text-anchor=\"%s\">", anchor);
    add_text(out, text, room, "k");
    qg_str_add(out, "</text>\n");
}

void qg_pen_line(qg_str *out, const char *kind, double x1, double y1, double x2, double y2)
{
    qg_str_addf(out, "<path class=\"%s\" d=\"M", kind);
    qg_pen_number(out, x1);
    qg_str_add(out, " ");
    qg_pen_number(out, y1);
    qg_str_add(out, "L");
    qg_pen_number(out, x2);
    qg_str_add(out, " ");
    qg_pen_number(out, y2);
    qg_str_add(out, "\"/>");
}

void qg_pen_box(qg_str *out, const char *kind, double x1, double y1, double x2, double y2)
{
    qg_str_addf(out, "<rect class=\"%s\" x=\"", kind);
    qg_pen_number(out, fmin(x1, x2));
    qg_str_add(out, "\" y=\"");
    qg_pen_number(out, fmin(y1, y2));
    qg_str_add(out, "\" width=\"");
    qg_pen_number(out, fabs(x2 - x1));
    qg_str_add(out, "\" height=\"");
    qg_pen_number(out, fabs(y2 - y1));
    qg_str_add(out, "\"/>");
}

void qg_pen_marker(qg_str *out, int style, double x, double y, double radius)
{
    /* circle, square, triangle, diamond, cross, triangle on its tip; in units of the radius */
    static const double shape[MARKERS][9] = {
        {0},
        {4, -0.9, -0.9, 0.9, -0.9, 0.9, 0.9, -0.9, 0.9},
        {3, 0, -1.2, 1.1, 0.8, -1.1, 0.8},
        {4, 0, -1.3, 1.3, 0, 0, 1.3, -1.3, 0},
        {-4, -1, -1, 1, 1, -1, 1, 1, -1},
        {3, 0, 1.2, 1.1, -0.8, -1.1, -0.8},
    };
    const double *s = shape[style % MARKERS];
    if (s[0] == 0) {
        qg_str_add(out, "<circle class=\"f\" cx=\"");
        qg_pen_number(out, x);
        qg_str_add(out, "\" cy=\"");
        qg_pen_number(out, y);
        qg_str_add(out, "\" r=\"");
        qg_pen_number(out, radius);
        qg_str_add(out, "\"/>");
        return;
    }
    qg_str_addf(out, "<path class=\"%s\" d=\"", s[0] < 0 ? "l" : "f");
    for (int i = 0; i < (int)fabs(s[0]); i++) {
        qg_str_add(out, i == 0 || (s[0] < 0 && i == 2) ? "M" : "L");
        qg_pen_number(out, x + radius * s[1 + 2 * i]);
        qg_str_add(out, " ");
        qg_pen_number(out, y + radius * s[2 + 2 * i]);
    }
    qg_str_add(out, s[0] < 0 ? "\"/>" : "Z\"/>");
}

/* Between anchors that are equally far apart. */
static void mix(int rgb[3], const unsigned char (*anchor)[3], int n, double share)
{
    double at = share * (n - 1);
    int k = at >= n - 1 ? n - 2 : (int)at;
    for (int i = 0; i < 3; i++)
        rgb[i] = (int)lround(anchor[k][i] + (at - k) * (anchor[k + 1][i] - anchor[k][i]));
}

bool qg_pen_colour(char out[8], double share, bool both)
{
    static const unsigned char one[5][3] = {
        {244, 247, 251}, {198, 216, 235}, {120, 170, 212}, {44, 110, 170}, {8, 48, 107}};
    static const unsigned char two[5][3] = {
        {166, 77, 8}, {241, 170, 95}, {245, 245, 245}, {130, 172, 214}, {18, 82, 150}};
    int c[3];
    mix(c, both ? two : one, 5, share < 0 ? 0 : share > 1 ? 1 : share);
    snprintf(out, 8, "#%02x%02x%02x", c[0] & 255, c[1] & 255, c[2] & 255);
    return 299 * c[0] + 587 * c[1] + 114 * c[2] > 140000;
}

double qg_value_share(const qg_panel *p, double value)
{
    double low = p->value_low, high = p->value_high, middle = p->value_middle;
    if (isnan(value))
        return value;
    if (!isnan(middle)) {
        double reach = fmax(high - middle, middle - low);
        return reach > 0 ? fmin(fmax(0.5 + (value - middle) / (2 * reach), 0), 1) : 0.5;
    }
    return high > low ? fmin(fmax((value - low) / (high - low), 0), 1) : 0.5;
}
