"""Every board BrainFlow knows: EEG headsets, EDA wristbands, its synthetic, playback and streaming boards."""

from __future__ import annotations

import contextlib
import functools
import importlib.resources
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from insula.edge.clock import Clock, now
from insula.edge.errors import ConfigError, SensorLost, SensorUnavailable
from insula.edge.registry import nearest
from insula.edge.types import Block, StreamInfo
from insula.sensors.brainflow_layout import TYPES, Origin, Preset, layout
from insula.sensors.pacing import Sleep
from insula.sensors.probe import Found, library
from insula.sensors.silence import SilenceWatch

_STAND_INS: Final = ("playback_file", "streaming")
_POLL_S: Final = 0.02
_BUFFER_S: Final = 30


@functools.cache
def board_shim() -> Any:
    """BrainFlow's module with its library loaded; raises ``SensorUnavailable`` where it does not load."""
    module = library("brainflow.board_shim", "install it (pip install brainflow)")
    if sys.version_info < (3, 12):  # there importlib.resources refuses the module name the wheel passes
        vars(module)["files"] = lambda _: importlib.resources.files("brainflow")
    try:
        module.BoardShim.disable_board_logger()
    except OSError as error:  # the wheel's libraries are for other processors, as on ARM Linux
        raise SensorUnavailable(f"BrainFlow's library does not load ({error}): compile it") from error
    return module


def _boards(shim: Any) -> dict[str, Any]:
    """Boards by the names written in a configuration ("synthetic", "cyton", "muse_2" …)."""
    return {b.name.lower().removesuffix("_board"): b for b in shim.BoardIds if b.value != -100}


def probe() -> list[Found]:
    """BrainFlow cannot search for boards: the synthetic one is always there, others are named by the user."""
    try:
        boards = _boards(board_shim())
    except SensorUnavailable as error:
        return [Found("BrainFlow board", why_not=str(error))]
    return [
        Found("BrainFlow synthetic board (simulated)", {"board": "synthetic"}),
        Found(
            f"one of {len(boards)} BrainFlow boards",
            why_not="needs a name: board = 'cyton', serial_port = '…'",
        ),
    ]


