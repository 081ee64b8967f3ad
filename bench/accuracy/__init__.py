"""How right what the emulator derives is, held against packages of facts: `make accuracy`."""
