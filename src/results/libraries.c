/*
 * libraries.c - the libraries that a result was computed and stored with.
 */
#include "qgrid/libraries.h"

#include "qgrid/json.h"
#include "qgrid/par.h"
#include "qgrid/store.h"
#include "qgrid/tokenizer.h"
#include "qgrid/weights.h"

#include <stdio.h>

const qg_library *qg_library_list(int *n)
{
    static qg_library (*const make[])(void) = {
        qg_mpi_library,     qg_hdf5_library,    qg_cjson_library, qg_utf8proc_library,
        qg_unicode_library, qg_openssl_library, qg_gsl_library,   qg_zlib_library};
    static qg_library all[sizeof make / sizeof make[0]];
    *n = (int)(sizeof make / sizeof make[0]);
    for (int i = 0; i < *n; i++)
        all[i] = make[i]();
    return all;
}

const char *qg_libraries(void)
{
    static char text[256];
    int n;
    const qg_library *l = qg_library_list(&n);
    size_t used = 0;
    for (int i = 0; i < n && used < sizeof text; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", i > 0 ? ", " : "",
                                 l[i].name, l[i].running);
    return text;
}
