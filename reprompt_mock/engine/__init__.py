"""Every use case, without HTTP: a room for each, and the two doors through which they are reached."""
