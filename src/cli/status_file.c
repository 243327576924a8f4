/*
 * status_file.c - what a run tells the script that started it.
 */
#include "status_file.h"

#include "qgrid/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void qg_status_file_put(const char *path, const char *key, const char *value)
{
    if (!path)
        return;
    FILE *f = fopen(path, "ae");
    int bad = !f || fprintf(f, "%s %s\n", key, value) < 0;
    int error = errno;
    if (f && fclose(f) != 0) {
        bad = 1;
        error = errno;
    }
    if (bad)
        qg_warn("%s: cannot write '%s %s': %s", path, key, value, strerror(error));
}

void qg_status_file_count(const char *path, const char *key, int value)
{
    char text[16];
    snprintf(text, sizeof text, "%d", value);
    qg_status_file_put(path, key, text);
}
