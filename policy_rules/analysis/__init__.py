"""Rules put to a solver: how two stand to each other, what one can do at all. Needs the extra ``analysis``."""
