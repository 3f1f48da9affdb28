# The front door. `make help` lists what can be done; README.md says more.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

JOBS ?= $(shell nproc)
ARGS ?=
web_sources := $(shell find web clients/typescript -type f -not -path '*/node_modules/*' -not -path '*/dist/*' 2>/dev/null)
web_stamp := web/dist/index.html
sources := $(shell git ls-files 'src/*.h' 'src/*.cc' 'examples/*.h' 'examples/*.cc' 'tests/*.h' 'tests/*.cc' 'bench/*.cc' 2>/dev/null)

.PHONY: help install run build test soak check bench format tidy clean

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 20

install: ## Install the missing Debian packages (as root or through sudo)
	@tools/install_packages.sh build

run: build ## Build and serve on http://127.0.0.1:8080 with the embedded store (ARGS="--listen …")
	@exec build/release/cloudsync serve $(ARGS)

build: install $(web_stamp) ## Build the release binaries under build/release
	@tools/build.sh release product

test: ## Install, build and run the whole test suite
	@tools/install_packages.sh test
	@$(MAKE) --no-print-directory $(web_stamp)
	@tools/test.sh

soak: install ## Run the long tests: hours (CASES=200000 FUZZ_SECONDS=60 … are in tools/soak.sh)
	@tools/soak.sh

check: ## The cheap checks alone: layers, format, repository hygiene, planted bugs that still apply
	@python3 tools/check_layers.py
	@python3 tools/check_repository.py
	@tests/mutation/hunt.sh --check
	@clang-format --dry-run --Werror $(sources) && echo "format: ok"

bench: install ## Run the micro-benchmarks
	@tools/bench.sh

format: ## Format the C++ sources
	@clang-format -i $(sources)

# The "warnings generated" that clang-tidy counts are those in others' headers, which it does not show.
tidy: install ## Run clang-tidy over the sources (slow; needs the packages clang and clang-tidy)
	@cmake --preset tidy >/dev/null
	@set -o pipefail; run-clang-tidy -quiet -p build/tidy 'src/.*\.cc' 2>&1 | grep -v ' warnings generated\.$$'

clean: ## Remove everything that was built (not the data directory)
	rm -rf build web/dist

$(web_stamp): $(web_sources)
	@echo "==> Web app: building"
	@tools/npm_ci.sh clients/typescript
	@tools/npm_ci.sh web
	@cd web && npm run --silent build
	@touch $@
