# Builds, runs and tests Escapement on a fresh Debian or Ubuntu machine (or macOS with Homebrew).
# Swift 6.1 or later must be there: https://www.swift.org/install

SHELL := /bin/bash
SWIFT ?= swift
EXPERIMENT ?= data/experiments/phase-retrieval.yaml
# Release code with internals open to tests, in a folder of its own so that it does not fight
# with the plain release build.
TEST_BUILD := --configuration release --scratch-path .build-test -Xswiftc -enable-testing
# Debian's own Python, for which apt-get installs modules; any other with the modules will do.
PYTHON ?= $(firstword $(wildcard /usr/bin/python3) python3)
PYTHON_MODULES := xarray, netCDF4, pandas, matplotlib, nbclient, ipykernel, html5lib, pytest, scipy, tqdm
PYTHON_PACKAGES := python3-xarray python3-netcdf4 python3-pandas python3-matplotlib \
  python3-nbclient python3-ipykernel python3-html5lib python3-pytest python3-scipy python3-tqdm

# Installs Debian packages; without those recommended beside them.
define apt-install
sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo '==> installing with apt-get: $(1)'; \
	  $$sudo apt-get -o DPkg::Lock::Timeout=300 update -qq && \
	  $$sudo apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $(1)
endef

# No path of the machine that builds is left in what is built.
PREFIX_MAP := -Xswiftc -file-prefix-map -Xswiftc '$(CURDIR)=.' -Xcc '-ffile-prefix-map=$(CURDIR)=.'

.PHONY: release sbom help run build test python-test python-test-only lint format clean dependencies python-dependencies notebooks docs \
  example benchmark benchmark-peers single-precision calibration endurance fuzz sanitize \
  sanitize-some dist dist-test wheel install release-check

help:
	@echo 'make run    build in release and run the main comparison (EXPERIMENT=file.yaml)'
	@echo 'make test   build and run every test'
	@echo 'make python-test   test the Python package alone'
	@echo 'make build  build the command in release: .build/release/escapement'
	@echo 'make sanitize   the suites with threads under ThreadSanitizer (SANITIZER=address: AddressSanitizer)'
	@echo 'make sanitize-some   the fewer suites that continuous integration runs under both'
	@echo 'make fuzz   libFuzzer on the readers of files (a minute and the build)'
	@echo 'make endurance   faults, 200 kills, merge 10^6 replicas, run a real Slurm (half an hour)'
	@echo 'make notebooks         make the notebooks of notebooks-export anew (minutes)'
	@echo 'make docs              build the site of guides and library: .build/docs, and say how to look at it'
	@echo 'make example           build and run the example package that uses the library'
	@echo 'make sbom              list all that the command is made of, as SPDX: .build/escapement.spdx.json'
	@echo 'make release TAG=VERSION   make the tag, once version, changelog and README agree with it'
	@echo 'make install PREFIX=DIR   build and install command, manual pages and completions'
	@echo 'make dist   an archive for Linux that needs neither Swift nor GSL;  make wheel  one for pip'
	@echo 'make dist-test         try both on a bare Debian (needs root and debootstrap)'
	@echo 'make lint   check the format of the sources;  make format  applies it'
	@echo 'make benchmark         time every engine beside scalar C (six minutes)'
	@echo 'make benchmark-peers   time NumPy and JAX on the same tasks (three minutes)'
	@echo 'make benchmark-peers-torch   time torchsde (installs PyTorch, some gigabytes)'
	@echo 'make single-precision  what full SGD gains by it, and its law at 10^6 replicas (half an hour)'
	@echo 'make calibration       check levels, coverage and laws with many repetitions (ten minutes)'

run: build
	@echo '==> escapement compare $(EXPERIMENT)'
	@.build/release/escapement compare $(EXPERIMENT)

build: dependencies
	@echo '==> building the command in release (two minutes the first time)'
	@$(SWIFT) build --configuration release --product escapement $(PREFIX_MAP)

test: dependencies python-dependencies
	@echo '==> building and running the tests in release'
	@$(SWIFT) build --build-tests $(TEST_BUILD)
	@ESCAPEMENT_PYTHON=$(PYTHON) $(SWIFT) test --skip-build $(TEST_BUILD)
	@$(MAKE) --no-print-directory python-test-only COMMAND='$(CURDIR)/.build-test/release/escapement'

# The Python package, by the command of a release build.
python-test: build python-dependencies
	@$(MAKE) --no-print-directory python-test-only COMMAND='$(CURDIR)/.build/release/escapement'
python-test-only:
	@echo '==> testing the Python package'
	@ESCAPEMENT='$(COMMAND)' PYTHONPATH='$(CURDIR)/Python/src' $(PYTHON) -m pytest Python/tests -q

