"""From votes to a leaderboard with honest intervals."""
