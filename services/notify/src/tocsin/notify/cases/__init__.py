"""Cases: what the notices of the world add up to; pure."""
