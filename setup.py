"""Builds the optional C ring; everything else about the package stands in pyproject.toml.

The library has no ``PyInit_*`` and does not include ``Python.h``: it is loaded with
``ctypes.PyDLL``, so one build serves every Python 3. Without a C compiler the install still
succeeds and the numpy ring takes over where it is safe (see ``insula.edge.ring``). Set
``INSULA_REQUIRE_RING=1`` to make a failed build an error, as CI does.
"""

from __future__ import annotations

import os
import sys

from setuptools import Extension, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_ext import build_ext

REQUIRED = os.environ.get("INSULA_REQUIRE_RING") == "1"
MSVC = ["/std:c11", "/experimental:c11atomics", "/O2"]
OTHERS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-fvisibility=hidden"]


class BuildRing(build_ext):
    """Builds a plain library instead of a Python module."""

    def get_export_symbols(self, ext: Extension) -> list[str]:
        """Nothing: there is no PyInit_*, and _ring.h marks what is exported."""
        return []


class AnyPythonWheel(bdist_wheel):
    """One wheel for every Python 3 of a platform."""

    def get_tag(self) -> tuple[str, str, str]:
        """Any Python, no ABI, this platform."""
        return ("py3", "none", super().get_tag()[2])


setup(
    ext_modules=[
        Extension(
            "insula.edge._ring",
            sources=["edge/insula/edge/_ring.c"],
            depends=["edge/insula/edge/_ring.h"],
            extra_compile_args=MSVC if sys.platform == "win32" else OTHERS,
            py_limited_api=True,
            optional=not REQUIRED,
        )
    ],
    cmdclass={"build_ext": BuildRing, "bdist_wheel": AnyPythonWheel},
)
