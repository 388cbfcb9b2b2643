"""Battles, their turns and responses: the state machine."""
