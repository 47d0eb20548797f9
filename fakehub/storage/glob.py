"""``matchGlob`` of a listing: patterns for names, matched in time linear in the length of the name."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator

from fakehub.errors import GoogleError, bad_request

# The longest pattern, in characters, and the most stars in it: each star makes matching slower.
_LONGEST, _MOST_STARS = 1024, 32
# How many steps of a pattern are cached before the cache is cleared.
_MOST_STEPS = 5000
_Test = Callable[[str], bool]


def _within(char: str) -> bool:
    return char != "/"


def _anything(_char: str) -> bool:
    return True


class Glob:
    """A pattern: ``*`` and ``?`` within a part of a path, ``**`` across parts, ``[a-z]``, ``[!a-z]``, ``{a,b}``.

    A backslash makes the next character literal. The pattern is compiled to an automaton whose states are the bits
    of an integer. Matching takes at most the length of the name times that of the pattern. Raises
    ``GoogleError`` (400) for an invalid pattern.
    """

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST or pattern.count("*") > _MOST_STARS:
            limits = f"{_LONGEST} characters and {_MOST_STARS} stars"
            raise bad_request(f"Invalid value for matchGlob: it has at most {limits}.")
        self._pattern, self._at = pattern, 0
        # For each state: the test of its next character, the state after it, and the states reached without one.
        self._tests: list[_Test | None] = [None]
        self._nexts: list[int] = [0]
        self._free: list[list[int]] = [[]]
        self._end = self._sequence(0, nested=0)
        if self._at < len(pattern):
            raise _bad(pattern)
        self._steps: dict[tuple[int, str], int] = {}
        self._start = self._closure(1)
        self._accepting = 1 << self._end

    @property
    def prefix(self) -> str:
        """The literal text that every matching name begins with."""
        literal = []
        for char in self._pattern:
            if char in "*?[{\\":
                break
            literal.append(char)
        return "".join(literal)

    def matches(self, name: str) -> bool:
        """Return whether the whole ``name`` matches."""
        states, steps = self._start, self._steps
        for char in name:
            after = steps.get((states, char))
            if after is None:
                if len(steps) > _MOST_STEPS:
                    steps.clear()
                after = steps[states, char] = self._step(states, char)
            if not after:
                return False
            states = after
        return bool(states & self._accepting)

    def _step(self, states: int, char: str) -> int:
        after = 0
        for state in _bits(states):
            test = self._tests[state]
            if test is not None and test(char):
                after |= 1 << self._nexts[state]
        return self._closure(after)

    def _closure(self, states: int) -> int:
        """Return ``states`` and every state that can be reached from them without a character."""
        waiting = list(_bits(states))
        while waiting:
            for state in self._free[waiting.pop()]:
                if not states >> state & 1:
                    states |= 1 << state
                    waiting.append(state)
        return states

    def _state(self, after: int | None = None, test: _Test | None = None) -> int:
        """Add a state that follows ``after``, on a character that passes ``test`` or, without a test, on none."""
        self._tests.append(None)
        self._nexts.append(0)
        self._free.append([])
        new = len(self._tests) - 1
        if after is not None and test is None:
            self._free[after].append(new)
        elif after is not None:
            # A state has one test only, so a second one goes to a new state.
            if self._tests[after] is not None:
                after = self._state(after)
            self._tests[after], self._nexts[after] = test, new
        return new

    def _sequence(self, state: int, nested: int) -> int:
        """Compile the pattern up to its end, or to that of an alternative in ``{a,b}``; return the last state."""
        pattern = self._pattern
        while self._at < len(pattern):
            char = pattern[self._at]
            if nested and char in ",}":
                return state
            self._at += 1
            if char == "{":
                state = self._choice(state, nested + 1)
            elif char == "*":
                state = self._star(state)
            else:
                state = self._state(state, self._one(char))
        if nested:
            raise _bad(pattern)
        return state

    def _star(self, state: int) -> int:
        """Compile ``*`` or ``**`` after its first ``*`` was read; return the last state."""
        pattern, first = self._pattern, self._at - 1
        while pattern.startswith("*", self._at):
            self._at += 1
        across = self._at - first > 1
        loop = self._state(state)
        self._tests[loop], self._nexts[loop] = (_anything if across else _within), loop
        end = self._state(loop)
        whole_part = first == 0 or pattern[first - 1] == "/"
        if not across or not whole_part or not pattern.startswith("/", self._at):
            return end
        # a/**/b matches a/b as well: between the slashes there may be no part at all.
        self._at += 1
        slash = self._state(end, "/".__eq__)
        self._free[state].append(slash)
        return slash

    def _one(self, char: str) -> _Test:
        if char == "?":
            return _within
        if char == "[":
            return self._set()
        if char == "\\":
            if self._at == len(self._pattern):
                raise _bad(self._pattern)
            char = self._pattern[self._at]
            self._at += 1
        return char.__eq__

    def _set(self) -> _Test:
        pattern = self._pattern
        close = pattern.find("]", self._at + 1)
        if close < 0:
            raise _bad(pattern)
        inside = pattern[self._at : close]
        self._at = close + 1
        negated = inside[0] in "!^" and len(inside) > 1
        chars = inside[1:] if negated else inside
        spans = []
        while chars:
            if len(chars) > 2 and chars[1] == "-":
                spans.append((chars[0], chars[2]))
                chars = chars[3:]
            else:
                spans.append((chars[0], chars[0]))
                chars = chars[1:]
        return lambda char: char != "/" and any(first <= char <= last for first, last in spans) is not negated

    def _choice(self, state: int, nested: int) -> int:
        if nested > 16:
            raise _bad(self._pattern)
        ends = []
        while True:
            ends.append(self._sequence(self._state(state), nested))
            closed = self._pattern[self._at] == "}"
            self._at += 1
            if closed:
                break
        after = self._state()
        for end in ends:
            self._free[end].append(after)
        return after


def _bad(pattern: str) -> GoogleError:
    return bad_request(f"Invalid value for matchGlob: {pattern!r} is not a glob pattern.")


def _bits(states: int) -> Iterator[int]:
    while states:
        lowest = states & -states
        yield lowest.bit_length() - 1
        states ^= lowest


@functools.lru_cache(maxsize=16)
def glob(pattern: str) -> Glob:
    """Return the compiled pattern, cached for the next page of the listing."""
    return Glob(pattern)
