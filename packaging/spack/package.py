# Copyright The qgrid developers
# SPDX-License-Identifier: Apache-2.0

from spack.package import *


class Qgrid(MakefilePackage):
    """Quantization and explainability of text classifiers, measured: one MPI program that runs a
    grid of models, data sets, precisions and methods of explanation into one HDF5 file."""

    # The sources are a checkout, or what `make dist` packed:
    #   spack repo create here && cp package.py here/packages/qgrid/
    #   spack dev-build --source-path /path/to/qgrid qgrid@0.1.0
    license("Apache-2.0")

    version("0.1.0")

    depends_on("c", type="build")
    depends_on("gmake", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("mpi")
    depends_on("hdf5~mpi")
    depends_on("openblas")
    depends_on("cjson")
    depends_on("utf8proc")
    depends_on("libcsv")
    depends_on("random123")
    depends_on("gsl")
    depends_on("openssl")
    depends_on("zlib-api")

    def places(self, prefix):
        # Spack knows where its packages are: nothing is installed on the side, hence "-o all".
        return [
            "CC={0}".format(self.spec["mpi"].mpicc),
            "WERROR=",
            "PREFIX={0}".format(prefix),
        ]

    def build(self, spec, prefix):
        make("bins", *self.places(prefix))

    def install(self, spec, prefix):
        make("-o", "all", "install", *self.places(prefix))

    @run_after("install")
    @on_package_attributes(run_tests=True)
    def check_install(self):
        with working_dir(self.prefix.share.qgrid):
            Executable(self.prefix.bin.qgrid)("check", "jobs/full_matrix.json")
