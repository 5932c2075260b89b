"""Which addresses are public: what a URL of somebody else's may lead to. Pure.

Source: the IANA special-purpose address registries (RFC 6890) and the multicast ranges, written out, since what `ipaddress`
calls global changed between Python's versions. An IPv6 address that carries an IPv4 one (mapped, compatible, 6to4, Teredo,
NAT64) is never public: the translator behind it may lead inside.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

Address = IPv4Address | IPv6Address
_NOT_PUBLIC_4 = [
    ip_network(n)
    for n in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24 "
        "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
    ).split()
]
_UNICAST_6 = ip_network("2000::/3")
_NOT_PUBLIC_6 = [ip_network(n) for n in "2001::/23 2001:db8::/32 2002::/16 3fff::/20".split()]


def is_public(address: Address) -> bool:
    """May anybody's URL lead there?

    >>> [is_public(ip_address(a)) for a in ("8.8.8.8", "10.0.0.1", "::ffff:8.8.8.8", "2606:4700::1111", "fe80::1%eth0")]
    [True, False, False, True, False]
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC_4)
    return address in _UNICAST_6 and not any(address in network for network in _NOT_PUBLIC_6)


def is_loopback(address: Address) -> bool:
    """This machine; written as IPv6, too.

    >>> [is_loopback(ip_address(a)) for a in ("127.8.0.1", "::1", "::ffff:127.0.0.1", "0.0.0.0")]
    [True, True, True, False]
    """
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def of_url(url: str) -> Address | None:
    """The address that stands in a URL itself, ``localhost`` being one; None where it holds a name, or is no URL.

    >>> of_url("https://[::1]:8080/x"), of_url("https://example.com"), of_url("http://[")
    (IPv6Address('::1'), None, None)
    """
    try:
        host = urlsplit(url).hostname or ""
        return ip_address("127.0.0.1" if host.lower() == "localhost" else host)
    except ValueError:
        return None


def leads_to_loopback(url: str) -> bool:
    address = of_url(url)
    return address is not None and is_loopback(address)
