#!/usr/bin/env bash
# test_store_readers.sh - the results file in other people's programs: h5py, h5dump, h5diff, ncdump,
# xarray. The file is the sample layout of tests/unit/store_sample.h, written by test_store.
# May run beside other tests.
set -u
cd "$(dirname "$0")/../.." || exit 2
BUILD=${BUILD:-build/release}
PYTHON=/usr/bin/python3
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0 skipped=0

check() { # NAME COMMAND...
    local name=$1
    shift
    if "$@" >"$tmp/log" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name: $*"
        tail -n 20 "$tmp/log"
    fi
}

skip() {
    skipped=$((skipped + ${2:-1}))
    echo "SKIPPED: $1"
}

# Whether Python's netCDF library reads arrays of fixed-length strings.
netcdf4_is_fixed() {
    "$PYTHON" -c 'import netCDF4 as n
v = n.__netcdf4libversion__.split("-")[0].split(".")
raise SystemExit([int(x) for x in v] < [4, 9, 1])' 2>/dev/null
}

have_python() {
    "$PYTHON" -c "import $1" 2>/dev/null
}

make_sample() {
    QGRID_STORE_SAMPLE="$1" "$BUILD/tests/unit/test_store"
}

names="text token_id logits probabilities predicted state sign checksum accuracy host"

lists_all() { # COMMAND...: every dataset is named in what it prints, and no dimension is made up
    "$@" >"$tmp/listing" || return 1
    for name in $names; do
        grep -qE "\\b$name\\b" "$tmp/listing" || { echo "no $name"; return 1; }
    done
    ! grep -qi phony "$tmp/listing"
}

# A creation that is cut short by a limit on file sizes: status 1 and no file, not a crash at exit.
size_limit() {
    (
        trap '' XFSZ
        ulimit -f 40
        make_sample "$tmp/limited.h5"
    )
    [ $? -eq 1 ] && [ -z "$(find "$tmp" -name 'limited.h5*')" ]
}

cat >"$tmp/h5.py" <<'PYTHON'
import sys
import h5py
import numpy as np

with h5py.File(sys.argv[1]) as f:
    seen = []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        seen.append(name)
        if not h5py.h5ds.is_scale(item.id):
            assert all(len(d) == 1 for d in item.dims), name
        assert item.chunks is None, name

    f.visititems(visit)
    assert len(seen) == 14, seen
    texts = f["/datasets/smsa/text"].asstr()[:]
    assert list(texts) == ["enak sekali", "biasa saja", "", "caf\u00e9 \U0001f600",
                           "exactly twenty-four byte"], texts
    g = f["/predictions/mini/smsa/int8"]
    assert [list(d.keys()) for d in g["logits"].dims] == [["row"], ["class"]]
    assert np.isnan(g["logits"][:]).all() and np.isnan(g["logits"].fillvalue)
    assert (g["predicted"][:] == -1).all()
    assert g["logits"].attrs["units"].decode() == "logit"
    assert list(g) == ["row", "class", "logits", "probabilities", "predicted", "state", "sign",
                       "checksum"], list(g)
    assert f.attrs["schema_version"] == 1 and f.attrs["share"] == 0.25
    assert f["environment"].attrs["commit"].decode() == "0123abcd"
    assert f["/datasets/smsa/token_id"].shape == (0,)
PYTHON

cat >"$tmp/x.py" <<'PYTHON'
import sys
import numpy as np
import xarray as xr

path, engine = sys.argv[1:]
groups = {
    "/datasets/smsa": {"row": 5, "token": 0},
    "/predictions/mini/smsa/int8": {"row": 5, "class": 3},
    "/metrics/mini/smsa/int8": {},
    "/timing": {},
}


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


for group, sizes in groups.items():
    with xr.open_dataset(path, group=group, engine=engine) as d:
        assert dict(d.sizes) == sizes, (group, dict(d.sizes))
        d.load()
        if "logits" in d:
            assert d.logits.dims == ("row", "class")
            assert np.isnan(d.logits.values).all()
            assert [text(c) for c in d["class"].values] == ["positive", "neutral", "negative"]
            assert text(d.logits.attrs["units"]) == "logit"
            assert len(d.sel(row=3).predicted.shape) == 0
        if "text" in d:
            assert text(d.text.values[0]) == "enak sekali"
PYTHON

check "sample is written" make_sample "$tmp/a.h5"
check "sample is written again" make_sample "$tmp/b.h5"
check "equal layouts give equal bytes" cmp "$tmp/a.h5" "$tmp/b.h5"
check "h5diff finds nothing" h5diff "$tmp/a.h5" "$tmp/b.h5"
check "h5dump lists every dataset" lists_all h5dump -H "$tmp/a.h5"
check "h5dump prints every value" h5dump "$tmp/a.h5"
check "a size limit ends in an error" size_limit
if command -v ncdump >/dev/null; then
    check "ncdump lists every variable" lists_all ncdump -h "$tmp/a.h5"
    # Not the texts: netCDF-C before 4.9.1 crashes on arrays of fixed-length strings (issue 2159).
    group=/predictions/mini/smsa/int8
    check "ncdump prints NaN" sh -c "ncdump -v $group/logits '$tmp/a.h5' | grep -q 'NaNf, NaNf'"
    check "ncdump prints fill values" sh -c \
        "ncdump -v $group/predicted '$tmp/a.h5' | grep -q -e '-1, -1, -1, -1, -1'"
else
    skip "ncdump is absent" 3
fi
if have_python h5py; then
    check "h5py reads names, dimensions, texts and NaN" "$PYTHON" "$tmp/h5.py" "$tmp/a.h5"
else
    skip "h5py is absent"
fi
if have_python xarray && have_python h5netcdf; then
    check "xarray with h5netcdf" "$PYTHON" "$tmp/x.py" "$tmp/a.h5" h5netcdf
else
    skip "xarray with h5netcdf is absent"
fi
if have_python xarray && netcdf4_is_fixed; then
    check "xarray with netcdf4" "$PYTHON" "$tmp/x.py" "$tmp/a.h5" netcdf4
else
    skip "xarray with netCDF-C 4.9.1 or later is absent"
fi

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
