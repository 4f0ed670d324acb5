"""The demo: the story of June 2026 told to three teams, on the real services with real receivers."""
