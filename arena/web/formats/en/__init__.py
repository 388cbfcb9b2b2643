"""How dates are written; see the format characters of the `date` filter."""
