"""No test reaches the network, and this is so because it cannot."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest


def _connect(address: tuple[str, int]) -> None:
    with socket.socket() as one:
        one.settimeout(1)
        one.connect(address)


ATTEMPTS: list[Callable[[], object]] = [
    lambda: _connect(("192.0.2.1", 80)),  # an address for documentation (RFC 5737): nobody answers
    lambda: socket.create_connection(("example.invalid", 80), 1),
    lambda: socket.getaddrinfo("example.invalid", 80),
    lambda: socket.gethostbyname("example.invalid"),
    lambda: socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 53)),
    lambda: urllib.request.urlopen("http://example.invalid/", timeout=1),
]


@pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_the_network_is_out_of_reach(attempt: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="socket"):
        attempt()


def test_this_machine_is_within_reach(tmp_path: Path) -> None:
    for family, address in (
        (socket.AF_INET, ("127.0.0.1", 0)),
        (socket.AF_UNIX, str(tmp_path / "s")),
    ):
        with socket.socket(family) as server, socket.socket(family) as client:
            server.bind(address)
            server.listen()
            client.connect(server.getsockname())
