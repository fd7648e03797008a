# `make` lists the targets. Everything that is built lands in target/.

CARGO ?= cargo
# nextest runs the tests side by side; plain `cargo test` runs the same ones where it is not installed.
RUN_TESTS := $(shell $(CARGO) nextest --version >/dev/null 2>&1 && echo "nextest run --no-fail-fast" || echo "test --tests")
ORACLE := python3 tests/oracle/estimate.py --program "$${CARGO_TARGET_DIR:-target}/debug/mcodactl"

VENV := target/venv
WHEELS := target/wheels
# Where `make install` puts the C library, and which build of it.
PREFIX ?= /usr/local
DESTDIR ?=
PROFILE ?= library
# Optional parts of it: arrow, for streams of Apache Arrow.
FEATURES ?=
# The manual pages of mcodactl.
INSTALL_PAGES = install -d "$(DESTDIR)$(PREFIX)/share/man/man1" && \
	install -m 644 man/*.1 "$(DESTDIR)$(PREFIX)/share/man/man1"
# How long `make load` and each target of `make fuzz` run, and which targets these are.
SECONDS ?= 60
TARGETS ?= $(sort $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs))))
FUZZER := target/tools/bin/cargo-fuzz
DENY := target/tools/bin/cargo-deny

.DEFAULT_GOAL := help

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## Run a small sample project through an agent pipeline; print its cost, velocity and estimate
	@$(CARGO) run --quiet --package mcoda-cli -- demo

test: lint test-rust test-docs test-data test-oracle test-python test-node test-c test-size ## Run all tests and checks

test-full: test $(DENY) ## Run all tests, then many more rounds, the soak, the system's SQLite, Valgrind, and the licences
	MCODA_TEST_ROUNDS=20 $(CARGO) $(RUN_TESTS) --workspace
	$(CARGO) $(RUN_TESTS) --package mcoda-core --no-default-features --features prices,report,time-zones
	$(CARGO) $(RUN_TESTS) --package mcoda-core --no-default-features --features bundled
	$(ORACLE) --workspaces 1500 --seed 1000
	./tests/valgrind.sh
	cd bindings-python && MCODA_TEST_ROUNDS=10 ../$(VENV)/bin/python -m pytest tests/test_coexistence.py
	cd bindings-node && MCODA_TEST_ROUNDS=20 node --test --test-reporter=dot test/sqlite_interleaving.test.mjs
	./bindings-python/tests/release.sh
	./bindings-node/test/release.sh
	./tests/c/run.sh --full
	./tests/size.sh size 4800 10500
	$(MAKE) test-reference
	./tests/node-hammer/run.sh
	./tests/npm-install.sh tests/npm-sqlite && npm --prefix tests/npm-sqlite test --silent
	./tests/load/run.sh 60
	./tests/soak/run.sh 600
	$(CARGO) build --release --workspace
	./tests/paths.sh target/release/libmcoda.so target/release/libmcoda.a target/release/libmcoda_node.so target/release/mcodactl
	$(DENY) check licenses bans sources

build: ## Build the library and mcodactl, optimised
	$(CARGO) build --release --workspace

lint: ## Check format and lints
	$(CARGO) fmt --all --check
	$(CARGO) clippy --quiet --workspace --all-targets -- -D warnings
	$(CARGO) xtask generate --check
	$(CARGO) xtask public-api --check
	./tests/switches.sh
	./tests/features.sh

test-rust: ## Run the Rust tests
	$(CARGO) $(RUN_TESTS) --workspace
	$(CARGO) $(RUN_TESTS) --package mcoda-sqlite-locks # as it is shipped: without the switches of the tests

test-docs: ## Run the examples in the documentation, and build it
	python3 tests/examples.py
	$(CARGO) run --quiet --package mcoda-core --example quickstart
	$(CARGO) test --quiet --workspace --doc
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --quiet --workspace --no-deps

test-data: ## Check that the databases of the tests are what their scripts make
	python3 tests/old_databases/make.py --check
	python3 tests/vectors/make.py --check
	python3 tests/golden/make.py --check

test-oracle: ## Compare estimates with an independent computation on random workspaces
	$(CARGO) build --quiet --package mcoda-cli
	$(ORACLE)

test-python: $(VENV)/installed ## Build the Python package, install it into target/venv and run its tests
	rm -f $(WHEELS)/libmcoda-*.whl
	$(VENV)/bin/maturin build --quiet --profile dev --locked --features test-switches --manifest-path bindings-python/Cargo.toml \
		--interpreter $(VENV)/bin/python --out $(WHEELS)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(WHEELS)/libmcoda-*.whl
	cd bindings-python && ../$(VENV)/bin/python -m pytest tests

$(VENV)/installed: bindings-python/requirements.txt tests/c/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check \
		--requirement bindings-python/requirements.txt --requirement tests/c/requirements.txt
	touch $@

test-reference: $(VENV)/installed ## Compare the statistics of forecasts with lifelines and scoringrules (450 MB of packages)
	python3 -m venv target/venv-reference
	target/venv-reference/bin/python -m pip install --quiet --disable-pip-version-check --requirement tests/reference/requirements.txt
	rm -f $(WHEELS)/libmcoda-*.whl
	$(VENV)/bin/maturin build --quiet --profile dev --locked --manifest-path bindings-python/Cargo.toml \
		--interpreter $(VENV)/bin/python --out $(WHEELS)
	target/venv-reference/bin/python -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps $(WHEELS)/libmcoda-*.whl
	target/venv-reference/bin/python -m pytest tests/reference

test-node: bindings-node/node_modules/.package-lock.json ## Build the Node package and run its tests
	cd bindings-node && npm run --silent build:test && npm test --silent

bindings-node/node_modules/.package-lock.json: bindings-node/package-lock.json
	cd bindings-node && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

bench-node: bindings-node/node_modules/.package-lock.json ## Compare the Node package with npm's sqlite3 and better-sqlite3
	cd bindings-node && npm run --silent build
	./tests/npm-install.sh tests/npm-sqlite
	node benches/node.mjs

fuzz: $(FUZZER) ## Run the fuzz targets, SECONDS=60 each; TARGETS="json_log times"
	for target in $(TARGETS); do \
		mkdir -p target/fuzz/corpus/$$target target/fuzz/found/$$target && \
		RUSTC_BOOTSTRAP=1 PATH="$(CURDIR)/target/tools/bin:$$PATH" $(CARGO) fuzz run --target-dir target/fuzz $$target \
			target/fuzz/corpus/$$target fuzz/corpus/$$target -- -artifact_prefix=target/fuzz/found/$$target/ \
			-max_total_time=$(SECONDS) -max_len=65536 -timeout=60 -rss_limit_mb=4096 -print_final_stats=1 || exit 1; \
	done

$(FUZZER):
	$(CARGO) install --quiet --locked --root target/tools cargo-fuzz@0.13.2

$(DENY):
	$(CARGO) install --quiet --locked --root target/tools cargo-deny@0.20.2

load: $(VENV)/installed bindings-node/node_modules/.package-lock.json ## Let 8 processes in three languages record into one workspace, SECONDS=60
	./tests/load/run.sh $(SECONDS)

test-c: $(VENV)/installed ## Test the C library: installed, and used by programs in C and C++
	./tests/c/run.sh

test-size: ## Check that the optimised C library stays below its ceiling
	./tests/size.sh library 5950 10500

header: ## Generate include/mcoda.h and the list of stable declarations from the sources
	MCODA_WRITE_HEADER=1 $(CARGO) test --quiet --package mcoda-ffi --test header -- the_header_is nothing_that

# The smallest library has no SQLite parts for tables that libmcoda never makes: full-text search, R-trees, and statistics
# about the file. Nothing unwinds through SQLite, so it needs no tables for that; a debugger shows no frames of it.
ifeq ($(PROFILE),size)
install: export LIBSQLITE3_FLAGS := -USQLITE_ENABLE_FTS3 -USQLITE_ENABLE_FTS3_PARENTHESIS -USQLITE_ENABLE_FTS5 \
	-USQLITE_ENABLE_RTREE -USQLITE_ENABLE_DBSTAT_VTAB -USQLITE_ENABLE_STAT4 -USQLITE_SOUNDEX \
	-USQLITE_ENABLE_LOAD_EXTENSION -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_TRACE \
	-DSQLITE_OMIT_GET_TABLE -DSQLITE_OMIT_COMPLETE -DSQLITE_OMIT_TCL_VARIABLE -DSQLITE_OMIT_SHARED_CACHE
install: export CFLAGS := $(CFLAGS) -fno-asynchronous-unwind-tables -fno-unwind-tables
endif
install: ## Install the C library, and the manual pages of mcodactl: make install PREFIX=/usr/local DESTDIR= PROFILE=library (or size, or release, the fastest) FEATURES= (or arrow)
	$(CARGO) build --package mcoda-ffi --profile $(PROFILE:debug=dev) --features "$(FEATURES)"
	./ffi/install.sh "$${CARGO_TARGET_DIR:-target}/$(PROFILE)" "$(PREFIX)" "$(DESTDIR)"
	$(INSTALL_PAGES)

install-cli: ## Install mcodactl with its manual pages: make install-cli PREFIX=/usr/local DESTDIR=
	$(CARGO) build --package mcoda-cli --release
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 "$${CARGO_TARGET_DIR:-target}/release/mcodactl" "$(DESTDIR)$(PREFIX)/bin"
	$(INSTALL_PAGES)

format: ## Format the code
	$(CARGO) fmt --all

clean: ## Remove everything that was built
	$(CARGO) clean

.PHONY: help demo test test-full build lint test-rust test-docs test-data test-oracle test-python test-reference test-node test-c test-size bench-node fuzz load header install install-cli format clean
