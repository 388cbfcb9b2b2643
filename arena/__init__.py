"""Preference Arena: live, blind human-preference evaluation."""
