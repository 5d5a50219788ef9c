"""Tasks on a notebook: what to send for each, and what to make of the answer; no model and no HTTP in here."""

from __future__ import annotations

from llama_assist.tasks.answer import TaskAnswer
from llama_assist.tasks.plan import Sent, TaskPlan, make_plan

__all__ = ["Sent", "TaskAnswer", "TaskPlan", "make_plan"]
