"""Accept, decide, deliver: what comes in is committed with all that follows from it, what goes out leaves lane by lane."""
