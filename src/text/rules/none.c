/*
 * none.c - rule "none": the text as it stands.
 */
#include "rules.h"

void qg_rule_none(qg_str *out, const char *text, size_t len)
{
    qg_str_addn(out, text, len);
}
