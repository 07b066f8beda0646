"""The participant's window: one calm page at a time, in a process of its own.

It reads the session's feed and sends what the participant says; it may be closed or crash, and the protocol
goes on. ``link`` and ``german`` know no Qt.
"""
