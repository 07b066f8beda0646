"""The Qt dashboard: one reader of the session's rings and feed, in a process of its own.

``presenter`` and what it uses (``series``, ``view``, ``words``, ``source``) know no Qt; ``panels`` draw
what the presenter shows and know no engine; ``window`` puts them on the screen; ``app`` starts it.
"""
