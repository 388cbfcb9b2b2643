"""An arena: one competition with a modality, its rules and its systems."""
