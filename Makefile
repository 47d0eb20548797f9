# The project's commands. `make` alone lists them.
STACK ?= hub
PYTHON ?= python3
HUB ?= hub.yml
# How many tests run side by side: they wait about as long as they compute.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(2 * (os.cpu_count() or 1))')
GUIDE = FAKEHUB_HUB_YML=$(abspath $(HUB)) .venv/$(STACK)/bin/python -m guide
JUPYTERHUB = $(if $(filter hub,$(STACK)),jupyterhub,jupyterhub-$(STACK))

.PHONY: help setup book serve pdf page outputs mutate links picture pictures screenshots tools test bench audit sbom lint lock clean

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

setup: ## everything the other commands need, in .venv/$(STACK), and programs that pages call, in .venv/tools
	@$(PYTHON) scripts/setup_env.py $(STACK) tools

book: setup ## run every page and build the site into _build/html; HUB=examples/other-hub/hub.yml for another hub's
	@$(GUIDE) build --stack $(STACK)

serve: setup ## show the site in a browser; a saved page is run, built and shown anew: make serve PORT=8000
	@$(GUIDE) serve --stack $(STACK) $(if $(PORT),--port $(PORT))

pdf: setup ## the site as `make book` builds it, with the whole guide as a PDF in it
	@$(GUIDE) build --stack $(STACK) --pdf

page: setup ## run one page: make page PAGE=book/index.md
	@$(GUIDE) page --stack $(STACK) $(or $(PAGE),$(error name a page: make page PAGE=book/index.md))

outputs: setup ## rewrite the recorded outputs of all pages, or of PAGE
	@$(GUIDE) outputs --stack $(STACK) $(PAGE)

mutate: setup ## break each block in turn and see its page fail; SAMPLE=40, PAGE=…, or WHAT=facts or WHAT=rules
	@nice env $(GUIDE) mutate --stack $(STACK) $(if $(WHAT),--what $(WHAT)) $(if $(SAMPLE),--sample $(SAMPLE)) $(PAGE)

links: setup ## ask every other site that a page links to
	@$(GUIDE) links --stack $(STACK)

picture: book ## take the README's picture anew
	@$(GUIDE) picture

screenshots: book ## retake the screenshots of ten pages that tests compare with the site
	@.venv/$(STACK)/bin/python -m guide.browser.visual_regression

pictures: tools ## retake the pictures of the hub that pages show and tests compare
	@.venv/$(STACK)/bin/python -m pytest tests/fakehub/hub -q --retake

tools: ## programs the tests and the benchmark call, in .venv/tools, .venv/jupyterhub and .venv/audit
	@$(PYTHON) scripts/setup_env.py $(STACK) tools $(JUPYTERHUB) audit

test: tools ## prove everything, and what passed already only when it changed; STACK=latest for the newest versions
	@.venv/$(STACK)/bin/python -m pytest --stack $(STACK) -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(or $(ARGS),--once)

bench: tools book ## measure, the stand-in beside the other fakes and the site beside the theme's own
	@$(PYTHON) scripts/setup_env.py npm
	@.venv/$(STACK)/bin/python -m bench --site _build/html
	@.venv/$(STACK)/bin/python -m bench.building

audit: setup ## ask whether a locked package has a known vulnerability; 2 when nobody answers
	@$(PYTHON) scripts/setup_env.py audit
	@$(GUIDE) audit

sbom: setup ## a bill of materials of each lock, in _build/html/sbom
	@$(PYTHON) scripts/setup_env.py audit
	@.venv/audit/bin/python guide/checks/sbom.py _build/html/sbom

lint: setup ## format and style of the code
	@.venv/$(STACK)/bin/ruff check . && .venv/$(STACK)/bin/ruff format --check .

lock: setup ## renew the locks from pyproject.toml
	@for stack in hub latest; do .venv/$(STACK)/bin/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --group site --group run --group test --group stack-$$stack pyproject.toml -o lock/$$stack.txt || exit 1; done
	@.venv/$(STACK)/bin/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --group tools -o lock/tools.txt
	@for group in jupyterhub jupyterhub-latest audit; do .venv/$(STACK)/bin/uv pip compile --quiet --upgrade --universal \
	  --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	  --group $$group pyproject.toml -o lock/$$group.txt || exit 1; done

clean: ## remove everything that was built
	rm -rf _build .venv
