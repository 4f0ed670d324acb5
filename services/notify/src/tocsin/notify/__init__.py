"""NoticeClassified to people: cases, routing, wording, deliveries."""
