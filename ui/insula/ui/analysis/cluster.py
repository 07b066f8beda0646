"""Work shared out over the cores of this machine (joblib) or over a cluster (Dask)."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import joblib

from insula.edge.errors import ConfigError

_T = TypeVar("_T")
_CONNECT_S = 5


def workers(
    work: Callable[..., _T], arguments: Sequence[tuple[Any, ...]], jobs: int, dask: str = ""
) -> Iterator[_T]:
    """``work(*arguments[k])`` for every k, in order as they are done; each in a process of its own.

    Raises ``ConfigError`` when the Dask scheduler at ``dask`` cannot be reached.
    """
    with _cluster(dask) if dask else contextlib.nullcontext():
        # One thread in each worker's linear algebra: the cores are taken already.
        pool = joblib.Parallel(n_jobs=jobs, return_as="generator", batch_size=1)
        yield from pool(joblib.delayed(work)(*these) for these in arguments)


@contextlib.contextmanager
def _cluster(address: str) -> Iterator[None]:
    try:
        from dask.distributed import Client
    except ImportError as error:
        raise ConfigError("--dask needs Dask: pip install 'insula[cluster]'") from error
    try:
        client = Client(address, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise ConfigError(f"no Dask scheduler answers at {address}: {error}") from error
    with client, joblib.parallel_config(backend="dask"):
        yield
