"""The public, versioned HTTP API."""
