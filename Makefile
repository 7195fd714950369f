# One command for each need. Every target makes the environment first, from the lock file.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
WHEELS := $(VENV)/wheels
BENCH_READY := $(VENV)/.bench-ready
# pip fetches each wheel by the settings of whoever runs it, and checks its hash; uv, which reads none
# of them, unpacks all on all cores. A module is compiled at its first import: most have none.
UNPACK := $(BIN)/uv pip install --quiet --no-config --python $(BIN)/python --cache-dir $(WHEELS)/cache \
  --no-index --find-links $(WHEELS) --no-deps --no-verify-hashes
LOCK := $(BIN)/uv pip compile --python-version 3.11 --universal --upgrade --quiet --generate-hashes \
  --no-header --no-annotate --no-emit-index-url --no-emit-find-links
# Without their compiled modules each of the many processes of the tests would compile them again.
unexport PYTHONDONTWRITEBYTECODE
# The variable silences an advertisement of the theme's.
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

.PHONY: demo test check types fast-tests docs picture format lock clean bench-quality bench-speed bench-explanations \
  bench-fdr bench-lawful bench-contamination bench-cluster bench-drift bench-nights bench-verdicts bench-vectors \
  bench-scenarios

demo: $(READY)                 ## generate the sample log, run the main job on it, print what it found
	$(BIN)/python -m data.generate data/sample
	$(BIN)/outfield detect --job data/jobs/sample.toml

test: check                    ## every test; the slow ones too
	$(BIN)/pytest -n 6 --dist loadfile --no-loadscope-reorder -m slow tests  # many wait: six keep two cores busy

check: $(READY)                ## format, lint, types, import contracts, prose, documentation, doctests, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(MKDOCS)
	$(BIN)/python -m tests.prose
	$(MAKE) --no-print-directory -j 2 types fast-tests

types: $(READY)                ## strict types; a minute on one core, and seconds once mypy has its cache
	$(BIN)/mypy

fast-tests: $(READY)           ## the tests of `make check`
	$(BIN)/pytest -n 2 --dist loadfile -m "not slow"

bench-quality: $(BENCH_READY)  ## outfield beside its peers on the sets of ../shared/data; ARGS="--help" says more
	$(BIN)/python -m tests.bench.quality $(ARGS)

bench-speed: $(BENCH_READY)    ## how fast, in how much memory, beside what else a user might run
	$(BIN)/python -m tests.bench.speed $(ARGS)

docs: $(READY)                 ## the documentation as a site, in build/docs; a warning fails
	$(MKDOCS)

picture: demo                  ## the picture of the report in README; needs Chromium
	$(BIN)/python -m tests.bench.report_picture

format: $(READY)               ## rewrite the code in the house format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-explanations: $(READY)   ## are the reasons right? Needs ../shared/data, like all benchmarks
	$(BIN)/python -m tests.bench.explanations $(ARGS)

bench-fdr: $(READY)            ## do p-values mean it? Uniformity and false discoveries
	$(BIN)/python -m tests.bench.false_discovery $(ARGS)

bench-lawful: $(BENCH_READY)   ## are ordinary minorities ordinary? Generated logs, beside peers; ARGS="--help" says more
	$(BIN)/python -m tests.bench.lawful $(ARGS)

bench-contamination: $(READY)  ## what is left when more of the events are anomalous
	$(BIN)/python -m tests.bench.contamination $(ARGS)

bench-cluster: $(READY)        ## what one and two Dask workers gain, and what a hundred would
	$(BIN)/python -m tests.bench.cluster $(ARGS)

bench-drift: $(READY)          ## what becomes of a model while the log drifts: frozen, renewed, fitted each day
	$(BIN)/python -m tests.bench.drift $(ARGS)

bench-nights: $(BENCH_READY)   ## alarms of a scheduled job on quiet and on attacked nights; ARGS="--help" says more
	$(BIN)/python -m tests.bench.nights $(ARGS)

bench-verdicts: $(READY)       ## what verdicts on the nights before gain, right ones and some wrong
	$(BIN)/python -m tests.bench.verdicts $(ARGS)

bench-scenarios: $(READY)      ## is what happens over time found? Generated logs, one planted thing each; ARGS="--help" says more
	$(BIN)/python -m tests.bench.scenarios $(ARGS)

bench-vectors: $(BENCH_READY)  ## vector stores beside each other: build, size, recall, latency
	$(BIN)/python -m tests.bench.vectors $(ARGS)

lock: $(READY)                 ## resolve the lock files anew: versions and hashes, no host
	$(LOCK) pyproject.toml --group dev -o requirements.lock
	$(LOCK) --group bench --constraint requirements.lock -o requirements-bench.lock
	$(LOCK) pyproject.toml --extra dask --group image --constraint requirements.lock -o requirements-image.lock

clean:                         ## forget the environment and everything generated
	rm -rf $(VENV) data/sample outfield-output bench-output build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.lock pyproject.toml
	rm -rf $(WHEELS)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip wheel --quiet --no-deps --require-hashes --wheel-dir $(WHEELS) -r requirements.lock
	$(BIN)/pip install --quiet --no-index --no-deps $(WHEELS)/uv-*.whl
	$(UNPACK) -r requirements.lock
	rm -rf $(WHEELS)
	$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	touch $(READY)

# The peers agree with every version of the program's own lock, so they go on top of it.
$(BENCH_READY): requirements-bench.lock $(READY)
	$(BIN)/pip install --quiet --no-deps --require-hashes -r requirements-bench.lock
	touch $(BENCH_READY)
