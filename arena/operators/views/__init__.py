"""Pages of the admin that are no list of rows."""
