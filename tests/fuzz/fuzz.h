/*
 * fuzz.h - what fuzz targets share.
 *
 * fuzz_NAME.c is the target NAME: a function over bytes that libFuzzer calls as often as it can
 * (`make fuzz`) and test_corpus.c with the files of corpus/NAME and with changed copies of them. A
 * target is right when whatever comes out is valid or an error with its text; no input leaves
 * anything behind that the next one could see.
 */
#ifndef QGRID_FUZZ_H
#define QGRID_FUZZ_H

#include "qgrid/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef FUZZ_ONE
#define FUZZ_ONE LLVMFuzzerTestOneInput
#endif

/** The target. */
int FUZZ_ONE(const uint8_t *data, size_t size);

/** Ends the process where a promise is broken, as a sanitizer would. */
void fuzz_check(bool holds, const char *promise);
#define FUZZ_CHECK(promise) fuzz_check((promise), #promise)

/** The call has worked, or its error has a code and a text. Returns whether it has worked. */
bool fuzz_worked(qg_code rc);

/** An arena, without a limit of its own: libFuzzer's are the limits. */
qg_arena *fuzz_arena(void);

/** Path of a file or folder of this process in its own folder, which goes when the process ends.
 *  Static buffers, 8 deep. */
const char *fuzz_path(const char *name);

/** Writes such a file; returns its path. */
const char *fuzz_write(const char *name, const void *data, size_t size);

#endif
