"""Every use case, without HTTP: one module each, reached through two doors."""
