"""Where LSL may be heard: this machine only, unless the user opens it.

liblsl has no access control and announces every stream by multicast on the real network. Insula
therefore points it to a configuration that stays on the loopback interface, before it is loaded,
except where the user has a configuration of their own (``LSLAPICFG``) or asks for the network.
"""

from __future__ import annotations

import os
from importlib import resources

VARIABLE = "LSLAPICFG"


def keep_local() -> None:
    """Confine LSL to this machine; does nothing where ``LSLAPICFG`` is set already."""
    os.environ.setdefault(VARIABLE, str(resources.files("insula.edge").joinpath("lsl_loopback.cfg")))


def is_local() -> bool:
    """Whether our loopback configuration is in force."""
    return os.environ.get(VARIABLE, "").endswith("lsl_loopback.cfg")
