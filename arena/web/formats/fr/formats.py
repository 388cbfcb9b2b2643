"""Formats of French pages."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y à H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
# A thin space that does not break, as French typography wants it; Django has a wide one.
THOUSAND_SEPARATOR = "\u202f"
