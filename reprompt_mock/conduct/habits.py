"""What HTTP libraries do by themselves, by the beginning of their `User-Agent`: a client may not know that it repeats.

Each was observed (see docs/guides/what-clients-see.md).
"""

from __future__ import annotations

_HABITS = {
    "curl/": "curl repeats a POST by itself when a reused connection ends without an answer.",
    "Wget/": "wget repeats any POST by itself, twenty times by default: set --tries=1.",
    "Java/": "HttpURLConnection repeats a POST by itself: set -Dsun.net.http.retryPost=false.",
    "okhttp/": "OkHttp repeats a POST by itself when a reused connection ends, after 408, and after 503 with"
    " Retry-After: 0: set retryOnConnectionFailure(false).",
    "Apache-HttpClient/5": "Apache HttpClient 5 repeats a POST by itself after 503 and 429: disableAutomaticRetries().",
    "node-superagent/": "superagent's retry() repeats everything at once, POST too, and ignores Retry-After.",
    "python-requests/": "urllib3's Retry with allowed_methods=None repeats a POST.",
    "got ": "got repeats a GET by itself.",
}
AGENT_LENGTH = max(map(len, _HABITS))
"""How much of a `User-Agent` tells them apart."""


def habit_of(agent: str) -> str:
    """Return what a library does by itself, "" if nothing is known."""
    return next((habit for beginning, habit in _HABITS.items() if agent.startswith(beginning)), "")
