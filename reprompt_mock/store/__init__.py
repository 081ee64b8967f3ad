"""Every query, and the write transaction."""
