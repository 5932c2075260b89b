"""What became of a delivery, and which news may follow which: receipts come doubled and out of order."""

from __future__ import annotations

from enum import StrEnum


class ReceiptState(StrEnum):
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


_RANK = {ReceiptState.SENT: 1, ReceiptState.DELIVERED: 2, ReceiptState.READ: 3, ReceiptState.FAILED: 4}


def supersedes(new: ReceiptState, old: ReceiptState | None) -> bool:
    """Is `new` news after `old`? A rank never falls; what was delivered or read can't fail any more.

    >>> supersedes(ReceiptState.DELIVERED, ReceiptState.SENT), supersedes(ReceiptState.SENT, ReceiptState.READ)
    (True, False)
    >>> supersedes(ReceiptState.FAILED, ReceiptState.DELIVERED)
    False
    """
    if old is None:
        return True
    if new is ReceiptState.FAILED:
        return old is ReceiptState.SENT
    return _RANK[new] > _RANK[old]
