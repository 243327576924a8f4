/*
 * library.h - an outside library: which version it was built with, which one runs.
 */
#ifndef QGRID_LIBRARY_H
#define QGRID_LIBRARY_H

/* Versions as "1.10.8", static text; `built` is NULL where the headers do not tell. */
typedef struct qg_library {
    const char *name, *built, *running;
} qg_library;

/** OpenSSL (SHA-256), cJSON, GSL. Local. */
qg_library qg_openssl_library(void);
qg_library qg_cjson_library(void);
qg_library qg_gsl_library(void);

#endif
