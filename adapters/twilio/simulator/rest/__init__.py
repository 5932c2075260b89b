"""The REST resources of Conversations, one file for each kind."""