# The command with Swift's runtime inside, which looks for its libraries beside itself.
DIST_BUILD := --configuration release --scratch-path .build-dist --static-swift-stdlib $(PREFIX_MAP) \
  -Xlinker -rpath -Xlinker '$$ORIGIN/../lib/escapement' -Xlinker --disable-new-dtags
# The tool that swift-argument-parser makes manual pages with, from its own sources.
MANUAL_TOOL := .build-dist/manual-tool/debug/generate-manual
dist: dependencies
	@echo '==> building the relocatable command'
	@$(SWIFT) build $(DIST_BUILD) --product escapement
	@$(SWIFT) build --package-path .build-dist/checkouts/swift-argument-parser --product generate-manual \
	  --scratch-path '$(CURDIR)/.build-dist/manual-tool'
	@rm -rf .build-dist/manual && mkdir .build-dist/manual && \
	$(MANUAL_TOOL) .build-dist/release/escapement --multi-page --output-directory .build-dist/manual \
	  --date "$$(git log -1 --format=%cs 2>/dev/null || date +%F)"
	@SWIFT=$(SWIFT) MANUAL=.build-dist/manual .ci/dist .build-dist/release/escapement .build-dist/checkouts .build-dist/dist

# The archive and the wheel on a bare Debian, by debootstrap and chroot.
dist-test: wheel
	@ESCAPEMENT_WHEEL="$$(ls '$(CURDIR)'/.build-dist/dist/escapement-*.whl)" PYTHONPATH='$(CURDIR)/Python/src' \
	  $(PYTHON) -m pytest Python/tests/test_wheel.py -q
	@PYTHON=$(PYTHON) .ci/dist-test .build-dist/dist/escapement-*.tar.gz .build-dist/dist/escapement-*.whl

# A wheel that carries the command: pip install of it alone gives module and command.
wheel: dist
	@rm -f .build-dist/dist/*.whl
	@ESCAPEMENT_DIST="$$(ls -d '$(CURDIR)'/.build-dist/dist/escapement-*/)" \
	  $(PYTHON) -m pip wheel --quiet --no-deps ./Python --wheel-dir .build-dist/dist
	@ls .build-dist/dist/*.whl

# Command, manual pages, completions, licences and experiments; DESTDIR for who makes packages.
PREFIX ?= /usr/local
install: dist
	@mkdir -p '$(DESTDIR)$(PREFIX)' && cp -R .build-dist/dist/escapement-*/. '$(DESTDIR)$(PREFIX)'
	@echo 'installed $(PREFIX)/bin/escapement'

# Says whether the version of the command, of the package and of the changelog agree with the tag TAG.
release-check:
	@.ci/release-check $(TAG)

notebooks: build python-dependencies
	@notebooks-export/build.sh .build/release/escapement $(PYTHON)

docs: dependencies
	@echo '==> building the documentation'
	@$(SWIFT) package --allow-writing-to-directory .build/docs generate-documentation \
	  --target Escapement --warnings-as-errors --output-path .build/docs
	@echo '==> look at it: python3 -m http.server --directory .build/docs 8000'
	@echo '    and open http://localhost:8000/documentation/escapement/'

# A package of its own, as a user's would be.
example: dependencies
	@echo '==> building and running data/examples/own-diffusion'
	@$(SWIFT) run --package-path data/examples/own-diffusion --scratch-path .build-example

# Writes Benchmarks/RESULTS.md; see Benchmarks/README.md.
benchmark: build
	@$(MAKE) --silent -C Benchmarks/Yardstick
	@python3 Benchmarks/engines.py
	@python3 Benchmarks/bias.py

single-precision: build
	@python3 Benchmarks/single.py

benchmark-peers: build
	@Benchmarks/Peers/run.sh

benchmark-peers-torch: build
	@Benchmarks/Peers/run.sh requirements-torch.txt torchsde_peer.py

# Writes Benchmarks/CALIBRATION.md and Benchmarks/LAW.md.
calibration: dependencies
	@$(SWIFT) build --build-tests $(TEST_BUILD)
	@ESCAPEMENT_CALIBRATION='$(CURDIR)/Benchmarks/CALIBRATION.md' \
	  ESCAPEMENT_LAW_CHECK='$(CURDIR)/Benchmarks/LAW.md' \
	  $(SWIFT) test --skip-build $(TEST_BUILD) --filter 'CalibrationTable|LawAgainstReplicas'
	@ESCAPEMENT_CALIBRATION='$(CURDIR)/Benchmarks/CALIBRATION.md' \
	  $(SWIFT) test --skip-build $(TEST_BUILD) --filter CensoredCalibration

