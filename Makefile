# Builds, runs and tests Escapement on a fresh Debian or Ubuntu machine (or macOS with Homebrew).
# Swift 6.1 or later must be there: https://www.swift.org/install

SHELL := /bin/bash
SWIFT ?= swift
EXPERIMENT ?= data/experiments/phase-retrieval.yaml
# Release code with internals open to tests, in a folder of its own so that it does not fight
# with the plain release build.
TEST_BUILD := --configuration release --scratch-path .build-test -Xswiftc -enable-testing

.PHONY: help run build test lint format clean dependencies benchmark benchmark-peers

help:
	@echo 'make run    build in release and run the main comparison (EXPERIMENT=file.yaml)'
	@echo 'make test   build and run every test'
	@echo 'make build  build the command in release: .build/release/escapement'
	@echo 'make lint   check the format of the sources;  make format  applies it'
	@echo 'make benchmark         time every engine beside scalar C (six minutes)'
	@echo 'make benchmark-peers   time NumPy and JAX on the same tasks (three minutes)'

run: build
	@echo '==> escapement compare $(EXPERIMENT)'
	@.build/release/escapement compare $(EXPERIMENT)

build: dependencies
	@echo '==> building the command in release (two minutes the first time)'
	@$(SWIFT) build --configuration release --product escapement

test: dependencies
	@echo '==> building and running the tests in release'
	@$(SWIFT) build --build-tests $(TEST_BUILD)
	@$(SWIFT) test --skip-build $(TEST_BUILD)

# Writes Benchmarks/RESULTS.md; see Benchmarks/README.md.
benchmark: build
	@$(MAKE) --silent -C Benchmarks/Yardstick
	@python3 Benchmarks/engines.py
	@python3 Benchmarks/bias.py

benchmark-peers: build
	@Benchmarks/Peers/run.sh

lint:
	@$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests

format:
	@$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests

clean:
	rm -rf .build .build-test

# GSL and zlib are the libraries that SwiftPM does not fetch itself.
dependencies:
	@command -v $(SWIFT) >/dev/null || \
	  { echo 'Swift is missing: install it from https://www.swift.org/install' >&2; exit 1; }
	@if pkg-config --exists gsl zlib 2>/dev/null; then :; \
	elif command -v apt-get >/dev/null; then \
	  sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo '==> installing with apt-get: libgsl-dev zlib1g-dev pkg-config'; \
	  $$sudo apt-get -o DPkg::Lock::Timeout=300 update -qq && \
	  $$sudo apt-get -o DPkg::Lock::Timeout=300 install -y -qq libgsl-dev zlib1g-dev pkg-config; \
	elif command -v brew >/dev/null; then \
	  echo '==> installing with Homebrew: gsl zlib pkg-config'; brew install gsl zlib pkg-config; \
	else echo 'GSL or zlib is missing: install their headers and pkg-config' >&2; exit 1; fi
