"""The channels: one package per network, each behind the contract of `bridge.channel`."""
