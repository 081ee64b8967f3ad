"""What the pytest plugin is made of: the table of its settings, marks, the session's emulator, reports."""
