"""The newcomer's stack: PostgreSQL, Valkey and the supervisor behind make demo."""
