"""The world to NoticePublished: polls sources, takes pushes, reads files."""
