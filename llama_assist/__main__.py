"""`python -m llama_assist` is the command `llama-assist`."""

from __future__ import annotations

import sys

from llama_assist.cli import main

sys.exit(main())
