"""How well derived facts hold against what is known: a module a subject, each with a function that returns rows."""
