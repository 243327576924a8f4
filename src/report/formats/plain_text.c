/*
 * plain_text.c - a table as the terminal shows it.
 */
#include "report/format.h"

qg_code qg_table_write_text(qg_str *out, const qg_table *t, const qg_table_entry *e)
{
    (void)e;
    return qg_table_text(out, t, 0);
}
