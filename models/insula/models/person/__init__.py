"""One person: the guided minute that makes a profile, and whether the models know people like that."""
