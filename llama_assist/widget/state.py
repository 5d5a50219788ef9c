"""What a panel knows, as traits: the view follows them, and whoever sets them has pressed its buttons."""

from __future__ import annotations

from traitlets import Bool, Dict, Float, HasTraits, Int, Tuple, Unicode

LAST_RUN = 0
WHOLE = -1


class Turn(HasTraits):
    """One task with its answer. `text` is what the model wrote so far, `note` our own line below it.

    `task` is its name on the wire, `subject` says what was asked, in words; `code` is what the answer proposes for a
    cell, and `cells` are the numbers of the cells that it cites.
    """

    task = Unicode()
    subject = Unicode()
    text = Unicode()
    note = Unicode()
    code = Unicode()
    cells = Tuple()
    is_done = Bool(False)


class PanelState(HasTraits):
    """The state of one panel. Observers are called in the thread that made the change, not always the main one.

    `choice` is the number of a cell, `LAST_RUN` or `WHOLE`. `origin` says where `cells` come from. A `max_tokens` of 0
    leaves the length to the task. `progress` is the share of the download that is done, below 0 while none runs.
    """

    question = Unicode()
    cells = Tuple()
    origin = Unicode()
    choice = Int(LAST_RUN, min=WHOLE)
    turns = Tuple()
    is_busy = Bool(False)
    is_cell_running = Bool(False)
    notice = Unicode()

    models = Tuple()
    model = Unicode()
    server = Unicode()
    progress = Float(-1.0, max=1.0)
    stage = Unicode()
    is_switching = Bool(False)

    temperature = Float(0.0, min=0.0, max=2.0)
    max_tokens = Int(0, min=0)
    with_variables = Bool(False)

    preview_task = Unicode("ask")
    is_previewed = Bool(False)
    preview = Dict()
