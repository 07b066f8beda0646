"""One self-contained page about a session, made to be read in two minutes and printed on A4."""
