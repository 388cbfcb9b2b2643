"""Audio: what a system gave becomes a clip that tells nothing but its music, and is played to its voter alone."""
