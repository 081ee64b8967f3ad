"""RepromptMock: a typed client of the control API, for tests, the command line and containers."""

from reprompt_mock.handle.mock import RepromptMock
from reprompt_mock.handle.org import OrgHandle, request_line
from reprompt_mock.handle.parts import Settled
from reprompt_mock.handle.transport import ControlError
from reprompt_mock.handle.waiting import Waited

__all__ = ["ControlError", "OrgHandle", "RepromptMock", "Settled", "Waited", "request_line"]
