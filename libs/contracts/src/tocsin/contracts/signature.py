"""The signature of a wording: a few small prints of it, by which copies are known without the texts.

Written `TITLE.TEXT`, each part the prints of its own words, 16 bits each, in base64. A part is empty where
there are too few words to tell a copy by. What the prints are of is for classify to say; anybody may compare.
"""

import base64
import binascii
import struct
from collections.abc import Iterable

PRINT_BYTES = 2


def written(title: Iterable[int], text: Iterable[int]) -> str:
    """The signature with these prints (0 to 65,535 each); empty when there are none."""
    parts = [_encoded(sorted(set(prints))) for prints in (title, text)]
    return ".".join(parts) if any(parts) else ""


def alike(one: str, other: str) -> float:
    """How much of the shorter of two wordings stands in the other, from 0 to 1.

    Texts are compared, or titles where one of the two has no text: official titles recur from year to year.
    What is no signature is like nothing.
    """
    title, text = _parts(one)
    other_title, other_text = _parts(other)
    return _held(text, other_text) if text and other_text else _held(title, other_title)


def _held(one: frozenset[int], other: frozenset[int]) -> float:
    least = min(len(one), len(other))
    return len(one & other) / least if least else 0.0


def _encoded(prints: list[int]) -> str:
    return base64.b64encode(struct.pack(f">{len(prints)}H", *prints)).decode().rstrip("=")


def _parts(signature: str) -> tuple[frozenset[int], frozenset[int]]:
    title, _, text = signature.partition(".")
    return _decoded(title), _decoded(text)


def _decoded(part: str) -> frozenset[int]:
    try:
        packed = base64.b64decode(part + "=" * (-len(part) % 4), validate=True)
    except (ValueError, binascii.Error):
        return frozenset()
    return frozenset(struct.unpack(f">{len(packed) // PRINT_BYTES}H", packed[: len(packed) // 2 * 2]))
