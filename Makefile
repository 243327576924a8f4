# qgrid: `make help` lists the targets.

MODE   ?= release
BUILD  ?= build/$(MODE)
NP     ?= $(shell nproc)
BENCH  ?= --kernel '*' --shape indobert -p fp32,fp16,bf16,int8,int4_g128_a8
CC      = mpicc

# Where `make install` puts things; DESTDIR stands before all of them.
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
DOCDIR     ?= $(DATADIR)/doc/qgrid
BASHDIR    ?= $(DATADIR)/bash-completion/completions
ZSHDIR     ?= $(DATADIR)/zsh/site-functions
FISHDIR    ?= $(DATADIR)/fish/vendor_completions.d
STRIP      ?= strip
PLACES      = BUILD='$(BUILD)' DESTDIR='$(DESTDIR)' BINDIR='$(BINDIR)' LIBEXECDIR='$(LIBEXECDIR)' DATADIR='$(DATADIR)' MANDIR='$(MANDIR)' \
              DOCDIR='$(DOCDIR)' BASHDIR='$(BASHDIR)' ZSHDIR='$(ZSHDIR)' FISHDIR='$(FISHDIR)' STRIP='$(STRIP)' scripts/install.sh

# Open MPI refuses to start as root, or more ranks than cores, unless it is told that this is meant.
export OMPI_ALLOW_RUN_AS_ROOT = 1
export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM = 1
export OMPI_MCA_rmaps_base_oversubscribe = 1
export OMPI_MCA_btl_base_warn_component_unused = 0
export OMPI_MCA_btl_vader_single_copy_mechanism = none
export OPENBLAS_NUM_THREADS = 1

PACKAGES = libopenmpi-dev openmpi-bin libopenblas-dev libhdf5-dev libcjson-dev libutf8proc-dev \
           libcsv-dev librandom123-dev libgsl-dev libssl-dev zlib1g-dev pkg-config gcc
TEST_PACKAGES = libcmocka-dev hdf5-tools python3-h5py python3-numpy python3-xarray \
           python3-h5netcdf python3-jsonschema netcdf-bin procps groff-base patch
FUZZ_PACKAGES = clang libclang-rt-dev
REPORT_PACKAGES = chromium
SLURM_PACKAGES = munge slurmctld slurmd slurm-client iproute2
LINT_PACKAGES = clang-format clang-tidy cppcheck shellcheck python3

WERROR  ?= -Werror
PKGS     = libcjson libutf8proc openblas hdf5-serial gsl libcrypto zlib
LDLIBS   = $(shell pkg-config --libs $(PKGS)) -lcsv -lm
WARN     = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wvla -Wundef -Wwrite-strings -Wcast-qual -Wformat=2 -Wdouble-promotion $(WERROR)
VERSION := $(shell sed -n 's/^\#define QG_VERSION "\(.*\)"/\1/p' include/qgrid/environment.h)
# .commit is in a tarball of `make dist`, which has no history of its own.
COMMIT  := $(shell cat .commit 2>/dev/null || git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
CPPFLAGS = -Iinclude -Isrc -Itests/support -D_GNU_SOURCE $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS)))
CFLAGS_release = -O3 -g -DNDEBUG
CFLAGS_debug   = -Og -g3
CFLAGS_asan    = -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_asan   = -fsanitize=address,undefined
# For libFuzzer (clang): what it watches, without its main program.
CFLAGS_fuzz    = -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
LDFLAGS_fuzz   = -fsanitize=address,undefined
# EXTRA_... is for packagers: CFLAGS themselves decide about the bits of results.
CFLAGS   = -std=c11 $(WARN) $(EXTRA_CFLAGS) $(CFLAGS_$(MODE)) -fno-math-errno -fno-trapping-math -ffp-contract=off
LDFLAGS  = $(LDFLAGS_$(MODE)) $(EXTRA_LDFLAGS)

