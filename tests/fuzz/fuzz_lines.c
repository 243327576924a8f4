/*
 * fuzz_lines.c - texts of a stream, as plain text and as JSONL: read to the end, whatever they are.
 */
#include "fuzz.h"

#include "qgrid/lines.h"

static void read_all(const char *path, qg_lines_form form, size_t most)
{
    qg_arena *a = fuzz_arena();
    qg_lines in;
    qg_line line;
    bool more = true;
    FUZZ_CHECK(qg_lines_open(&in, path, form) == QG_OK);
    for (size_t i = 0; more; i++) {
        FUZZ_CHECK(i <= most);
        qg_code rc = qg_lines_next(&line, &more, &in, a);
        FUZZ_CHECK(rc == QG_OK || rc == QG_EFORMAT);
        if (rc == QG_OK && more)
            FUZZ_CHECK(!line.text != !line.ids);
        (void)fuzz_worked(rc);
    }
    qg_lines_close(&in);
    qg_arena_destroy(a);
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    size_t lines = 1;
    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    const char *path = fuzz_write("lines", data, size);
    read_all(path, QG_LINES_JSONL, lines);
    read_all(path, QG_LINES_TEXT, lines);
    return 0;
}
