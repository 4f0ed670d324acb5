"""The kinds of source, one file each: bytes in, entries out. None of them knows another's state."""
