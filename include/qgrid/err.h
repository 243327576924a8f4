/*
 * err.h - error codes, the error record, and the three macros that every fallible call uses.
 *
 * A fallible function returns a qg_code (0 = ok). The text lives in a thread-local record that is
 * read at a boundary (a cell, a command) by qg_error_last(). The function that detects an error
 * writes the message once; callers only add the place, and never overwrite a place already set.
 */
#ifndef QGRID_ERR_H
#define QGRID_ERR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* code, scope, meaning. CELL: recorded, the grid goes on. PLACE: a rank cannot do it here and now,
 * another one may. GRID: the run stops. */
#define QG_ERR_LIST(X)                                                                             \
    X(QG_EBUG, CELL, "a broken invariant inside qgrid")                                            \
    X(QG_ENOMEM, PLACE, "the memory budget is exhausted")                                          \
    X(QG_EIO, PLACE, "a file cannot be read or written")                                           \
    X(QG_EFORMAT, CELL, "an input file is malformed")                                              \
    X(QG_EMODEL, CELL, "the files of a model do not fit together")                                 \
    X(QG_EUNSUPPORTED, CELL, "a combination that is not supported")                                \
    X(QG_ENUMERIC, CELL, "NaN or infinity was produced")                                           \
    X(QG_ELOST, CELL, "ranks died while computing this")                                           \
    X(QG_EUSAGE, GRID, "wrong command line")                                                       \
    X(QG_EJOB, GRID, "the job is invalid")                                                         \
    X(QG_ECHANGED, GRID, "inputs changed since the results file was made")                         \
    X(QG_ELOCKED, GRID, "another run holds the results file")                                      \
    X(QG_ESTORE, GRID, "the results file cannot be read or written")                               \
    X(QG_EMPI, GRID, "an MPI call failed")                                                         \
    X(QG_ECACHE, PLACE, "the folder of packed models cannot be written")                           \
    X(QG_ESOURCE, GRID, "a model or data file changed while it was read")

/* The codes, QG_OK among them. */
enum qg_err_value {
    QG_OK = 0,
#define X(code, scope, text) code,
    QG_ERR_LIST(X)
#undef X
        QG_ERR_COUNT
};
/* One of them, as functions return it. */
typedef int qg_code;

/* How much an error ends: one cell, work at a place (a rank and its machine), or the run. */
typedef enum qg_scope { QG_SCOPE_CELL, QG_SCOPE_PLACE, QG_SCOPE_GRID } qg_scope;

/* Plain data: sent between ranks and stored as it is. Empty strings and 0 mean "unknown". */
typedef struct qg_error {
    int32_t code;
    int32_t rank;
    int32_t cause; /* errno of the call that failed, where the message has its text */
    int32_t reserved;
    int64_t line;   /* 1-based line of `path` */
    int64_t column; /* 1-based column in bytes */
    char path[256]; /* file the user gave */
    char field[96]; /* CSV column, tensor name or JSON pointer */
    char msg[400];  /* one line, lower case, found before allowed */
    char src[64];   /* "src/io/csv.c:118" */
} qg_error;

/* A result that has to be looked at; a function that takes a format and its values. */
#if defined(__GNUC__)
#define QG_MUST_USE     __attribute__((warn_unused_result))
#define QG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define QG_MUST_USE
#define QG_PRINTF(f, a)
#endif

/** Name of a code, "QG_EFORMAT"; borrowed static text. Local. */
const char *qg_code_name(qg_code code);

/** What is concerned by a code: the cell, the place, or the whole grid. Local. */
qg_scope qg_code_scope(qg_code code);

/** Sets the thread's error record and returns `code`; use QG_FAIL. Local. */
qg_code qg_error_set(qg_code code, const char *src, const char *fmt, ...) QG_PRINTF(3, 4);

/** Puts a whole record in place (one received from another rank, say); returns its code. Local. */
qg_code qg_error_restore(const qg_error *e);

/** Fills path, line, column, field where they are still empty. Always returns the record's code. */
qg_code qg_error_place(const char *path, int64_t line, int64_t column, const char *field);

/** The thread's error record; borrowed, valid until the next failure. Local. */
const qg_error *qg_error_last(void);

/** Forgets the thread's error record. Local. */
void qg_error_clear(void);

/** Writes "path:line:column: field: msg [CODE src]" without a newline; returns its length. Local.
 */
int qg_error_format(char *out, size_t size, const qg_error *e);

/** The same for people who read no source: without its last part. Local. */
int qg_error_format_short(char *out, size_t size, const qg_error *e);

/** Length of a text of qg_error_format without the code and the source at its end. Local. */
size_t qg_error_short_length(const char *text);

/* Where an error was found: "src/io/csv.c:42". */
#define QG_STR2(x) #x
#define QG_STR(x)  QG_STR2(x)
#define QG_SRC     __FILE__ ":" QG_STR(__LINE__)

/* The value is the code itself, so that a reader (and an analyzer) sees that it is never QG_OK. */
#define QG_FAIL(code, ...) ((void)qg_error_set((code), QG_SRC, __VA_ARGS__), (code))

/* At a known place of a file: path, line, column, field, then the message. */
#define QG_FAIL_AT(code, path, line, column, field, ...)                                           \
    ((void)qg_error_set((code), QG_SRC, __VA_ARGS__),                                              \
     (void)qg_error_place((path), (line), (column), (field)), (code))

/* Returns what the call returned, unless that is QG_OK. */
#define QG_TRY(call)                                                                               \
    do {                                                                                           \
        qg_code qg_try_rc = (call);                                                                \
        if (qg_try_rc != QG_OK)                                                                    \
            return qg_try_rc;                                                                      \
    } while (0)

/* For functions that own outside handles and leave by one `out:` label; needs `qg_code rc`. */
#define QG_GO(call)                                                                                \
    do {                                                                                           \
        rc = (call);                                                                               \
        if (rc != QG_OK)                                                                           \
            goto out;                                                                              \
    } while (0)

/* A broken invariant is a failure of the cell in release and an abort in debug and asan builds. */
void qg_bug_trap(void);
#define QG_ASSERT(cond)                                                                            \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            qg_bug_trap();                                                                         \
            return QG_FAIL(QG_EBUG, "assertion failed: %s", #cond);                                \
        }                                                                                          \
    } while (0)

#endif
