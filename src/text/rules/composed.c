/*
 * composed.c - rules "nfc" and "nfkc": normalization forms C and KC of Unicode (UAX #15).
 */
#include "rules.h"

void qg_rule_nfc(qg_str *out, const char *text, size_t len)
{
    qg_compose(out, text, len, false);
}

void qg_rule_nfkc(qg_str *out, const char *text, size_t len)
{
    qg_compose(out, text, len, true);
}
