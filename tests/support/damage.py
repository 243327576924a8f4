#!/usr/bin/env python3
"""damage.py FILE HOW ...: harms a results file.

datasets PREFIX STEP   flips a bit of every dataset below PREFIX outside /timing and /checksums; or of every STEP-th from
                       the PREFIX-th on; prints their paths
attribute PATH NAME    gives an attribute another value
between N QGRID        flips a bit at N places that are no values, one at a time: each has to be found by verify, and digest
                       must not print anything
bomb OUT DATASET ROWS  a copy whose dataset claims so many rows
"""
import random
import shutil
import subprocess
import sys

import h5py
import numpy as np


def datasets(path):
    """Paths of all datasets that have values, and where these lie."""
    found = []

    def add(name, d):
        if isinstance(d, h5py.Dataset) and d.id.get_storage_size() > 0:
            found.append(("/" + name, d.id.get_offset(), d.id.get_storage_size()))

    with h5py.File(path, "r") as f:
        f.visititems(add)
    return found


def flip(path, at):
    with open(path, "r+b") as f:
        f.seek(at)
        byte = f.read(1)[0] ^ 1 << random.randrange(8)
        f.seek(at)
        f.write(bytes([byte]))


def flip_datasets(path, first, step):
    some = [d for d in datasets(path) if not d[0].startswith(("/timing/", "/checksums/"))]
    some = some[int(first) :: int(step)] if first.isdigit() else [d for d in some if d[0].startswith(first)]
    for name, at, size in some:
        flip(path, at + random.randrange(size))
        print(name)


def change_attribute(path, where, name):
    with h5py.File(path, "r+") as f:
        old = f[where].attrs[name]
        number = isinstance(old, np.integer)
        f[where].attrs.modify(name, old + 1 if number else np.bytes_(old[:-1] + (b"?" if isinstance(old, bytes) else "?")))


def flip_between(path, n, qgrid):
    free, at = [], 0
    for _, start, size in sorted(datasets(path), key=lambda d: d[1]):
        free += range(at, start)
        at = start + size
    for place in random.sample(free, int(n)) + list(range(0, 48, 7)):
        with open(path, "rb") as f:
            before = f.read()
        flip(path, place)
        verify = subprocess.run([qgrid, "verify", path], capture_output=True)
        digest = subprocess.run([qgrid, "digest", path], capture_output=True)
        assert verify.returncode in (1, 3), (place, verify)
        assert digest.returncode == 1 and not digest.stdout, (place, digest)
        with open(path, "wb") as f:
            f.write(before)


def bomb(path, out, name, rows):
    shutil.copy(path, out)
    with h5py.File(out, "r+") as f:
        kind, shape = f[name].id.get_type(), f[name].shape[1:]
        group = f[name].parent
        del f[name]
        chunked = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        chunked.set_chunk((65536,) + shape)
        space = h5py.h5s.create_simple((int(float(rows)),) + shape)
        h5py.h5d.create(group.id, name.rsplit("/", 1)[1].encode(), kind, space, chunked)


file, how, *rest = sys.argv[1:]
{"datasets": flip_datasets, "attribute": change_attribute, "between": flip_between, "bomb": bomb}[how](file, *rest)
