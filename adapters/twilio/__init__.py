"""Twilio: SMS, WhatsApp and their kin over Conversations. Read in this order: settings, inbound, outbound, errors, channel."""
