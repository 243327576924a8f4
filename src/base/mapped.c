/*
 * mapped.c - a mapped file that is truncated, or whose disk fails: reading it raises SIGBUS.
 *
 * The computation cannot go on, since its instruction has no value to read. So the process says
 * which file it was, removes its locks and ends; another rank takes its unit, or the next run does,
 * and finds the file damaged.
 */
#include "mapped.h"

#include "qgrid/lock.h"

#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 2048, LINE = 4400 };

typedef struct mapping {
    const char *data;
    size_t size;
    char *path;
} mapping;

static mapping mappings[MOST]; /* free ones have no data */
static struct sigaction before;

static const char *path_at(const char *address)
{
    for (int i = 0; i < MOST; i++) {
        const mapping *m = &mappings[i];
        if (m->data && m->path && (uintptr_t)address >= (uintptr_t)m->data &&
            (uintptr_t)address - (uintptr_t)m->data < m->size)
            return m->path;
    }
    return NULL;
}

static void add(char *line, size_t *n, const char *text)
{
    for (; *text && *n < LINE; text++)
        line[(*n)++] = *text;
}

/* Only what a handler may call. */
static void on_bus_error(int number, siginfo_t *info, void *context)
{
    char line[LINE];
    size_t n = 0;
    const char *path = path_at(info->si_addr);
    (void)context;
    if (!path) { /* no file of ours: as if we were not here */
        sigaction(number, &before, NULL);
        return;
    }
    add(line, &n, "qgrid: ");
    add(line, &n, path);
    add(line, &n, ": was truncated, or can no longer be read, while it was in use; run again\n");
    ssize_t unused = write(STDERR_FILENO, line, n);
    (void)unused;
    qg_lock_release_at_once();
    _exit(1);
}

static void catch_bus_errors(void)
{
    static int caught;
    struct sigaction act = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};
    if (caught++)
        return;
    sigemptyset(&act.sa_mask);
    sigaction(SIGBUS, &act, &before);
}

void qg_mapped_add(const void *data, size_t size, const char *path)
{
    catch_bus_errors();
    for (int i = 0; i < MOST; i++)
        if (!mappings[i].data) {
            mappings[i] = (mapping){.size = size, .path = strdup(path)};
            mappings[i].data = data; /* last: the handler looks at it first */
            return;
        }
}

void qg_mapped_remove(const void *data)
{
    for (int i = 0; i < MOST; i++)
        if (mappings[i].data == data) {
            mappings[i].data = NULL;
            free(mappings[i].path);
            mappings[i].path = NULL;
            return;
        }
}
