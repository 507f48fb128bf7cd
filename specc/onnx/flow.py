"""The cheapest way to divide things in two, for `layout`.

Source: L. Ford and D. Fulkerson, "Maximal flow through a network" (1956); shortest augmenting paths after
J. Edmonds and R. Karp (1972).
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeAlias

INFINITE = 1 << 60

Capacity: TypeAlias = dict[Hashable, dict[Hashable, int]]
"""The room on every edge that is still free."""


def divide(nets: Iterable[tuple[int, Sequence[Hashable]]], first: Hashable, second: Hashable) -> set[Hashable]:
    """The members of nets on the side of `first` when `first` and `second` are parted most cheaply.

    A net (cost, members) costs once if its members end up on both sides.  Members that could as well be on either
    side are on that of `first`.
    """
    capacity: Capacity = defaultdict(lambda: defaultdict(int))
    for number, (cost, members) in enumerate(nets):
        _connect(capacity, ("in", number), ("out", number), cost)
        for member in members:
            _connect(capacity, member, ("in", number), INFINITE)
            _connect(capacity, ("out", number), member, INFINITE)
    while path := _path(capacity, first, second):
        amount = min(capacity[a][b] for a, b in path)
        for a, b in path:
            capacity[a][b] -= amount
            capacity[b][a] += amount
    return set(capacity) - _reaching(capacity, second)


def _connect(capacity: Capacity, here: Hashable, there: Hashable, room: int) -> None:
    """An edge, and its reverse without room of its own."""
    capacity[here][there] = room
    capacity[there][here] += 0


def _path(capacity: Capacity, first: Hashable, second: Hashable) -> list[tuple[Hashable, Hashable]]:
    """A shortest path with room on every edge; empty if there is none."""
    came: dict[Hashable, Hashable] = {first: first}
    queue = deque([first])
    while queue and second not in came:
        here = queue.popleft()
        for there, room in capacity[here].items():
            if room and there not in came:
                came[there] = here
                queue.append(there)
    if second not in came:
        return []
    path, here = [], second
    while here != first:
        path.append((came[here], here))
        here = came[here]
    return path


def _reaching(capacity: Capacity, second: Hashable) -> set[Hashable]:
    """Everything from which `second` can still be reached."""
    found = {second}
    queue = deque([second])
    while queue:
        here = queue.popleft()
        for there in capacity[here]:  # every edge has its reverse, so these are all that may lead here
            if capacity[there][here] and there not in found:
                found.add(there)
                queue.append(there)
    return found
