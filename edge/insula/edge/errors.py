"""Every error Insula raises on purpose, as one tree.

::

    InsulaError
    ├── NotPermitted         the stated use, the consent or the mode does not allow it
    ├── ConfigError          the configuration file or an option is wrong
    ├── SensorError          a driver
    │   ├── SensorUnavailable    it cannot be opened: the message says why and what to do
    │   └── SensorLost           it was open and is gone (unplugged, time-out, peer closed)
    ├── RingError            the ring cannot be created or attached
    ├── DataError            a file or stream holds what it should not
    ├── ModelError           weights, manifest or card: missing, wrong hash, wrong shape
    │   └── EngineError          the inference engine refuses or fails
    └── SinkError            an output cannot be opened or written

``EndOfStream`` stands apart: a file that is through is not a fault.

Messages are for people: one line that names the thing, what is wrong and what to do next.
"""

from __future__ import annotations


class InsulaError(Exception):
    """Base of all errors with a message meant for the user."""


class ConfigError(InsulaError):
    """A configuration value is unknown, missing or out of range."""


class NotPermitted(InsulaError):
    """The stated use, a person's consent or the privacy mode does not allow what was asked."""


class SensorError(InsulaError):
    """A driver failed."""


class SensorUnavailable(SensorError):
    """The sensor cannot be opened."""


class SensorLost(SensorError):
    """The sensor was open and no longer delivers."""


class RingError(InsulaError):
    """A ring cannot be created, attached or is used against its rules."""


class DataError(InsulaError):
    """A file or a stream holds something unusable."""


class ModelError(InsulaError):
    """A model file is missing, damaged or does not fit its manifest."""


class EngineError(ModelError):
    """The inference engine cannot load or run a model as asked."""


class SinkError(InsulaError):
    """An output cannot be opened or written."""


class EndOfStream(Exception):
    """A file source has delivered its last sample. Not an error: the reader loop ends the stream."""
