"""Slowing down who guesses, without shutting out whoever knows."""

import ipaddress
import time

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.accounts.hashing import hash_of
from geo.errors import TooManyTries

OF_ONE = RateLimitItemPerMinute(8, 10)
"""Wrong passwords for one name from one address. Another address has tries of its own for that name."""
OF_AN_ADDRESS = RateLimitItemPerMinute(60, 10)
"""Wrong passwords from one address for whatever names: an office may sit behind one."""


class Throttle:
    """Counts the wrong passwords of this process in memory."""

    def __init__(self, of_one: RateLimitItem = OF_ONE, of_an_address: RateLimitItem = OF_AN_ADDRESS) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._of_one = of_one
        self._of_an_address = of_an_address

    def enter(self, name: str, address: str) -> None:
        """Raise ``TooManyTries`` (``seconds``) before a password is even looked at.

        A try for one name counts from its beginning, so that many at once are not more than the limit.
        """
        place = network_of(address)
        if not self._limiter.test(self._of_an_address, place):
            raise TooManyTries(seconds=self._wait(self._of_an_address, place))
        if not self._limiter.hit(self._of_one, hash_of(name), place):
            raise TooManyTries(seconds=self._wait(self._of_one, hash_of(name), place))

    def failed(self, name: str, address: str) -> None:
        """Count a wrong password against the address."""
        self._limiter.hit(self._of_an_address, network_of(address))

    def passed(self, name: str, address: str) -> None:
        """Forget the wrong passwords of somebody who came in."""
        self._limiter.clear(self._of_one, hash_of(name), network_of(address))

    def _wait(self, limit: RateLimitItem, *key: str) -> int:
        """Whole seconds until there is room for one more try."""
        reset = self._limiter.get_window_stats(limit, *key).reset_time
        return max(1, int(reset - time.time()) + 1)


def network_of(address: str) -> str:
    """An address as it is counted: of IPv6 the network of 64 bits that one household or office has."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(known, ipaddress.IPv6Address):
        if known.ipv4_mapped is not None:
            return str(known.ipv4_mapped)
        return str(ipaddress.ip_network((known, 64), strict=False))
    return str(known)
