"""Timed protocols and questionnaires (Qt-free): TOML files, plans for a participant, a state machine.

``toml`` reads tables and knows their lines; ``questionnaire`` and ``design`` are what the files say;
``plan`` puts loops in order for one participant; ``run`` is the state machine on injected time;
``page`` is what a participant sees of it, ``filling`` how a form is filled in.
"""
