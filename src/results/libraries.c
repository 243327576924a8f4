/*
 * libraries.c - the libraries that a result was computed and stored with.
 */
#include "qgrid/libraries.h"

#include "qgrid/json.h"
#include "qgrid/par.h"
#include "qgrid/store.h"

#include <stdio.h>

const char *qg_libraries(void)
{
    static char text[256];
    if (!text[0])
        snprintf(text, sizeof text, "%s, %s, %s", qg_par_library(), qg_store_library(),
                 qg_json_library());
    return text;
}