# libFuzzer on the readers of files; a new finding is written to Tests/Fuzzing, named and a failure.
FUZZ_SECONDS ?= 60
# What libFuzzer steers by: the compiler's own choice under -sanitize=fuzzer.
COVERAGE := -Xswiftc -sanitize-coverage=edge,indirect-calls,trace-cmp,inline-8bit-counters,pc-table
fuzz: dependencies
	@if ! SWIFT=$(SWIFT) Tests/Sanitizers/starts.sh address; then exit 0; fi; \
	echo '==> building the fuzzer' && cd Tests/Fuzzing && \
	$(SWIFT) build -c release --sanitize=address -Xswiftc -enable-testing $(COVERAGE) && mkdir -p .build/corpus && \
	SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0 \
	  .build/release/Fuzz .build/corpus Corpus -max_total_time=$(FUZZ_SECONDS) -max_len=4096 \
	  -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
	  -artifact_prefix='$(CURDIR)/Tests/Fuzzing/'

# The suites that share memory between threads or own it by hand, under a sanitizer of the compiler:
# SANITIZER=thread or address. Those of laws are left out: they would take hours and share no code
# that the others do not run.
SANITIZER ?= thread
SANITIZED := ConformanceTests|EnsembleTests|GSLTests|KernelTests|StatisticsTests|EscapementTests
SANITIZED_BUILD = --sanitize=$(SANITIZER) --configuration release --scratch-path .build-$(SANITIZER) \
  -Xswiftc -enable-testing
# Swift Testing alone: the runner of XCTest, which has no tests here, leaks memory of its own.
sanitize: dependencies
	@if ! SWIFT=$(SWIFT) Tests/Sanitizers/starts.sh $(SANITIZER); then exit 0; fi; \
	echo '==> building the tests with -sanitize=$(SANITIZER)' && \
	$(SWIFT) build --build-tests $(SANITIZED_BUILD) && \
	ESCAPEMENT_PYTHON=$(PYTHON) $(SWIFT) test --skip-build --disable-xctest $(SANITIZED_BUILD) \
	  --filter '^($(SANITIZED))\.'

# What continuous integration has time for: threads where they share memory, memory where it is owned by hand.
sanitize-some:
	@$(MAKE) --no-print-directory sanitize SANITIZER=thread SANITIZED='ConformanceTests|EnsembleTests'
	@$(MAKE) --no-print-directory sanitize SANITIZER=address \
	  SANITIZED='ConformanceTests|EnsembleTests|GSLTests|KernelTests'

# The long forms of what CommandTests try in short.
endurance: build
	@python3 Tests/Endurance/faults.py
	@python3 Tests/Endurance/kill.py
	@python3 Tests/Endurance/edits.py
	@python3 Tests/Endurance/merge_memory.py
	@python3 Tests/Endurance/slurm.py

# What the command is made of: packages as they were resolved, libraries of the system, their licences.
sbom: build
	@python3 Tests/Supply/sbom.py '.build/escapement.spdx.json'

# The tag is what README's `from:` names: TAG=0.3.0, once all that names the version agrees with it.
release: sbom
	@[ -n '$(TAG)' ] && .ci/release-check '$(TAG)' && [ -z "$$(git status --porcelain)" ] || \
	  { echo 'expected TAG=VERSION, as everywhere, and nothing that is not committed' >&2; exit 1; }
	@git tag --annotate '$(TAG)' --message 'Escapement $(TAG)' && echo "tag $(TAG): git push origin $(TAG)"

lint:
	@$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	@$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build .build-dist .build-example .build-test .build-thread .build-address

# Apple's systems have SHA-256 of their own.
CRYPTO := $(if $(filter Darwin,$(shell uname)),,libcrypto)
# The C libraries that SwiftPM does not fetch itself, and the program that draws figures.
dependencies:
	@command -v $(SWIFT) >/dev/null || \
	  { echo 'Swift is missing: install it from https://www.swift.org/install' >&2; exit 1; }
	@if pkg-config --exists gsl zlib netcdf $(CRYPTO) 2>/dev/null && command -v gnuplot >/dev/null; then :; \
	elif command -v apt-get >/dev/null; then $(call apt-install,libgsl-dev zlib1g-dev libnetcdf-dev libssl-dev gnuplot-nox pkg-config); \
	elif command -v brew >/dev/null; then \
	  echo '==> installing with Homebrew: gsl zlib netcdf gnuplot pkg-config'; \
	  brew install gsl zlib netcdf gnuplot pkg-config; \
	else echo 'missing: the headers of GSL, zlib, netCDF and OpenSSL, pkg-config or gnuplot' >&2; exit 1; fi

# Readers of other languages, with which tests read what exports write.
python-dependencies:
	@if $(PYTHON) -c 'import $(PYTHON_MODULES)' 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null; then $(call apt-install,$(PYTHON_PACKAGES)); \
	else echo 'missing in $(PYTHON), needed by tests and notebooks: $(PYTHON_MODULES)' >&2; exit 1; fi
