"""Pacing: when a delivery goes, and what follows from how it went; pure."""
