"""Workers under the tests' control."""

from __future__ import annotations

from backend_runs import frozen_workers

__all__ = ["frozen_workers"]
