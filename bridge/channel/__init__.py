"""The contract between the core and a channel plugin. An adapter imports this package and `bridge.core`, nothing else of ours."""

from bridge.channel.adapter import (
    Adapter,
    Channel,
    DescribesBindings,
    EditsMessages,
    FetchesHistory,
    FetchesMedia,
    FindsDeliveries,
    Health,
    OpensBindings,
    Port,
    Runs,
    StoreUnavailable,
    Warms,
)
from bridge.channel.http import Reply, Request
from bridge.channel.inbound import Events, Forged, Ignored, Received, Unreadable
from bridge.channel.outbound import Binding, Edit, File, Opened, Opening, Outbound, Sent
from bridge.channel.problems import Problem

__all__ = [
    "Adapter",
    "Binding",
    "Channel",
    "DescribesBindings",
    "Edit",
    "EditsMessages",
    "Events",
    "FetchesHistory",
    "FetchesMedia",
    "File",
    "FindsDeliveries",
    "Forged",
    "Health",
    "Ignored",
    "Opened",
    "Opening",
    "OpensBindings",
    "Outbound",
    "Port",
    "Problem",
    "Received",
    "Reply",
    "Request",
    "Runs",
    "Sent",
    "StoreUnavailable",
    "Unreadable",
    "Warms",
]
