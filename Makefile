# The project's commands. `make` alone lists them.
STACK ?= hub
PYTHON ?= python3
HUB ?= hub.yml
# Tests run in parallel, two for each core: they wait about as long as they compute.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
# The script needs the standard library only; -S saves the time for looking through site-packages.
SETUP = $(PYTHON) -S scripts/setup_env.py
GUIDE = FAKEHUB_HUB_YML=$(abspath $(HUB)) .venv/$(STACK)/bin/python -m guide
JUPYTERHUB = $(if $(filter hub,$(STACK)),jupyterhub,jupyterhub-$(STACK))
# The lock names the public index, whatever this machine is configured to use.
LOCK = env -u UV_DEFAULT_INDEX -u UV_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS .venv/uv/bin/uv lock

.PHONY: help setup book live serve pdf page language harmless outputs facts image script mutate links picture pictures screenshots tools test suites bench canary audit sbom lint lock clean

help: ## list these commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 13

setup: ## install what the other commands need: .venv/hub (or .venv/latest) and programs in .venv/tools
	@$(SETUP) $(STACK) tools

book: setup ## run every page and build the site into _build/html; HUB=examples/other-hub/hub.yml for another hub
	@$(GUIDE) build --stack $(STACK)

live: tools ## make what pages need to run in the reader's browser; the next make book includes it
	@$(SETUP) live
	@$(GUIDE) live --stack $(STACK)

serve: setup ## show the site in a browser and update a page when it is saved: make serve PORT=8000
	@$(GUIDE) serve --stack $(STACK) $(if $(PORT),--port $(PORT))

pdf: setup ## build the site as `make book` does, and the whole guide as a PDF in it
	@$(GUIDE) build --stack $(STACK) --pdf

page: setup ## run one page: make page PAGE=book/index.md
	@$(GUIDE) page --stack $(STACK) $(or $(PAGE),$(error name a page: make page PAGE=book/index.md))

language: setup ## check phrases, sentences and grammar of all texts, or of PAGE=book/index.md
	@$(SETUP) language
	@$(GUIDE) language $(PAGE)

harmless: setup ## run all pages, or PAGE, among a reader's own files, which must stay as they are
	@$(GUIDE) harmless --stack $(STACK) $(PAGE)

outputs: setup ## rewrite the recorded outputs of all pages, or of PAGE
	@$(GUIDE) outputs --stack $(STACK) $(PAGE)

facts: setup ## compare the facts with CHECKOUT=… of 2i2c-org/infrastructure and DOCS=… of the documentation
	@$(GUIDE) facts $(or $(CHECKOUT),$(error name a checkout: make facts CHECKOUT=../infrastructure)) \
	  $(if $(DOCS),--docs $(DOCS)) $(if $(RECORD),--record $(RECORD))

image: setup ## renew the stack hub from the packages of TAG=YYYY.MM.DD of the images, in LISTS=… or fetched; run the pages
	@$(GUIDE) image $(or $(TAG),$(error name a tag: make image TAG=YYYY.MM.DD)) $(if $(LISTS),--lists $(LISTS))
	@$(LOCK)
	@git diff --quiet -- uv.lock || { $(SETUP) hub && .venv/hub/bin/python -m hubcheck.join && $(GUIDE) outputs; \
	  status=$$?; git diff --stat; exit $$status; }

script: setup ## join the parts of the scripts that readers download: upload_store.py and check_hub.py
	@.venv/$(STACK)/bin/python -m uploader.join
	@FAKEHUB_HUB_YML=$(abspath $(HUB)) .venv/$(STACK)/bin/python -m hubcheck.join

mutate: setup ## break each block in turn and check that its page fails; SAMPLE=40, PAGE=…, or WHAT=facts or WHAT=rules
	@nice env $(GUIDE) mutate --stack $(STACK) $(if $(WHAT),--what $(WHAT)) $(if $(SAMPLE),--sample $(SAMPLE)) $(PAGE)

links: setup ## request every link to another site
	@$(GUIDE) links --stack $(STACK)

picture: book ## retake the screenshot in the README
	@$(GUIDE) picture

screenshots: book ## retake the screenshots of ten pages, with which tests compare
	@.venv/$(STACK)/bin/python -m guide.browser.visual_regression

pictures: tools ## retake the screenshots of the hub, which pages show and tests compare
	@.venv/$(STACK)/bin/python -m pytest tests/fakehub/hub -q --retake

tools: ## install the programs that tests and the benchmark call, in .venv
	@$(SETUP) $(STACK) tools language $(JUPYTERHUB)

test: tools ## test everything, except files that passed and have not changed since; STACK=latest for the newest versions
	@.venv/$(STACK)/bin/python -m pytest --stack $(STACK) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(or $(ARGS),--once)

suites: tools ## run the test suites of the stand-in's clients against it and write fakehub/SUITES.md; SUITE=gcsfs for one
	@$(SETUP) npm suites
	@.venv/suites/bin/python tests/client_suites/run_suites.py $(SUITE)

bench: live book ## measure the stand-in, the site, its pages in the browser and the build beside others
	@$(SETUP) npm
	@.venv/$(STACK)/bin/python -m bench --site _build/html
	@.venv/$(STACK)/bin/python -m bench.building

canary: book ## build the site with the newest Sphinx and theme, without Jupyter Book, and list what breaks
	@.venv/uv/bin/uv venv --quiet --clear --python .venv/$(STACK)/bin/python .venv/canary
	@.venv/uv/bin/uv pip install --quiet --upgrade --python .venv/canary/bin/python \
	  --overrides scripts/canary-overrides.txt --group site --group run --editable . sphinx-external-toc
	@FAKEHUB_HUB_YML=$(abspath $(HUB)) .venv/canary/bin/python -m guide.site.canary _build/canary

audit: ## look up known vulnerabilities of the locked packages; fails if there is one or the service does not answer
	@$(SETUP) uv
	@.venv/uv/bin/uv audit --frozen --preview-features audit-command

sbom: setup ## write bills of materials of the locked packages into _build/html/sbom
	@.venv/$(STACK)/bin/python -m guide.checks.sbom _build/html/sbom

lint: setup ## check style, format, types and imports of the code
	@.venv/$(STACK)/bin/ruff check .
	@.venv/$(STACK)/bin/ruff format --check .
	@.venv/$(STACK)/bin/mypy
	@.venv/$(STACK)/bin/lint-imports --no-logo

lock: ## update all locked versions to the newest that pyproject.toml allows
	@$(SETUP) uv
	@$(LOCK) --upgrade

clean: ## remove everything that was built or installed
	rm -rf _build .venv
