"""Commands of `arena.systems`."""
