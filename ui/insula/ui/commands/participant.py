"""The participant in the terminal, where there is no window: reads the page, answers by keyboard."""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Callable

from insula.edge.clock import Clock
from insula.ui.dashboard.control import Command
from insula.ui.dashboard.words import Words
from insula.ui.protocol.filling import Filling, Said
from insula.ui.protocol.page import FormItem, Page, Progress

NO_INPUT = "nobody could answer: the terminal has no input"


class Lines:
    """Lines somebody types, read on a thread of its own: a terminal cannot be asked without waiting."""

    def __init__(self) -> None:
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        threading.Thread(target=self._read, name="keyboard", daemon=True).start()

    def __call__(self) -> str | None:
        """Return the next line; raises ``queue.Empty`` when there is none yet, ``None`` after the last."""
        line = self._queue.get_nowait()
        if line is None:
            self._queue.put(None)
        return line

    def _read(self) -> None:
        for line in sys.stdin:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)


class TerminalParticipant:
    """Shows each page with ``tell`` and turns typed lines into the commands a participant's window sends."""

    def __init__(
        self,
        send: Callable[[Command], None],
        tell: Callable[[str], None],
        lines: Callable[[], str | None],
        clock: Clock,
    ) -> None:
        self._send, self._tell, self._lines, self._clock = send, tell, lines, clock
        self._words = Words()
        self._shown: Page | None = None
        self._filling: Filling | None = None

    def serve(self, progress: Progress) -> None:
        """Show what is new; take the lines that were typed since the last call."""
        page = progress.page
        if page is None or progress.state == "paused":
            return
        if self._shown is None or page.index != self._shown.index:
            self._words = Words(progress.language)
            self._show(page, progress)
        if page.form is None and page.kind != "instruction":
            return  # what is typed meanwhile waits for the next page
        try:
            line = self._lines()
        except queue.Empty:
            return
        if self._filling is not None and not self._filling.done:
            self._answer(self._filling, line)
        else:
            self._send(Command("participant", self._clock(), f"next:{page.index}"))

    def _show(self, page: Page, progress: Progress) -> None:
        words, t = self._words, self._clock()
        self._shown = page
        self._filling = None
        length = ""
        if progress.ends is not None and progress.began is not None:
            length = f" · {progress.ends - progress.began:.0f} s"
        self._tell(f"\n── {page.index + 1}/{progress.total} {page.name}{length}")
        for text in (page.text, page.media):
            if text:
                self._tell(text)
        self._send(Command("shown", t, str(page.index)))
        if page.form is not None:
            self._filling = Filling(page.form, page.index, t)
            self._tell(page.form.title)
            if page.form.instruction:
                self._tell(page.form.instruction)
            self._ask(self._filling.item)
        elif page.kind == "instruction":
            self._tell(words("Enter goes on"))

    def _ask(self, item: FormItem) -> None:
        words = self._words
        self._tell(f"\n{item.text}")
        if item.kind == "choice":
            for option in item.options:
                self._tell(f"  {option.value:g}  {option.text}")
        elif item.kind == "manikin":
            self._tell(f"  1 {item.left} … 9 {item.right}")
        elif item.kind == "vas":
            self._tell(f"  0 {item.left} … 100 {item.right}")
        self._tell(words("type it, or just Enter to leave it out"))

    def _answer(self, filling: Filling, line: str | None) -> None:
        t, item = self._clock(), filling.item
        said: Said | None
        if line is None:
            said = filling.leave_out(t, NO_INPUT)
        elif not line.strip():
            said = filling.leave_out(t)
        elif item.kind == "text":
            said = filling.write(line, t)
        else:
            said = self._chosen(filling, line, t)
        if said is None:
            return
        self._send(Command("answer", t, said.dumps()))
        if filling.done:
            self._send(Command("participant", t, f"next:{filling.step}"))
        else:
            self._ask(filling.item)

    def _chosen(self, filling: Filling, line: str, t: float) -> Said | None:
        item = filling.item
        try:
            value = float(line.replace(",", "."))
        except ValueError:
            value = float("nan")
        known = [option.value for option in item.options]
        if (value in known) if known else 0.0 <= value <= 100.0:
            return filling.choose(value, t)
        allowed = ", ".join(f"{v:g}" for v in known) or "0 … 100"
        self._tell(self._words("please type one of {allowed}", allowed=allowed))
        return None
