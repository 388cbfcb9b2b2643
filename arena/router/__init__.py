"""From a prompt to the pair of systems that meet, with the probability of the choice."""
