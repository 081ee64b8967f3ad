"""`python -m reprompt_mock`."""

from reprompt_mock.cli import main

raise SystemExit(main())
