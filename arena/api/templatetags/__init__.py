"""Template filters of the API page."""
