"""Contenders: systems, their immutable versions, and the backends that call them."""
