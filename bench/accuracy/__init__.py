"""How well derived results hold together: rows of what is measured, how it came out, the target, whether it is met."""
