"""For what the software is used, as its operator states it: asked before anybody is measured."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from insula.edge.errors import ConfigError
from insula.edge.privacy.mode import Mode

PROHIBITED = (
    "inferring emotions of people at the workplace or in education is prohibited in the EU except for "
    "medical or safety reasons (AI Act, Regulation (EU) 2024/1689, Art. 5(1)(f))"
)
NOTICE_DUTY = (
    "the people in view must be told before they are measured (AI Act, Regulation (EU) 2024/1689, Art. 50(3))"
)


class Use(StrEnum):
    """The kinds of use there are."""

    CLINICAL = "clinical"
    RESEARCH = "research"
    OWN_USE = "own-use"
    ROBOT_DEMO = "robot-demo"
    WORK = "work"
    EDUCATION = "education"


IN_WORDS = {
    Use.CLINICAL: "clinical, with the patient's consent (research software, not a medical device)",
    Use.RESEARCH: "research, with each participant's consent",
    Use.OWN_USE: "own use: I measure nobody but myself",
    Use.ROBOT_DEMO: "demonstration of a robot, with a notice where people see it first",
    Use.WORK: "at a workplace: only for a stated medical or safety purpose",
    Use.EDUCATION: "in education: only for a stated medical or safety purpose",
}


@dataclass(frozen=True, slots=True)
class Context:
    """The stated use. ``notice``: the notice is up; ``medical_or_safety``: that purpose in words."""

    use: Use
    purpose: str = ""
    medical_or_safety: str = ""
    notice: bool = False

    def __post_init__(self) -> None:
        if self.use in (Use.WORK, Use.EDUCATION) and not self.medical_or_safety.strip():
            raise ConfigError(
                f"refused: {PROHIBITED}. Only if yours is such a purpose, state it: medical_or_safety = '…'"
            )
        if self.use is Use.ROBOT_DEMO and not self.notice:
            raise ConfigError(
                f"refused: {NOTICE_DUTY}. Print the notice ('insula notice'), put it up, then state "
                "notice = true"
            )

    @property
    def needs_consent(self) -> bool:
        """Whether a session needs a consent record of the person measured."""
        return self.use not in (Use.OWN_USE, Use.ROBOT_DEMO)

    @property
    def most(self) -> Mode:
        """The most that may be kept without a consent record."""
        return Mode.FULL if self.use is Use.OWN_USE else Mode.FEATURES_ONLY


def use_named(name: str) -> Use:
    """The use called ``name``; raises ``ConfigError`` with the list."""
    try:
        return Use(name)
    except ValueError as error:
        raise ConfigError(f"there is no use {name!r}; choose one of {', '.join(Use)}") from error
