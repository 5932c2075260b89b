"""Pure: records and decisions. No I/O, no clock, no randomness, no SQL; time and ids come in as arguments."""
