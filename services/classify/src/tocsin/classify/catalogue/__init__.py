"""The catalogue that ships with Tocsin: hand-written, reviewed, one line an entity."""
