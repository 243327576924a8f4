/*
 * types.c - element types: names, sizes, HDF5's counterparts. Files are little-endian.
 */
#include "h5.h"

static const struct {
    const char *name;
    size_t size;
    const hid_t *type; /* set by the library when it starts */
} types[] = {
    [QG_STORE_I8] = {"i8", 1, &H5T_STD_I8LE_g},     [QG_STORE_U8] = {"u8", 1, &H5T_STD_U8LE_g},
    [QG_STORE_I32] = {"i32", 4, &H5T_STD_I32LE_g},  [QG_STORE_I64] = {"i64", 8, &H5T_STD_I64LE_g},
    [QG_STORE_U64] = {"u64", 8, &H5T_STD_U64LE_g},  [QG_STORE_F32] = {"f32", 4, &H5T_IEEE_F32LE_g},
    [QG_STORE_F64] = {"f64", 8, &H5T_IEEE_F64LE_g}, [QG_STORE_STRING] = {"string", 0, &H5T_C_S1_g},
};

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "memory and file share their types");

const char *qg_store_type_name(qg_store_type type)
{
    return types[type].name;
}

size_t qg_h5_type_size(qg_store_type type, size_t string_size)
{
    return type == QG_STORE_STRING ? string_size : types[type].size;
}

hid_t qg_h5_type(qg_store_type type, size_t string_size)
{
    hid_t t = H5Tcopy(*types[type].type);
    if (type == QG_STORE_STRING &&
        (t < 0 || H5Tset_size(t, string_size) < 0 || H5Tset_strpad(t, H5T_STR_NULLPAD) < 0 ||
         H5Tset_cset(t, H5T_CSET_UTF8) < 0)) {
        H5Tclose(t);
        return -1;
    }
    return t;
}

qg_code qg_h5_type_find(qg_store_type *out, size_t *string_size, hid_t type, const char *path,
                        const char *field)
{
    *string_size = 0;
    if (H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0) {
        *out = QG_STORE_STRING;
        *string_size = H5Tget_size(type);
        return QG_OK;
    }
    for (int i = 0; i < QG_STORE_STRING; i++)
        if (H5Tequal(type, *types[i].type) > 0) {
            *out = (qg_store_type)i;
            return QG_OK;
        }
    return QG_FAIL_AT(QG_ESTORE, path, 0, 0, field,
                      "has an element type that qgrid does not write");
}
