/*
 * fuzz_config.c - config.json of a model: what is accepted is written as a configuration that is
 * read as the same.
 */
#include "fuzz.h"

#include "qgrid/family.h"
#include "qgrid/file.h"
#include "qgrid/str.h"

#include <string.h>

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_config c, again;
    qg_str once = {0}, twice = {0};
    FUZZ_CHECK(qg_mkdirs(fuzz_path("config")) == QG_OK);
    fuzz_write("config/config.json", data, size);
    if (fuzz_worked(qg_config_load(&c, a, fuzz_path("config")))) {
        qg_config_text(&once, &c, false);
        FUZZ_CHECK(qg_str_status(&once) == QG_OK);
        fuzz_write("config/config.json", once.data, once.len);
        if (qg_config_load(&again, a, fuzz_path("config")) != QG_OK)
            fuzz_check(false, qg_error_last()->msg);
        qg_config_text(&twice, &again, false);
        FUZZ_CHECK(once.len == twice.len && memcmp(once.data, twice.data, once.len) == 0);
    }
    qg_str_fini(&once);
    qg_str_fini(&twice);
    qg_arena_destroy(a);
    return 0;
}
