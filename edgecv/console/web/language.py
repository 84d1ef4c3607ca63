"""Chinese or English: as chosen, else as the browser asks, else as the box or hub file says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale, negotiate_locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from starlette.requests import Request

from edgecv.console.web.translatable import N_, Text

LANGUAGES = {"zh_CN": "中文", "en": "English"}
LANGUAGE_COOKIE = "edgecv_language"
LOCALES = Path(__file__).parents[1] / "locale"
_NO_TIME = N_("no valid time")
_LONGEST_AGE_S = 1e9  # 31 years: beyond it a time is wrong
# What browsers call simplified Chinese.
_ALIASES = {"zh": "zh_CN", "zh_hans": "zh_CN", "zh_hans_cn": "zh_CN", "zh_sg": "zh_CN"}


@dataclass(frozen=True, slots=True)
class Language:
    """One language with its texts and its way to write times.

    Attributes:
        name: ``zh_CN`` or ``en``.
        texts: translations of the English in code and templates.
        timezone: the zone times are shown in.
    """

    name: str
    texts: NullTranslations
    timezone: ZoneInfo

    @property
    def tag(self) -> str:
        """As HTML calls it."""
        return self.name.replace("_", "-")

    def text(self, english: Text) -> str:
        """The translation."""
        return self.texts.gettext(english)

    def time(self, seconds: float | None, form: str = "medium") -> str:
        """A time, in the console's time zone; in words where the calendar has no such time."""
        if seconds is None:
            return ""
        try:
            return format_datetime(datetime.fromtimestamp(seconds, self.timezone), form, locale=Locale.parse(self.name))
        except (ValueError, OverflowError, OSError):
            return self.text(_NO_TIME)

    def day(self, seconds: float) -> str:
        """A day, in the console's time zone; in words where the calendar has no such day."""
        try:
            return format_date(datetime.fromtimestamp(seconds, self.timezone), "medium", locale=Locale.parse(self.name))
        except (ValueError, OverflowError, OSError):
            return self.text(_NO_TIME)

    def ago(self, age_s: float) -> str:
        """How long ago."""
        age = timedelta(seconds=-min(max(0.0, age_s), _LONGEST_AGE_S))
        return format_timedelta(age, add_direction=True, locale=Locale.parse(self.name))


def language_of(request: Request, default: str, timezone: ZoneInfo) -> Language:
    """The language of a request."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen not in LANGUAGES:
        preferred = [name for name in map(_supported, _accepted(request.headers.get("accept-language", ""))) if name]
        chosen = negotiate_locale(preferred, list(LANGUAGES)) or default
    return Language(chosen, texts(chosen), timezone)


@cache
def texts(name: str) -> NullTranslations:
    """The catalogue of a language; the code's own English needs none."""
    path = LOCALES / name / "LC_MESSAGES" / "console.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=name))
    compiled.seek(0)
    return GNUTranslations(compiled)


def _accepted(header: str) -> list[str]:
    """Languages of an Accept-Language header, the most wanted first (RFC 9110, 12.5.4)."""
    tags: list[tuple[float, str]] = []
    for entry in header[:500].split(","):
        tag, _, weight = entry.partition(";")
        try:
            q = float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            q = 0.0
        if tag.strip() and q > 0:
            tags.append((q, tag.strip().replace("-", "_").lower()))
    return [tag for _, tag in sorted(tags, key=lambda pair: -pair[0])]


def _supported(tag: str) -> str | None:
    return _ALIASES.get(tag) or next(
        (name for name in LANGUAGES if name.lower() in (tag, tag.split("_", maxsplit=1)[0])), None
    )
