/*
 * fuzz_zip.c - the directory of a zip file: entries inside of it, apart from each other, by name.
 */
#include "fuzz.h"

#include "io/zip.h"

#include <string.h>

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_zip z;
    if (fuzz_worked(qg_zip_open(&z, a, "fuzz", data, size))) {
        for (int i = 0; i < z.n; i++) {
            qg_zip_entry *e = &z.entries[i];
            FUZZ_CHECK(e->begin <= e->end && e->end <= size);
            FUZZ_CHECK(i == 0 || strcmp(z.entries[i - 1].name, e->name) < 0);
            FUZZ_CHECK(qg_zip_find(&z, e->name) == e);
            FUZZ_CHECK(e->name[0] != '/' && !strstr(e->name, "../"));
            (void)fuzz_worked(qg_zip_check(&z, e));
        }
    }
    qg_arena_destroy(a);
    return 0;
}
