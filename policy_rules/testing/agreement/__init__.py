"""The engines put beside each other on random households: of random packs, and of the packs of the library."""
