"""Fixtures of the commands."""

from __future__ import annotations

from scripted_backend import backend

__all__ = ["backend"]
