/*
 * unicode.c - categories, case and widths, by tables of one version of Unicode: what a text becomes
 * does not depend on what is installed.
 */
#include "unicode.h"

#include "qgrid/tokenizer.h"

/* In the order of scripts/unicode-tables.py. */
typedef enum category {
    CN,
    LU,
    LL,
    LT,
    LM,
    LO,
    MN,
    MC,
    ME,
    ND,
    NL,
    NO,
    PC,
    PD,
    PS,
    PE,
    PI,
    PF,
    PO,
    SM,
    SC,
    SK,
    SO,
    ZS,
    ZL,
    ZP,
    CC,
    CF,
    CS,
    CO
} category;

typedef struct lower_run {
    int32_t first, last, step, add;
} lower_run;

static const uint32_t category_runs[] = {
#include "unicode_categories.inc"
};

static const lower_run lower_runs[] = {
#include "unicode_lower.inc"
};

static const char version[] =
#include "unicode_version.inc"
    ;

enum {
    CATEGORY_RUNS = sizeof category_runs / sizeof category_runs[0],
    LOWER_RUNS = sizeof lower_runs / sizeof lower_runs[0]
};

int32_t qg_utf8_decode(const char *s, int *width)
{
    const unsigned char *p = (const unsigned char *)s;
    if (p[0] < 0x80) {
        *width = 1;
        return p[0];
    }
    if (p[0] < 0xe0) {
        *width = 2;
        return (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
    }
    if (p[0] < 0xf0) {
        *width = 3;
        return (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
    }
    *width = 4;
    return (p[0] & 0x07) << 18 | (p[1] & 0x3f) << 12 | (p[2] & 0x3f) << 6 | (p[3] & 0x3f);
}

int qg_utf8_encode(char *out, int32_t c)
{
    int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const int lead[] = {0, 0xc0, 0xe0, 0xf0};
    out[0] = (char)(lead[more] | c >> 6 * more);
    for (int i = 1; i <= more; i++)
        out[i] = (char)(0x80 | (c >> 6 * (more - i) & 0x3f));
    return more + 1;
}

/* ------------------------------------------------------------------------------------ tables */

/* The last run that begins at or before c. */
static category category_of(int32_t c)
{
    int low = 0, high = CATEGORY_RUNS;
    while (high - low > 1) {
        int middle = (low + high) / 2;
        if ((int32_t)(category_runs[middle] >> 5) <= c)
            low = middle;
        else
            high = middle;
    }
    return (category)(category_runs[low] & 31);
}

static int32_t lower_of(int32_t c)
{
    int low = 0, high = LOWER_RUNS;
    while (low < high) {
        int middle = (low + high) / 2;
        if (lower_runs[middle].last < c)
            low = middle + 1;
        else
            high = middle;
    }
    const lower_run *r = &lower_runs[low];
    bool is_in = low < LOWER_RUNS && r->first <= c && (c - r->first) % r->step == 0;
    return is_in ? c + r->add : c;
}

qg_library qg_unicode_library(void)
{
    return (qg_library){"Unicode", version, version};
}

/* --------------------------------------------------------------------------------- questions */

bool qg_is_space(int32_t c)
{
    if (c < 0x80)
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    category k = category_of(c);
    return k == ZS || k == ZL || k == ZP;
}

bool qg_is_white_space(int32_t c)
{
    return qg_is_space(c) || c == 0x0b || c == 0x0c || c == 0x85;
}

/* Unassigned code points stay, as in the Rust tokenizer. */
bool qg_is_control(int32_t c)
{
    if (c == '\t' || c == '\n' || c == '\r')
        return false;
    if (c < 0x80)
        return c < 0x20 || c == 0x7f;
    category k = category_of(c);
    return k == CC || k == CF || k == CS || k == CO || c == 0xfffd;
}

bool qg_is_punctuation(int32_t c)
{
    if (c < 0x80)
        return (c >= 33 && c <= 47) || (c >= 58 && c <= 64) || (c >= 91 && c <= 96) ||
               (c >= 123 && c <= 126);
    category k = category_of(c);
    return k >= PC && k <= PO;
}

bool qg_is_cjk(int32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fff) || (c >= 0x3400 && c <= 0x4dbf) ||
           (c >= 0x20000 && c <= 0x2a6df) || (c >= 0x2a700 && c <= 0x2b73f) ||
           (c >= 0x2b740 && c <= 0x2b81f) || (c >= 0x2b820 && c <= 0x2ceaf) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0x2f800 && c <= 0x2fa1f);
}

bool qg_is_letter(int32_t c)
{
    category k = category_of(c);
    return k >= LU && k <= ME;
}

bool qg_is_word_character(int32_t c)
{
    category k = category_of(c);
    return c == '_' || (k >= LU && k <= LO) || (k >= ND && k <= NO);
}

/* The ranges are the letters in circles and squares: symbols that are Other_Alphabetic. */
bool qg_is_joined(int32_t c)
{
    category k = category_of(c);
    return (k >= LU && k <= NL) || k == PC || c == 0x200c || c == 0x200d ||
           (c >= 0x24b6 && c <= 0x24e9) || (c >= 0x1f130 && c <= 0x1f149) ||
           (c >= 0x1f150 && c <= 0x1f169) || (c >= 0x1f170 && c <= 0x1f189);
}

bool qg_is_any_mark(int32_t c)
{
    category k = category_of(c);
    return k >= MN && k <= ME;
}

bool qg_is_mark(int32_t c)
{
    return c >= 0x300 && category_of(c) == MN;
}

int qg_lower(int32_t out[2], int32_t c)
{
    if (c == 0x130) { /* the one code point whose lower case has two */
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    out[0] = c < 0x80 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : lower_of(c);
    return 1;
}
