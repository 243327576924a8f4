#!/usr/bin/env bash
# A real results file in the hands of h5py, h5dump, ncdump and xarray.
# May run beside other tests.
. "$(dirname "$0")/../support/sh.sh"

F=$T/full.h5
sed -E 's/"(samples|evaluations|coalitions)": [0-9]{3}/"\1": 40/g; s/"per_class": 17/"per_class": 1/' jobs/full_matrix.json >"$T/job.json"
ok "the main job, shortened" run_np 2 "$T/job.json" --output "$F" --set /latency/runs=3 --set /latency/samples=6 --set '/latency/batch_sizes=[1,4]'
ok "h5dump lists it" h5dump -H "$F"
ok "ncdump lists it" ncdump -h "$F"
no_phony() { ! ncdump -h "$F" | grep -qi phony; }
ok "no phony dimensions" no_phony
cat >"$T/read.py" <<'EOF'
import sys, h5py, numpy as np, xarray as xr
f = h5py.File(sys.argv[1])
cells = f["cells"]
assert len(cells["name"]) == 220 and (cells["state"][:] == 1).all()
n = 0
def scales(name, d):
    global n
    if isinstance(d, h5py.Dataset):
        n += 1
        for k in range(d.ndim):
            assert h5py.h5ds.is_scale(d.id) or len(d.dims[k]) == 1, name
            assert h5py.h5ds.is_scale(d.id) or d.dims[k][0].shape[0] == d.shape[k], name
        assert d.chunks is None and d.dtype.kind != "O", name
f.visititems(scales)
assert n > 500
for d in ("smsa", "tweets"):
    g = f["datasets"][d]
    text = [t.decode() for t in g["text"][:]]
    s, a, b = g["word_row_splits"][:], g["word_start"][:], g["word_end"][:]
    for r in (0, len(text) - 1):
        words = [text[r][x:y] for x, y in zip(a[s[r]:s[r + 1]], b[s[r]:s[r + 1]])]
        assert words == text[r].split(), (words, text[r])
    t = g["tokens/finetuned"]
    s = t["token_row_splits"][:]
    assert s[-1] == len(t["token_id"]) and (t["token_id"][s[:-1]] == 2).all()
    for m in ("original", "finetuned"):
        for p in ("fp32", "fp16", "int8", "int4"):
            q = f["predictions"][m][d][p]
            logits, prob = q["logits"][:].astype(float), q["probabilities"][:]
            e = np.exp(logits - logits.max(1, keepdims=True))
            assert np.allclose(e / e.sum(1, keepdims=True), prob, atol=1e-12)
            assert (logits.argmax(1) == q["predicted"][:]).all() and (q["state"][:] == 1).all()
            y, met = g["label"][:], f["metrics"][m][d][p]
            assert abs((q["predicted"][:] == y).mean() - met["accuracy"][()]) < 1e-12
            c = np.zeros((3, 3), int)
            np.add.at(c, (y, q["predicted"][:]), 1)
            assert (c == met["confusion"][:]).all()
            assert np.isfinite([met[k][()] for k in ("macro_f1", "mcc", "nll", "brier", "ece")]).all()
            lat = f["timing/latency"][m][d][p]
            assert lat["ms"].shape == (2, 6, 3) and np.isfinite(lat["ms"][0]).all() and lat["alone"][()] == 1
            assert np.isfinite(lat["summary"][:]).all() and (lat["summary"][:] > 0).any()
sizes = [f[f"models/finetuned/{p}/size_bytes"][()] for p in ("fp32", "fp16", "int8", "int4")]
assert sizes[0] > sizes[2] > sizes[3] and sizes[3] < 0.75 * sizes[0]  # embeddings stay fp32
assert abs(sizes[1] / sizes[0] - 0.5) < 0.01  # every parameter
pair = f["comparisons/finetuned/smsa/paired"]
assert (np.diag(pair["agreement"][:]) == 1).all() and (np.diag(pair["mcnemar_p"][:]) == 1).all()
x = xr.open_dataset(sys.argv[1], group="predictions/finetuned/smsa/int8", engine="h5netcdf")
assert x.logits.dims == ("row", "class") and x.logits.shape == (165, 3)
x = xr.open_dataset(sys.argv[1], group="metrics/finetuned/smsa/int8", engine="h5netcdf")
assert x.confusion.dims == ("true_class", "predicted_class") and float(x.accuracy) >= 0
x = xr.open_dataset(sys.argv[1], group="timing/latency/finetuned/smsa/int8", engine="h5netcdf")
assert x.ms.dims == ("batch_size", "text_sample", "run") and list(x.batch_size.values) == [1, 4]
EOF
ok "h5py and xarray agree with the definitions" $PYTHON "$T/read.py" "$F"
open_while_running() {
    run_np 2 "$T/job.json" --output "$T/live.h5" --set /unit_tokens=16 --only 'finetuned_smsa/*' --set /latency/runs=2 &
    local pid=$! reads=0
    WHILE=$pid wait_until "results file" test -e "$T/live.h5" || return 1
    while kill -0 $pid 2>/dev/null && [ $reads -lt 5 ]; do
        $PYTHON -c "import h5py; f = h5py.File('$T/live.h5'); s = f['predictions/finetuned/smsa/fp32/state'][:]; l = f['predictions/finetuned/smsa/fp32/logits'][:]; import numpy as np; assert np.isfinite(l[s == 1]).all()" || return 1
        reads=$((reads + 1))
    done
    wait $pid
    [ $reads -gt 0 ]
}
ok "h5py reads while a run writes" open_while_running
finish
