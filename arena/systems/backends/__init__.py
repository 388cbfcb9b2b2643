"""Backends behind one protocol; free of any framework."""
