"""Management of operators' accounts."""
