"""What the project is maintained with; nothing of it is installed."""
