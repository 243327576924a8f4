/*
 * fuzz_json.c - JSON: what is read has one canonical form, which is read as the same.
 */
#include "fuzz.h"

#include "qgrid/json.h"
#include "qgrid/str.h"

#include <string.h>

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    qg_arena *a = fuzz_arena();
    qg_str once = {0}, again = {0};
    qg_json_doc doc, canonical;
    if (fuzz_worked(qg_json_parse(&doc, a, "fuzz.json", (const char *)data, size))) {
        qg_json_canonical(&once, doc.root);
        FUZZ_CHECK(qg_str_status(&once) == QG_OK);
        FUZZ_CHECK(qg_json_parse(&canonical, a, "fuzz.json", once.data, once.len) == QG_OK);
        qg_json_canonical(&again, canonical.root);
        FUZZ_CHECK(once.len == again.len && memcmp(once.data, again.data, once.len) == 0);
    }
    qg_str_fini(&once);
    qg_str_fini(&again);
    qg_arena_destroy(a);
    return 0;
}
