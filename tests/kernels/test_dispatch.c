/*
 * test_dispatch.c - which kernels a process uses, by CPU and by QGRID_KERNELS. The choice is made
 * once, so each setting is tried in a child process.
 */
#include "kt.h"

#include "kernels/impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs check(level) in a child with QGRID_KERNELS = level (NULL: unset); it returned true. */
static bool in_child(const char *level, bool (*check)(const char *level))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        if (level)
            setenv("QGRID_KERNELS", level, 1);
        else
            unsetenv("QGRID_KERNELS");
        _exit(check(level) ? 0 : 1);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

enum { TOP = 6 };

static int rank_of(const char *isa)
{
    static const char *const order[] = {"ref",        "avx2",       "avx512", "avxvnni",
                                        "avx512vnni", "avx512bf16", "amx"};
    for (int i = 0; i <= TOP; i++) {
        if (strcmp(order[i], isa) == 0)
            return i;
    }
    return -1;
}

/* Every operation has one chosen row, the best supported one not above the level; nothing is NULL.
 */
static bool choice_is_best(const char *level)
{
    const char *why = "";
    const qg_kernels *k = qg_kernels_get(&why);
    int n, top = level && *level ? rank_of(level) : TOP;
    const qg_kernel_info *list = qg_kernel_list(&n);
    if (!k || why)
        return false;
    for (int i = 0; i < n; i++) {
        int best = -1, chosen = -1, count = 0;
        for (int j = 0; j < n; j++) {
            if (strcmp(list[i].op, list[j].op) != 0)
                continue;
            if (list[j].supported && rank_of(list[j].isa) <= top && rank_of(list[j].isa) > best)
                best = rank_of(list[j].isa);
            if (list[j].chosen)
                chosen = rank_of(list[j].isa), count++;
        }
        if (count != 1 || chosen != best)
            return false;
    }
    for (size_t at = offsetof(qg_kernels, gemm_f32); at < sizeof *k; at += sizeof k->gemm_f32) {
        void (*fn)(void);
        memcpy(&fn, (const char *)k + at, sizeof fn);
        if (!fn)
            return false;
    }
    return rank_of(k->isa) <= top && qg_kernels_get(NULL) == k;
}

static bool is_refused(const char *level)
{
    const char *why = NULL;
    (void)level;
    return !qg_kernels_get(&why) && why &&
           strcmp(why,
                  "'sse' is not one of: ref, avx2, avx512, avxvnni, avx512vnni, avx512bf16, amx") ==
               0;
}

static bool is_unsupported(const char *level)
{
    const char *why = NULL;
    return !qg_kernels_get(&why) && why && strstr(why, level) &&
           strstr(why, "is not what this processor can do: ref");
}

static void best_supported_kernels_are_chosen(void **state)
{
    (void)state;
    assert_true(in_child(NULL, choice_is_best));
    assert_true(in_child("", choice_is_best));
}

/* Asks the choice itself, so only for a child. */
static bool level_is_obeyed(const char *level)
{
    int n;
    const qg_kernel_info *list = qg_kernel_list(&n);
    bool have = false;
    for (int i = 0; i < n; i++)
        have |= strcmp(list[i].isa, level) == 0 && list[i].supported;
    return have ? choice_is_best(level) : is_unsupported(level);
}

static void qgrid_kernels_limits_the_choice(void **state)
{
    (void)state;
    assert_true(in_child("ref", level_is_obeyed));
    assert_true(in_child("avx2", level_is_obeyed));
    assert_true(in_child("avx512", level_is_obeyed));
    assert_true(in_child("avxvnni", level_is_obeyed));
    assert_true(in_child("avx512vnni", level_is_obeyed));
    assert_true(in_child("avx512bf16", level_is_obeyed));
    assert_true(in_child("amx", level_is_obeyed));
}

static void unknown_level_is_refused_with_the_allowed_ones(void **state)
{
    (void)state;
    assert_true(in_child("sse", is_refused));
}

static void the_cpu_is_described(void **state)
{
    (void)state;
    assert_true(strlen(qg_cpu_name()) > 0);
    assert_true((strstr(qg_cpu_features(), "avx2") != NULL) == qg_cpu_avx2());
    print_message("%s: %s\n", qg_cpu_name(), qg_cpu_features());
}

int main(void)
{
    unsetenv("QGRID_KERNELS");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_supported_kernels_are_chosen),
        cmocka_unit_test(qgrid_kernels_limits_the_choice),
        cmocka_unit_test(unknown_level_is_refused_with_the_allowed_ones),
        cmocka_unit_test(the_cpu_is_described),
    };
    return qt_run("dispatch", tests, sizeof tests / sizeof tests[0]);
}
