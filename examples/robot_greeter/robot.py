"""A simulated robot in the terminal that greets according to how someone looks.

    insula run examples/robot_greeter/session.toml --headless &
    python examples/robot_greeter/robot.py

or, with the loop inside the robot's own process, no second program:

    python examples/robot_greeter/robot.py --inside

It reads the states of ``session.toml`` (a simulated person) over ZeroMQ and behaves as ``behaviour.py`` says.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from behaviour import SAYS, Greeter
from rich.console import Console

from insula.edge import clock

HERE = Path(__file__).parent
FACE = {"waiting": "( – _ – )", "neutral": "( o _ o )", "cheerful": "( ^ ‿ ^ )", "careful": "( o . o )"}
COLOUR = {"waiting": "bright_black", "neutral": "white", "cheerful": "green", "careful": "yellow"}

Seen = tuple[tuple[float, float] | None, str, bool]
"""Valence as mean and sd, or ``None`` with the reason; and whether it is simulated."""


def over_zeromq(address: str) -> Iterator[Seen]:
    """States of a session that publishes at ``address``; nothing for half a second is an answer as well."""
    import msgpack
    import zmq

    socket = zmq.Context.instance().socket(zmq.SUB)
    socket.subscribe(b"state")
    socket.setsockopt(zmq.RCVTIMEO, 500)
    socket.setsockopt(zmq.RCVHWM, 20)  # a robot wants the newest, not a backlog
    socket.connect(address)
    try:
        while True:
            try:
                state = msgpack.unpackb(socket.recv_multipart()[1])
            except zmq.Again:
                yield None, "no news from Insula", False
                continue
            valence = state["valence"]
            known = (valence["mean"], valence["sd"]) if valence else None
            yield known, state["absent"].get("valence", ""), state["simulated"]
    finally:
        socket.close(0)


def inside() -> Iterator[Seen]:
    """States of a loop in this very process."""
    from insula.edge import SensingLoop, config
    from insula.edge.wire import absent

    session = replace(config.load(HERE / "session.toml"), sinks=())  # nobody else needs to hear it
    with SensingLoop(session) as loop:
        for state in loop.states():
            known = (state.valence.mean, state.valence.sd) if state.valence else None
            yield known, absent(state).get("valence", ""), state.simulated


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--address", default="tcp://127.0.0.1:5557")
    parser.add_argument("--inside", action="store_true", help="run the loop in this process")
    parser.add_argument("--says", type=int, default=None, help="end after saying so many things")
    asked = parser.parse_args()
    console, robot = Console(), Greeter()
    began, told, said = clock.now(), "", 0
    for valence, reason, simulated in inside() if asked.inside else over_zeromq(asked.address):
        t = clock.now()
        doing = robot.step(t, valence)
        if doing != told:
            told = doing
            seen = f"valence {valence[0]:+.2f} ± {valence[1]:.2f}" if valence else f"not measured: {reason}"
            note = " (a simulated person)" if simulated else ""
            console.print(f"{t - began:6.1f} s  [{COLOUR[doing]}]{FACE[doing]}  {SAYS[doing]}[/]")
            console.print(f"          because {seen}{note}", style="bright_black", highlight=False)
            said += 1
            if said == asked.says:
                return


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
