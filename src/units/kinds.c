/*
 * kinds.c - the table of all kinds of work.
 */
#include "unit.h"

#include <string.h>

const qg_work_kind *const qg_work_kinds[] = {
#define QG_WORK_KIND(name) &qg_work_##name,
#include "kinds.def"
#undef QG_WORK_KIND
    NULL};

const qg_work_kind *qg_work_kind_find(const char *name)
{
    for (int i = 0; qg_work_kinds[i]; i++)
        if (strcmp(qg_work_kinds[i]->name, name) == 0)
            return qg_work_kinds[i];
    return NULL;
}
