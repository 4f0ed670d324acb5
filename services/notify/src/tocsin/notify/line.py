"""A line: outside text that can break no header, no log line, no terminal and no row."""


def line(text: str, most: int) -> str:
    """The printable characters of a text with single spaces, cut with `…` to at most ``most``."""
    told = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return told if len(told) <= most else f"{told[: most - 1]}…"
