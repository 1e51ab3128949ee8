"""For every test: no network, and the long ones only where they are asked for (``-m nightly``)."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from typing import Any

import pytest


class NetworkUsed(AssertionError):
    """Something reached for the network: the library promises that it never does."""


def allowed(address: Any) -> bool:
    """Whether an address stays on this machine: a browser's driver and Spark's gateway are talked to so."""
    if not isinstance(address, tuple):  # AF_UNIX, netlink
        return True
    host = str(address[0]).partition("%")[0]
    if host in ("", "localhost"):
        return True
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return False
    return found.is_loopback or found.is_unspecified


def _guarded(name: str) -> Callable[..., Any]:
    """A method of sockets whose last argument is an address."""
    plain = getattr(socket.socket, name)

    def method(self: socket.socket, *args: Any) -> Any:
        if not allowed(args[-1]):
            raise NetworkUsed(f"socket.{name} to {args[-1]!r}")
        return plain(self, *args)

    return method


def _resolving(name: str) -> Callable[..., Any]:
    """A function that asks for a host's address: asking is network use too."""
    plain = getattr(socket, name)

    def function(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not allowed((host.decode() if isinstance(host, bytes) else host or "",)):
            raise NetworkUsed(f"socket.{name} of {host!r}")
        return plain(host, *args, **kwargs)

    return function


def pytest_configure(config: pytest.Config) -> None:
    """Close the network before anything of the suite is imported."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex", "sendto"):
        patch.setattr(socket.socket, name, _guarded(name))
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        patch.setattr(socket, name, _resolving(name))
    config.add_cleanup(patch.undo)
