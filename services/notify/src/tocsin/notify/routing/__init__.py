"""Routing: whom a step of a case concerns, and why; pure."""
