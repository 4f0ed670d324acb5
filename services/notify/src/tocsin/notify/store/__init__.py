"""Notify's rows in PostgreSQL: hand-written SQL, one file a purpose."""