# Files named for an instruction set are for x86-64; elsewhere the reference kernels do the work.
ISA      = $(if $(findstring x86_64,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)),,avx2 avx512 avxvnni avx512vnni avx512bf16 amx)
SRC      = $(filter-out src/cli/main.c $(ISA:%=src/kernels/\%__%.c),$(wildcard src/*/*.c src/*/*/*.c))
OBJ      = $(SRC:%.c=$(BUILD)/%.o)
LIB      = $(BUILD)/libqgrid.a
BIN      = $(BUILD)/qgrid
TESTSRC  = $(wildcard tests/unit/test_*.c tests/kernels/test_*.c tests/golden/test_*.c tests/mpi/test_*.c tests/fuzz/test_*.c)
TESTBIN  = $(TESTSRC:%.c=$(BUILD)/%) $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
FAULTY   = $(BUILD)/tests/support/faulty_io.so
SUPPORT  = $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/faulty_io.c,$(wildcard tests/support/*.c)))
FAILING  = $(BUILD)/tests/failing/qgrid
FUZZSRC  = $(wildcard tests/fuzz/fuzz_*.c)
FUZZLIB  = $(BUILD)/tests/fuzz/fuzz.o $(BUILD)/tests/fuzz/study.o
FUZZOBJ  = $(FUZZSRC:%.c=$(BUILD)/%.o) $(FUZZLIB)
FUZZBIN  = $(FUZZSRC:tests/fuzz/%.c=$(BUILD)/%)
TOOLBIN  = $(patsubst tools/%.c,$(BUILD)/tools/%,$(wildcard tools/*.c))

ifndef V
Q = @
SAY = @printf '  %-5s %s\n'
else
SAY = @true
endif

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run test soak check-deps check-test-deps check-lint-deps check-fuzz-deps deps slurm-deps report-deps lint asan bench tools install uninstall dist docs help clean bins testbins fuzz fuzzbins

all: check-deps ## build build/release/qgrid
	$(Q)$(MAKE) --no-print-directory bins

bins: $(BIN) $(TOOLBIN)

testbins: bins $(TESTBIN) $(FAULTY) $(FAILING)

run: check-deps ## install what is missing, build, run jobs/full_matrix.json on all cores
	$(Q)$(MAKE) --no-print-directory -j$(NP) bins
	$(Q)scripts/run-demo.sh $(BIN) $(NP)

test: check-deps check-test-deps ## install what is missing, build, run every test
	$(Q)$(MAKE) --no-print-directory -j$(NP) testbins
	$(Q)BUILD=$(BUILD) MODE=$(MODE) scripts/run-tests.sh $(TESTS)

asan: ## the same tests under AddressSanitizer and UBSan
	$(Q)$(MAKE) --no-print-directory MODE=asan test

fuzz: check-deps check-fuzz-deps ## feed every parser with inputs that libFuzzer makes up: TIME=60 seconds each, or TARGET=name
	$(Q)OMPI_CC=clang $(MAKE) --no-print-directory -j$(NP) MODE=fuzz WARN=-Wall TARGET='$(TARGET)' fuzzbins
	$(Q)scripts/fuzz.sh '$(or $(TIME),60)' $(TARGET)

fuzzbins: $(if $(TARGET),$(TARGET:%=$(BUILD)/fuzz_%),$(FUZZBIN))

soak: ## faults by the hundred and runs that are hurt all the time: hours
	$(Q)$(MAKE) --no-print-directory test TESTS="$(or $(TESTS),$(wildcard tests/soak/test_*.sh))"

lint: check-lint-deps ## format, headers, layers, clang-tidy, cppcheck, shellcheck
	$(Q)BUILD=$(BUILD) CPPFLAGS='$(CPPFLAGS)' WARN='$(WARN)' scripts/lint.sh

bench: all ## speed of every kernel and of IndoBERT's shape (BENCH="options of qgrid bench")
	$(Q)$(BIN) bench $(BENCH)

tools: $(TOOLBIN)

install: all ## install to PREFIX (default /usr/local)
	$(Q)$(PLACES) install

uninstall: ## remove what install puts there
	$(Q)$(PLACES) uninstall

dist: ## the sources as build/qgrid-VERSION.tar.gz
	$(Q)scripts/dist.sh qgrid-$(VERSION) '$(COMMIT)' build

docs: ## docs/job.schema.json from the option tables; every public symbol has its comment
	$(Q)$(MAKE) --no-print-directory $(BIN)
	$(Q)scripts/check-comments.sh include/qgrid/*.h
	$(Q)$(BIN) document schema >docs/job.schema.json

check-deps:
	$(Q)scripts/deps.sh $(PACKAGES)

check-test-deps:
	$(Q)scripts/deps.sh $(TEST_PACKAGES)

check-lint-deps:
	$(Q)scripts/deps.sh $(PACKAGES) $(LINT_PACKAGES)

check-fuzz-deps:
	$(Q)scripts/deps.sh $(FUZZ_PACKAGES)

deps: check-deps check-test-deps check-lint-deps ## install every package (root)

slurm-deps: ## install what the tests in a SLURM cluster need (root): they are skipped without
	$(Q)RUNLEVEL=1 scripts/deps.sh $(SLURM_PACKAGES)

report-deps: ## install the browser in which the page of a report is tested (root): skipped without
	$(Q)scripts/deps.sh $(REPORT_PACKAGES)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18
	@echo '  variables: MODE=release|debug|asan  NP=ranks  TESTS="tests/unit/test_json ..."  TIME=60  TARGET=json  V=1'

# Rows of tables of cases name what they are about.
$(BUILD)/tests/%.o: CFLAGS += -Wno-missing-field-initializers

# Per-ISA code is chosen at run time; only these files may use the instructions.
$(BUILD)/src/kernels/%__avx2.o: CFLAGS += -mavx2 -mfma -mf16c
$(BUILD)/src/kernels/%__avx512.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c
$(BUILD)/src/kernels/%__avx512vnni.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c
$(BUILD)/src/kernels/%__avxvnni.o: CFLAGS += -mavx2 -mfma -mavxvnni
$(BUILD)/src/kernels/%__avx512bf16.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx512bf16 -mfma -mf16c
$(BUILD)/src/kernels/%__amx.o: CFLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c -mamx-tile -mamx-int8 -mamx-bf16
$(BUILD)/src/base/environment.o: CPPFLAGS += -DQG_COMMIT='"$(COMMIT)"' -DQG_CFLAGS='"$(CFLAGS_$(MODE))"'
$(BUILD)/src/base/environment.o: $(BUILD)/commit

$(BUILD)/commit: FORCE
	@mkdir -p $(@D); echo '$(COMMIT) $(MODE)' | cmp -s - $@ || echo '$(COMMIT) $(MODE)' > $@
FORCE:

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(OBJ)
	$(SAY) AR $@
	$(Q)rm -f $@; ar rcs $@ $(OBJ)

$(BIN): $(BUILD)/src/cli/main.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(BUILD)/tools/%: $(BUILD)/tools/%.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# In one program each target has its own name, in libFuzzer's the one that it asks for.
ifneq ($(MODE),fuzz)
$(BUILD)/tests/fuzz/fuzz_%.o: CPPFLAGS += -DFUZZ_ONE=$(notdir $*)
endif
$(BUILD)/tests/fuzz/test_corpus: $(FUZZOBJ)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZLIB) $(LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIB) $(LDLIBS)

# Preloaded, also into the launcher: it takes no library with it, and no sanitizer.
$(FAULTY): tests/support/faulty_io.c
	@mkdir -p $(@D)
	$(SAY) LINK $@
	$(Q)$(CC) $(CPPFLAGS) -std=c11 $(WARN) -O1 -g -fPIC -shared -Wl,--as-needed -o $@ $< -ldl

# A qgrid whose n-th allocation fails: tests/failing/failing_malloc.c.
WRAPPED  = malloc calloc realloc posix_memalign mmap fopen opendir cJSON_ParseWithLength
$(BUILD)/tests/failing/arena.o: src/base/arena.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -DQG_OWN_BLOCKS -MMD -MP -c -o $@ $<

$(FAILING): $(BUILD)/src/cli/main.o $(BUILD)/tests/failing/failing_malloc.o $(BUILD)/tests/failing/arena.o $(LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) $(WRAPPED:%=-Wl,--wrap=%) -rdynamic -o $@ $^ $(LDLIBS)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(SUPPORT) $(LIB)
	$(SAY) LINK $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIB) -lcmocka $(LDLIBS)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
