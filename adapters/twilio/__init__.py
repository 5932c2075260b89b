"""Twilio: SMS, WhatsApp and their kin by two roads. Read in this order: settings, addresses, inbound, inbound_messages, outbound,
errors (all pure), then conversations, messaging, channel, inspection."""
