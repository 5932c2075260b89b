"""Any system that speaks signed HTTP as a network (Standard Webhooks)."""
