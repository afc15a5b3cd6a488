"""What a page was asked for, from its address alone, and the calls that answer it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from pgsearch.client.calls import Call
from pgsearch.console.statements import statement
from pgsearch.console.texts import Texts
from pgsearch.errors import InvalidValueError
from pgsearch.http.services import Services

Result = TypeVar("Result")

# what a page keeps when one goes on to another
KEPT = ("since", "until", "days", "collection", "segment")
# what belongs to one list of them, and to none of another choice: where its next page begins, a report that was kept
OF_ONE = ("after", "report", "done", "lang")
_MOST_DAYS = 3660
_WEEK = 7


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days in UTC, both included."""

    first: date
    last: date

    @property
    def since(self) -> datetime:
        """The first moment."""
        return datetime.combine(self.first, time(), UTC)

    @property
    def until(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), UTC)

    @property
    def days(self) -> list[date]:
        """Each day."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def goes_on(self) -> bool:
        """Whether its last day is not over."""
        return self.last >= datetime.now(UTC).date()

    @property
    def over(self) -> Period:
        """Its days that are over, where some are: one that is not would stand beside a whole one."""
        last = min(self.last, datetime.now(UTC).date() - timedelta(days=1))
        return Period(self.first, last) if last >= self.first else self

    @property
    def before(self) -> Period:
        """The same weekdays of the weeks before: as many days, whole weeks earlier."""
        weeks = -(-len(self.days) // _WEEK)
        return Period(self.first - timedelta(days=_WEEK * weeks), self.last - timedelta(days=_WEEK * weeks))


class SeeOtherError(Exception):
    """What was asked is done, and the page stands at another address, so that loading it again does nothing more."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


class Asked:
    """A request for a page: its words, its period, its language, and who asks."""

    def __init__(
        self,
        request: Request,
        served: Services,
        texts: Texts,
        *,
        days: int,
        path: str,
        is_administrator: bool,
        browser: str = "",
        is_page: bool = False,
    ) -> None:
        self.request = request
        self.served = served
        self.say = texts
        self.is_administrator = is_administrator
        self.browser = browser
        self.is_page = is_page
        self.path = path
        self.parts: Mapping[str, str] = request.path_params
        self.statements: list[str] = []
        self._days = days

    async def run(self, call: Call[Result]) -> Result:
        """Run a call, and keep its statement for whoever wants to see it."""
        self.note(call)
        return await self.served.client.run(call)

    async def figures(self, call: Call[Result], *, seconds: float = 0.0) -> Result:
        """The same of a call that reads roll-ups, which change once a minute at most; or once in so many seconds."""
        self.note(call)
        return await self.served.rollups.read(call, seconds=seconds)

    def note(self, call: Call[Any]) -> None:
        """Keep the statement of a call that is run elsewhere."""
        self.statements.append(statement(call))

    def word(self, name: str, default: str = "", known: Sequence[str] = ()) -> str:
        """A parameter of the address; one of the known words, where there are some."""
        given = self.request.query_params.get(name, "").replace("\0", "")
        if known and given and given not in known:
            raise InvalidValueError(f"{name} of the address is {given!r}.", hint=f"Known: {', '.join(known)}.")
        return given or default

    def words(self, name: str) -> list[str]:
        """A parameter that may be given several times."""
        return [value for value in self.request.query_params.getlist(name) if value and "\0" not in value]

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number of the address."""
        given = self.word(name, str(default))
        # a number of thousands of digits is one that int() refuses
        if not (given.isascii() and given.isdigit() and len(given) < 20 and least <= int(given) <= most):
            raise InvalidValueError(
                f"{name} of the address is {given!r}.", hint=f"Give a whole number from {least} to {most}."
            )
        return int(given)

    @property
    def collection(self) -> str | None:
        """The collection that was chosen; None: all."""
        return self.word("collection") or None

    @property
    def segment(self) -> str | None:
        """The application that was chosen, as it is logged; None: all."""
        return self.word("segment") or None

    @property
    def period(self) -> Period:
        """The days that were chosen: since and until, or so many days that end today."""
        today = datetime.now(UTC).date()
        last = self._date("until") or today
        first = self._date("since")
        if first is None:
            first = last - timedelta(days=self.number("days", self._days, 1, _MOST_DAYS) - 1)
        if first > last or (last - first).days >= _MOST_DAYS:
            raise InvalidValueError(
                f"The period from {first} to {last} is none.", hint="Give since no later than until, within ten years."
            )
        return Period(first, last)

    def _date(self, name: str) -> date | None:
        given = self.word(name)
        if not given:
            return None
        try:
            found = date.fromisoformat(given)
        except ValueError:
            found = None
        if found is None or not 1970 <= found.year <= 9000:
            raise InvalidValueError(f"{name} of the address is {given!r}.", hint="Give a day, such as 2026-03-31.")
        return found

    def here(self, /, **changes: object) -> str:
        """The address of this page with other words: None takes one away, a list gives it several times."""
        return self.address(self.path, **{**self.given, **changes})

    def chosen(self, /, **changes: object) -> str:
        """The same for another choice of what is shown, which begins anew."""
        return self.here(**{**dict.fromkeys(OF_ONE), **changes})

    def data(self, form: str) -> str:
        """The address of the same as .json or .csv, for a page whose address of data is `form`."""
        return self.address(form, **self.given)

    def to(self, path: str, /, **words: object) -> str:
        """The address of another page, with what was chosen here for every page."""
        return self.address(path, **{**{name: self.word(name) for name in KEPT}, **words})

    @staticmethod
    def address(path: str, /, **words: object) -> str:
        """A path with words."""
        pairs = [
            (name, str(one))
            for name, value in words.items()
            for one in (value if isinstance(value, list | tuple) else [value])
            if one is not None and one != ""
        ]
        return f"{path}?{urlencode(pairs)}" if pairs else path

    @property
    def given(self) -> dict[str, object]:
        """The words of the address."""
        given = self.request.query_params
        return {name: given.getlist(name) for name in given}
