"""Voters, their consents, and the tokens of programs."""
