"""Puts a protocol in order for one participant: the same file, number and seed give the same plan."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from insula.edge.errors import ConfigError
from insula.ui.protocol import sheets
from insula.ui.protocol.design import Loop, Node, Protocol, Step
from insula.ui.protocol.page import Form, Page
from insula.ui.protocol.toml import LANGUAGES, say

MOST_STEPS = 20_000
"""A slip of the hand in ``repeat`` must not fill the memory."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A step at its place; ``trial`` is its round of the innermost loop from 1, 0 outside of loops."""

    step: Step
    trial: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What will happen with participant number ``participant``, in ``language``."""

    protocol: Protocol
    participant: int
    language: str
    steps: tuple[Planned, ...]

    @property
    def timed_s(self) -> float:
        """Length of all steps that have one of their own, in s."""
        return sum(p.step.seconds or 0.0 for p in self.steps if not p.step.self_paced)

    def page(self, index: int) -> Page:
        """Return what the participant sees of a step."""
        step = self.steps[index].step
        form: Form | None = step.questionnaire.form(self.language) if step.questionnaire else None
        return Page(
            index,
            step.kind,
            step.name,
            say(step.text or {}, self.language),
            str(step.media.absolute()) if step.media else "",
            step.media_kind,
            form,
            step.rate,
        )

    def about(self) -> dict[str, Any]:
        """Return what a session's file says about it, with the questions in all languages."""
        asked = {q.name: q for p in self.steps if (q := p.step.questionnaire) is not None}
        return {
            "name": self.protocol.name,
            "file": self.protocol.path.name,
            "sha256": self.protocol.sha256,
            "seed": self.protocol.seed,
            "participant": self.participant,
            "language": self.language,
            "steps": [
                {
                    "name": p.step.name,
                    "kind": p.step.kind,
                    "seconds": p.step.seconds,
                    "condition": p.step.condition,
                    "trial": p.trial,
                }
                for p in self.steps
            ],
            "questionnaires": [sheets.dump(q) for q in asked.values()],
        }


def plan(protocol: Protocol, participant: int = 1, language: str = "") -> Plan:
    """Lay the steps out for participant number ``participant`` (from 1); raises ``ConfigError``."""
    if participant < 1:
        raise ConfigError(f"participant = {participant} should be 1 or more: it chooses the order")
    if language and language not in LANGUAGES:
        raise ConfigError(f"language = {language!r} should be one of {', '.join(LANGUAGES)}")
    steps = tuple(_lay_out(protocol.nodes, f"{protocol.seed}/{participant}", participant, 0))
    return Plan(protocol, participant, language or protocol.language, steps)


def _lay_out(nodes: tuple[Node, ...], seed: str, participant: int, trial: int) -> list[Planned]:
    steps: list[Planned] = []
    for node in nodes:
        if isinstance(node, Step):
            steps.append(Planned(node, trial))
            continue
        count = 0
        for repetition in range(node.repeat):
            inner = f"{seed}/{node.name}/{repetition}"
            for number in order(node, inner, participant):
                count += 1
                if len(steps) > MOST_STEPS:
                    raise ConfigError(f"loop {node.name!r} makes more than {MOST_STEPS} steps")
                steps += _lay_out(node.rounds[number], f"{inner}/{number}", participant, count)
    return steps


def order(loop: Loop, seed: str, participant: int) -> list[int]:
    """Return the order of a loop's rounds for one participant."""
    n = len(loop.rounds)
    if loop.order == "latin":
        return latin_row(n, participant - 1)
    if loop.order == "random":
        draw = random.Random(seed)  # random() is the one method Python keeps the same for ever
        keys = [draw.random() for _ in range(n)]
        return sorted(range(n), key=keys.__getitem__)
    return list(range(n))


def latin_row(n: int, number: int) -> list[int]:
    """Return row ``number`` of a balanced Latin square for ``n`` conditions (Williams 1949).

    Over n rows (2n where n is odd) every condition stands at every place, and follows every other one,
    equally often; the rows then start again.
    """
    first = [(k + 1) // 2 if k % 2 else (n - k // 2) % n for k in range(n)]
    row = [(place + number) % n for place in first]
    return row[::-1] if n % 2 and (number // n) % 2 else row
