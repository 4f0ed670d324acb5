"""The rules that ship with Tocsin, as data that a lawyer can review."""
