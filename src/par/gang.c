/*
 * gang.c - members of a gang.
 */
#include "qgrid/gang.h"

static const int32_t first[] = {0};
const qg_gang qg_gang_alone = {.size = 1, .rank = first};

bool qg_gang_breathe(const qg_gang *g)
{
    return g->breathe && g->breathe(g->ctx);
}

bool qg_gang_ending(const qg_gang *g)
{
    return g->ending && g->ending(g->ctx);
}
