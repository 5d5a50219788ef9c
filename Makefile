.PHONY: test lint types docs import-time clean
PYTHON ?= python

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

types:
	$(PYTHON) -m mypy

docs: # does the README still tell what the package does?
	$(PYTHON) -m pytest -q tests/test_readme.py

import-time:
	@$(PYTHON) -c "import time; t = time.perf_counter(); import llama_assist; \
	print(f'import llama_assist: {(time.perf_counter() - t) * 1e3:.1f} ms')"

clean:
	rm -rf build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path "./.venv/*" -prune -exec rm -rf {} +
