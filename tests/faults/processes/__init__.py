"""What runs beside or before the arena fails: its own processes, their clocks, systems, visitors."""
