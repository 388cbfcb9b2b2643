"""Why an answer may be reported: stable codes that the pages translate. Pure."""

from typing import Final

REPORT_REASONS: Final = ("illegal", "harmful", "personal_data", "identity", "broken", "other")
