# Two commands do all the set-up: `make demo` and `make test`. Needed: make, npm, any Node >= 20, Go >= 1.26.
# What is fetched or built is kept in the cache folder ($KUBECTL_MIGRATE_CACHE, else $XDG_CACHE_HOME/kubectl-migrate, else ~/.cache/kubectl-migrate).
NODE := .ci/with-node node --disable-warning=ExperimentalWarning

.PHONY: demo demo-down demo-contrast test sweep bench build picture golden fix clean

demo: build ## two control planes, a fleet, a pivot, the evidence
	@$(NODE) test/demo/demo.ts

demo-down: node_modules/.package-lock.json ## stop what the demo left running
	@$(NODE) test/demo/down.ts

demo-contrast: build ## the same fleet, moved without status: watch it being wiped
	@$(NODE) test/demo/contrast.ts

test: node_modules/.package-lock.json ## everything but benchmarks
	@$(NODE) .ci/test.js

BENCH ?= bench

bench: build ## 1,000 hosts beside a bare loop of the same writes; BENCH=move-objects: 20,000 objects moved
	@$(NODE) test/bench/$(BENCH).ts

sweep: build ## interrupt a pivot at every request: FIXTURE=kinds SHARD=1/4 MINUTES=30; adds to docs/evidence/sweep.md
	@$(NODE) test/sweep/sweep.ts

picture: build ## docs/pivot.svg, from a real run
	@$(NODE) test/demo/picture.ts

golden: node_modules/.package-lock.json ## rewrite the golden files, to be read in the diff
	@UPDATE_GOLDEN=1 .ci/with-node npx mocha

fix: node_modules/.package-lock.json
	@.ci/with-node npm run --silent fix

build: dist/.built

dist/.built: node_modules/.package-lock.json package.json tsconfig.json tsconfig.build.json $(shell find src -name '*.ts')
	@.ci/with-node npm run --silent build && touch $@

node_modules/.package-lock.json: package.json package-lock.json .npmrc
	@.ci/with-node npm ci --ignore-scripts --no-fund --no-audit --loglevel=error
	@touch $@

clean:
	rm -rf dist node_modules oclif.manifest.json
