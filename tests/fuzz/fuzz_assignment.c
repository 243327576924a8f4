/*
 * fuzz_assignment.c - assignments as a worker takes them: the first byte chooses one of the study,
 * the others change what stands behind the names of files in it (fuzz_changed). The unit is
 * computed or refused.
 */
#include "study.h"

#include "qgrid/gang.h"
#include "units/wire.h"

#include <stdlib.h>
#include <string.h>

/* Bytes up to the last of its names: the kind of work, the model, its hash, the cache, the
 * precision. */
static size_t head_size(const qg_str *input)
{
    qg_arena *a = fuzz_arena();
    qg_reader r = {.data = input->data, .size = input->len};
    for (const char *c = "ttiiiiitittt"; *c; c++) /* put_head of work.c, without its last numbers */
        if (*c == 't')
            FUZZ_CHECK(qg_wire_get_text(&r, a));
        else
            (void)qg_wire_get_i64(&r);
    qg_arena_destroy(a);
    FUZZ_CHECK(!r.bad);
    return r.at;
}

/* A unit that a change has made long is given up. */
static bool is_long(void *ctx)
{
    int *polls = ctx;
    return ++*polls > 2000;
}

int FUZZ_ONE(const uint8_t *data, size_t size)
{
    static qg_work *work;
    const fuzz_study *s = fuzz_study_get();
    if (size == 0)
        return 0;
    if (!work)
        FUZZ_CHECK(qg_work_create(&work, s->arena) == QG_OK);
    const qg_str *input = &s->input[data[0] % s->plan.n_units];
    size_t head = head_size(input), n = input->len - head;
    uint8_t *tail = fuzz_changed(&n, input->data + head, data + 1, size - 1);
    char *message = malloc(head + n);
    FUZZ_CHECK(message);
    memcpy(message, input->data, head);
    memcpy(message + head, tail, n);
    qg_farm_worker worker = qg_work_callbacks(work);
    qg_str result = {0};
    int polls = 0;
    qg_gang gang = qg_gang_alone;
    gang.poll = is_long;
    gang.ctx = &polls;
    qg_code rc = worker.execute(worker.ctx, message, head + n, &result, &gang);
    FUZZ_CHECK(rc == QG_OK || qg_error_last()->msg[0]);
    qg_error_clear();
    qg_str_fini(&result);
    free(message);
    free(tail);
    return 0;
}