class BrainFlowBoard:
    """A BrainFlow board; each kind of signal it has is one stream."""

    def __init__(
        self,
        *,
        board: str,
        serial_port: str = "",
        mac_address: str = "",
        ip_address: str = "",
        ip_port: int = 0,
        serial_number: str = "",
        file: str = "",
        file_aux: str = "",
        file_anc: str = "",
        master_board: str = "",
        commands: list[str] | None = None,
        signals: list[str] | None = None,
        sfreq: float = 0.0,
        clock: Clock = now,
        sleep: Sleep = time.sleep,
    ) -> None:
        """Name the board as BrainFlow does, in lower case and without "_BOARD".

        ``serial_port`` … ``file_anc`` and ``master_board`` (for "playback_file" and "streaming") are
        BrainFlow's own parameters. ``commands`` are passed to ``config_board`` before the stream starts.
        ``signals`` keeps only these kinds (EEG, EDA, PPG, ECG, Temperature, Accelerometer). ``sfreq``
        replaces the nominal rate, for boards that a command has set to another one.
        """
        self._board_name = board
        self._master = master_board
        self._input: dict[str, Any] = {
            "serial_port": serial_port,
            "mac_address": mac_address,
            "ip_address": ip_address,
            "ip_port": ip_port,
            "serial_number": serial_number,
            "file": file,
            "file_aux": file_aux,
            "file_anc": file_anc,
        }
        self._commands = list(commands or ())
        self._signals = TYPES if signals is None else list(signals)
        for kind in self._signals:
            if kind not in TYPES:
                raise ConfigError(f"brainflow: there is no signal {kind!r}{nearest(kind, TYPES)}")
        self._sfreq = sfreq
        self._clock = clock
        self._sleep = sleep
        self._board: Any = None
        self._presets: list[Preset] = []

    def _id(self, shim: Any, name: str) -> Any:
        boards = _boards(shim)
        if name not in boards:
            raise SensorUnavailable(f"BrainFlow has no board {name!r}{nearest(name, boards)}")
        return boards[name]

    def open(self) -> tuple[StreamInfo, ...]:
        """Connect to the board and start its stream."""
        self.close()
        shim = board_shim()
        board_id = self._id(shim, self._board_name)
        if self._board_name in _STAND_INS and not self._master:
            raise SensorUnavailable(
                f"BrainFlow board {self._board_name!r} needs master_board: the board whose data it carries"
            )
        described = self._id(shim, self._master) if self._master else board_id
        params = shim.BrainFlowInputParams()
        for key, value in self._input.items():
            setattr(params, key, value)
        if self._master:
            params.master_board = described.value
        presets, infos = layout(shim, described, self._signals, self._sfreq, self._origin())
        try:
            board = shim.BoardShim(board_id.value, params)
            board.prepare_session()
        except shim.BrainFlowError as error:
            raise SensorUnavailable(self._why(error)) from error
        self._board = board
        try:
            for command in self._commands:
                board.config_board(command)
            board.start_stream(int(_BUFFER_S * max(p.sfreq for p in presets)))
        except shim.BrainFlowError as error:
            self.close()
            raise SensorUnavailable(self._why(error)) from error
        self._presets = presets
        for preset in presets:
            preset.watch = SilenceWatch(preset.sfreq, self._clock())
        return infos

    def _origin(self) -> Origin:
        address = [self._input[key] for key in ("serial_number", "serial_port", "mac_address", "ip_address")]
        return Origin(self._board_name, self._master, next(filter(None, address), ""))

    def _why(self, error: Exception) -> str:
        given = ", ".join(f"{k} = {v!r}" for k, v in self._input.items() if v) or "no port or address given"
        return f"BrainFlow board {self._board_name!r} cannot be opened ({given}): {error}"

    def read(self, timeout_s: float) -> Sequence[Block]:
        """What the board has sent."""
        if self._board is None:
            raise SensorLost(f"BrainFlow board {self._board_name!r} is closed")
        until = self._clock() + timeout_s
        while True:
            blocks = [block for preset in self._presets for block in self._take(preset)]
            t = self._clock()
            if blocks or t >= until:
                self._check_silence(t)
                return blocks
            self._sleep(min(_POLL_S, max(until - t, 0.0)))

    def _take(self, preset: Preset) -> list[Block]:
        shim = board_shim()
        try:
            table: npt.NDArray[np.float64] = self._board.get_board_data(preset=preset.number)
        except shim.BrainFlowError as error:
            raise SensorLost(f"BrainFlow board {self._board_name!r} has gone: {error}") from error
        n = table.shape[1]
        if n == 0:
            return []
        t = self._clock()
        preset.watch.heard(t)
        newest = float(table[preset.timestamp_row, -1]) - time.time() + t  # Unix → LSL's clock
        times = preset.retimer.stamp(n, newest)
        return [
            Block(stream, table[rows].T.astype(np.float32), times, preset.retimer)
            for stream, rows in preset.rows
        ]

    def _check_silence(self, t: float) -> None:
        """BrainFlow reports no error when a board is unplugged: its samples just stop.

        Some boards leave a table empty until a command turns it on: only those that spoke must go on.
        """
        spoke = [p for p in self._presets if p.watch.spoke]
        for preset in spoke or self._presets[:1]:
            if silent_s := preset.watch.overdue_s(t):
                raise SensorLost(f"BrainFlow board {self._board_name!r} has been silent for {silent_s:.1f} s")

    def close(self) -> None:
        """Disconnect."""
        board, self._board = self._board, None
        self._presets = []
        if board is not None:
            shim = board_shim()
            # An unplugged board cannot be told to stop; its session is gone either way.
            with contextlib.suppress(shim.BrainFlowError):
                board.stop_stream()
            with contextlib.suppress(shim.BrainFlowError):
                board.release_session()
