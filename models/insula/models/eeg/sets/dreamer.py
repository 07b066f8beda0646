"""DREAMER (Katsigiannis and Ramzan 2018): ``DREAMER.mat``, an Emotiv EPOC with 14 electrodes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy import io

from insula.edge.errors import DataError
from insula.models.eeg.sets.trial import SetSpec, Trial, checked, files_of

CH_NAMES: Final = (
    *("AF3", "F7", "F3", "FC5", "T7", "P7", "O1"),
    *("O2", "P8", "T8", "FC6", "F4", "F8", "AF4"),
)
RATINGS: Final = ("valence", "arousal", "dominance")
SFREQ: Final = 128.0


def trials(root: Path) -> Iterator[Trial]:
    """18 film clips a person, each with about a minute of rest before it; ratings 1–5."""
    path = files_of(root, "DREAMER.mat", "DREAMER")[0]
    try:
        people = io.loadmat(path)["DREAMER"][0, 0]["Data"][0]
        for number, person in enumerate(people, start=1):
            yield from _person(f"s{number:02d}", person)
    except (KeyError, ValueError, IndexError, NotImplementedError) as error:
        raise DataError(f"{path.name} has not DREAMER's layout: {error}") from error


def _person(name: str, person: Any) -> Iterator[Trial]:
    eeg = person["EEG"][0, 0]
    scores = {rating: np.ravel(person[f"Score{rating.capitalize()}"][0, 0]) for rating in RATINGS}
    films, rests = eeg["stimuli"][0, 0], eeg["baseline"][0, 0]
    for i in range(len(films)):
        where = f"DREAMER {name} film {i + 1}"
        yield Trial(
            person=name,
            session="1",
            name=f"film{i + 1:02d}",
            signal=np.ascontiguousarray(checked(films[i, 0], (None, len(CH_NAMES)), where).T),
            rest=np.ascontiguousarray(checked(rests[i, 0], (None, len(CH_NAMES)), where).T),
            sfreq=SFREQ,
            ch_names=CH_NAMES,
            ratings={rating: float(values[i]) for rating, values in scores.items()},
        )


SPEC: Final = SetSpec(
    name="dreamer",
    trials=trials,
    targets=dict.fromkeys(RATINGS, lambda rating: int(rating > 3)),
    classes=dict.fromkeys(RATINGS, ("≤ 3", "> 3")),
    licence="DREAMER: by agreement, research only; weights trained on it are for the owner of the copy",
)
