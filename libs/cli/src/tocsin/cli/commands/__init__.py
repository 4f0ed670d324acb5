"""One file a command, or a few that share a noun."""
