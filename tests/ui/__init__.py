"""The dashboard in a real browser: `make test-ui`, which needs Chromium and packages of its own."""
