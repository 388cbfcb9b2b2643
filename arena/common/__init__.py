"""What every package stands on: the outbox, the live stream, small database helpers."""
