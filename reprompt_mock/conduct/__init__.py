"""Conduct: the verdict on a client, a pure function of the requests it sent and what it was answered."""
