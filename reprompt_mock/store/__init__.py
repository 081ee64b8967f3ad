"""Every query and the one write transaction."""
