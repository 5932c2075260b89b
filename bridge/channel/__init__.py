"""The contract between the core and a channel plugin. An adapter imports this package and `bridge.core`, nothing else of ours."""

from bridge.channel.adapter import (
    Adapter,
    Channel,
    DescribesBindings,
    EditsMessages,
    FetchesHistory,
    FetchesMedia,
    FindsDeliveries,
    FollowsLog,
    KnowsAddresses,
    OpensBindings,
    Runs,
    ServesSockets,
    Socket,
    Warms,
)
from bridge.channel.http import Reply, Request
from bridge.channel.inbound import Events, Fate, Forged, Ignored, Outcome, Received, Unreadable
from bridge.channel.inspection import Draft, Finding, Guides, Inspects, SetsUp, Talk
from bridge.channel.outbound import Binding, Edit, File, Lookup, Opened, Opening, Outbound, Record, Sent
from bridge.channel.port import Files, Health, Messages, Port, StoreUnavailable
from bridge.channel.problems import Problem
from bridge.channel.tokens import IssuesTokens

__all__ = [
    "Adapter",
    "Binding",
    "Channel",
    "DescribesBindings",
    "Draft",
    "Edit",
    "EditsMessages",
    "Events",
    "Fate",
    "FetchesHistory",
    "FetchesMedia",
    "File",
    "Files",
    "Finding",
    "FindsDeliveries",
    "FollowsLog",
    "Forged",
    "Guides",
    "Health",
    "Ignored",
    "Inspects",
    "IssuesTokens",
    "KnowsAddresses",
    "Lookup",
    "Messages",
    "Opened",
    "Opening",
    "OpensBindings",
    "Outbound",
    "Outcome",
    "Port",
    "Problem",
    "Received",
    "Record",
    "Reply",
    "Request",
    "Runs",
    "Sent",
    "ServesSockets",
    "SetsUp",
    "Socket",
    "StoreUnavailable",
    "Talk",
    "Unreadable",
    "Warms",
]
