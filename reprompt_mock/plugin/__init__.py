"""The parts of the pytest plugin: its settings table, marks, the session's emulator and reports."""
