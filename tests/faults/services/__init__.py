"""What the arena depends on fails: the database, its disk, Valkey, the broker, the clock of periodic work."""
