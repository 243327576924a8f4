/*
 * process.c - other processes, by /proc.
 */
#include "qgrid/process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t qg_process_start(int64_t pid)
{
    char path[64], line[1024] = "";
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *f = fopen(path, "r");
    if (!f)
        return 0;
    char *p = fgets(line, sizeof line, f) ? strrchr(line, ')') : NULL;
    fclose(f);
    /* The name in field 2 may hold anything, so fields are counted from its end: state is 3. */
    if (!p || strlen(p) < 3 || p[2] == 'Z' || p[2] == 'X')
        return 0;
    for (int field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    return p ? strtoull(p, NULL, 10) : 0;
}

bool qg_process_gone(int64_t pid)
{
    return pid > 0 && qg_process_start(pid) == 0;
}
