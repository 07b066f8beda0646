"""The commands of ``insula``, one module each."""
