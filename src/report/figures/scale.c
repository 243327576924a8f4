/*
 * scale.c - from numbers to places on paper.
 */
#include "scale.h"

#include <math.h>
#include <string.h>

/* The least of 1, 2, 5 times a power of ten that is not below x > 0; its power in *power. */
static double nice_step(double x, int *power)
{
    static const double step[] = {1, 2, 5, 10};
    *power = (int)floor(log10(x));
    double ten = pow(10, *power);
    int i = 0;
    while (i < 3 && step[i] * ten < x * (1 - 1e-9))
        i++;
    *power += i == 3;
    return step[i] * ten;
}

static void fit_plain(qg_scale *s, double low, double high, int want)
{
    int power;
    double step = nice_step((high - low) / want, &power);
    double first = floor(low / step + 1e-9), last = ceil(high / step - 1e-9);
    s->low = first * step;
    s->high = last * step;
    s->n_ticks = 0;
    for (double k = first; k <= last && s->n_ticks < QG_TICKS; k++)
        s->tick[s->n_ticks++] = k * step;
    s->digits = power < 0 ? -power : 0;
}

/* Ticks at powers of ten, and at 2 and 5 times them where there are few. */
static void fit_log(qg_scale *s, double low, double high)
{
    static const double times[] = {1, 2, 5};
    int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
    int per_decade = last - first <= 3 ? 3 : 1, decades = last - first + 1;
    int every = (decades + QG_TICKS - 2) / (QG_TICKS - 1);
    s->low = low;
    s->high = high;
    s->n_ticks = 0;
    s->digits = first < 0 ? -first : 0;
    for (int k = 0; k < decades; k += per_decade == 1 ? every : 1)
        for (int i = 0; i < per_decade && s->n_ticks < QG_TICKS; i++) {
            double v = times[i] * pow(10, first + k);
            if (v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9))
                s->tick[s->n_ticks++] = v;
        }
    if (s->n_ticks == 0)
        s->tick[s->n_ticks++] = low;
}

void qg_scale_fit(qg_scale *s, double low, double high, bool log, int want)
{
    if (!isfinite(low) || !isfinite(high) || !isfinite(high - low)) {
        low = 0;
        high = 1;
    }
    s->log = log && low > 0;
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high)))) {
        double apart = low == 0 ? 0.5 : fabs(low) * 0.05;
        low -= apart;
        high += apart;
    }
    if (s->log)
        fit_log(s, low / 1.1, high * 1.1);
    else
        fit_plain(s, low, high, want);
}

double qg_scale_at(const qg_scale *s, double v)
{
    if (isnan(v))
        return v;
    v = v < s->low ? s->low : v > s->high ? s->high : v;
    double share =
        s->log ? log(v / s->low) / log(s->high / s->low) : (v - s->low) / (s->high - s->low);
    return s->from + share * (s->to - s->from);
}

static void take(double *low, double *high, double v)
{
    if (!isfinite(v))
        return;
    *low = v < *low || isnan(*low) ? v : *low;
    *high = v > *high || isnan(*high) ? v : *high;
}

/* Upright bars reach from 0 and half their width to both sides. */
static void take_bar(double *low, double *high, const qg_datum *d, bool upright)
{
    take(low, high, upright ? 0 : d->x - d->size / 2);
    take(low, high, upright ? 0 : d->x + d->size / 2);
}

void qg_panel_range(double *low, double *high, const qg_panel *p, bool upright)
{
    const qg_axis *a = upright ? &p->y : &p->x;
    bool spread = upright == !p->y.name; /* intervals lie along this axis */
    *low = *high = (double)NAN;
    for (int i = 0; i < p->n_series; i++) {
        const qg_plot_series *s = &p->series[i];
        for (int k = 0; k < s->n; k++) {
            const qg_datum *d = &s->datum[k];
            take(low, high, upright ? d->y : d->x);
            if (spread) {
                take(low, high, d->low);
                take(low, high, d->high);
                take(low, high, d->q1);
                take(low, high, d->q3);
            }
            if ((s->mark == QG_BARS || s->mark == QG_STEPS) && !p->y.name)
                take_bar(low, high, d, upright);
        }
        if (s->mark == QG_BARS && p->y.name && !upright)
            take(low, high, 0);
    }
    for (int i = 0; i < p->n_rules; i++)
        if (p->rule[i].kind == (upright ? QG_LYING : QG_UPRIGHT))
            take(low, high, p->rule[i].at);
    if (a->zero)
        take(low, high, 0);
}

char *qg_fixed_text(char out[32], double v, int digits)
{
    if (isnan(v) || isinf(v)) {
        snprintf(out, 32, "%s", isnan(v) ? "not known" : v > 0 ? "infinite" : "-infinite");
        return out;
    }
    if (fabs(v) >= 1e15) {
        snprintf(out, 32, "%.4e", v);
        return out;
    }
    snprintf(out, 32, "%.*f", digits, v);
    if (out[0] == '-' && !strpbrk(out, "123456789"))
        memmove(out, out + 1, strlen(out));
    return out;
}

char *qg_number_text(char out[32], double v)
{
    if (v != 0 && isfinite(v) && (fabs(v) < 1e-6 || fabs(v) >= 1e15)) {
        snprintf(out, 32, "%.4e", v);
        return out;
    }
    int power = v != 0 && isfinite(v) ? (int)floor(log10(fabs(v))) : 0;
    qg_fixed_text(out, v, power < 4 ? 4 - power : 0);
    if (strchr(out, '.')) {
        size_t n = strlen(out);
        while (out[n - 1] == '0')
            n--;
        out[out[n - 1] == '.' ? n - 1 : n] = '\0';
    }
    return out;
}
