# Every target can be run again: what is done already is not done twice.
# Variables: ARGS (for byline), PYTEST_ARGS (for pytest), PYTHON and TORCH_INDEX (see tools/setup.sh).

BYLINE = .venv/bin/byline

.PHONY: help setup run test lint eval screenshots clean

help:
	@echo "make setup   environment, libraries and weights (the first part of run and test)"
	@echo "make run     the page on http://127.0.0.1:7860; ARGS=\"--port 8000 --articles DIR\""
	@echo "make test    lint, types and all tests; PYTEST_ARGS=\"-k name\""
	@echo "make lint    lint and types only"
	@echo "make eval    answer the gold questions and print the scores; ARGS=..."
	@echo "make screenshots   pictures of the page in build/screenshots, on three screens, light and dark"
	@echo "make clean   remove the environment, the index and all caches of this folder"

setup:
	@tools/setup.sh
	@$(BYLINE) fetch

run: setup
	@$(BYLINE) serve $(ARGS)

test:
	@tools/setup.sh test
	@$(BYLINE) fetch
	@$(BYLINE) fetch smollm2-135m
	@tools/test.sh

lint:
	@tools/setup.sh test
	@tools/lint.sh

eval: setup
	@$(BYLINE) eval $(ARGS)

screenshots:
	@tools/setup.sh test
	@SCREENSHOTS=build/screenshots .venv/bin/python -m pytest -q tests/test_page_views_browser.py

clean:
	rm -rf .venv build index/built eval/reports *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
