"""How a service runs: Kafka plumbing, settings, logs, metrics, health, database, ordered stop."""
