"""Telegram: agents in a group with topics. Read: settings, inbound, kinds, outbound, errors, pace, channel, client."""
