"""Right sentences in other words, by rule: what they say stays the same."""

from __future__ import annotations

import re
from datetime import date, timedelta

from eval.planting import MONTHS, NUMBER_WORDS, WEEKDAYS, Context, Planter, names_in

_MONTH = "|".join(MONTHS)


def date_form(text: str, context: Context) -> str | None:
    """`20 September 2019` as `September 20, 2019`, or as `2019-09-20`."""
    match = re.search(rf"\b(?:on )?(\d{{1,2}}) ({_MONTH})(?: (\d{{4}}))?\b", text)
    if match is None:
        return None
    day, month, year = match.groups()
    if year and context.chance.random() < 0.5:
        form = f"{year}-{MONTHS.index(month) + 1:02}-{int(day):02}"
    else:
        form = f"{month} {day}" + (f", {year}" if year else "")
    return f"{text[: match.start()]}on {form}{text[match.end() :]}"


def date_resolved(text: str, context: Context) -> str | None:
    """`on Friday` as the last Friday's date, `last year` as the year before the article's."""
    published = date.fromisoformat((context.article.published_at or "")[:10])
    if match := re.search(rf"\bon ({'|'.join(WEEKDAYS)})\b", text):
        back = (published.weekday() - WEEKDAYS.index(match[1])) % 7
        day = published - timedelta(back)
        form = f"on {day.day} {MONTHS[day.month - 1]} {day.year}"
    elif match := re.search(r"\b(last|next|this) year\b(?!'s)", text):
        form = f"in {published.year + {'last': -1, 'this': 0, 'next': 1}[match[1]]}"
    elif match := re.search(rf"\b[Ii]n ({_MONTH})\b(?! \d)", text):
        months = [(published.year, published.month), (published.year - 1, 12)]
        wanted = MONTHS.index(match[1]) + 1
        form = f"{match[0]} {published.year - (wanted > months[0][1])}"
    else:
        return None
    return text[: match.start()] + form + text[match.end() :]


def number_form(text: str, context: Context) -> str | None:
    """`$14.3 billion` as `$14.3bn`, `14.3 billion dollars` or `$14,300 million`; `49%` in words."""
    if match := re.search(r"\$(\d+(?:\.\d+)?) (million|billion)\b", text):
        value, scale = match.groups()
        forms = [f"${value}{scale[0]}n" if scale == "billion" else f"${value}m",
                 f"{value} {scale} dollars"]  # fmt: skip
        if scale == "billion":
            forms.append(f"${float(value) * 1000:,.0f} million")
        form = context.chance.choice(forms)
    elif match := re.search(r"\b(\d+)%", text):
        form = f"{match[1]} per cent"
    elif match := re.search(rf"\b({'|'.join(NUMBER_WORDS)})\b", text):
        form = str(NUMBER_WORDS.index(match[1]) + 2)
    else:
        return None
    return text[: match.start()] + form + text[match.end() :]


def rounded(text: str, context: Context) -> str | None:
    """`$14.3 billion` as `about $14 billion`, within 5%."""
    match = re.search(r"(?<!about )(?<!almost )(?<!than )\$(\d+\.\d+) (million|billion)\b", text)
    if match is None or abs(round(float(match[1])) / float(match[1]) - 1) > 0.05:
        return None
    form = f"about ${round(float(match[1]))} {match[2]}"
    return text[: match.start()] + form + text[match.end() :]


def first_name_dropped(text: str, context: Context) -> str | None:
    """`Alexandr Wang` as `Wang`, where the article calls somebody so, too."""
    for name in names_in(context.article.body):
        first, _, family = name.rpartition(" ")
        if (
            first
            and name in text
            and re.search(rf"(?<!{first} )\b{family}\b", context.article.body)
        ):
            return text.replace(name, family)
    return None


_ACTIVE = re.compile(
    r"^(?P<who>[A-Z][\w.]*(?: [A-Z][\w.]*)*)(?P<aside>, [^,]+,)? "
    r"(?P<verb>founded|bought|acquired|hired|named|paid|announced|told|sent|dismissed|spent)"
    r" (?P<whom>(?:the |an? |its )?[\w$. ]+?)(?P<rest>(?: in| on| for| from| about| at|,).*)?\.$"
)


def passive(text: str, context: Context) -> str | None:
    """`Wang founded the company in 2016.` as `The company was founded by Wang in 2016.`"""
    match = _ACTIVE.match(text)
    if match is None:
        return None
    whom = match["whom"][0].upper() + match["whom"][1:]
    return f"{whom} was {match['verb']} by {match['who']}{match['rest'] or ''}."


_SMALL = frozenset(
    "The It He In At That Those Such His A An From Four Before Under Similar With Investors "
    "Shareholders Officially This Two For".split()
)


def small_initial(text: str) -> str:
    """As it stands inside another sentence."""
    return text[0].lower() + text[1:] if text.split()[0] in _SMALL else text


def attributed(text: str, context: Context) -> str:
    """With the outlet before it."""
    return f"According to {context.article.outlet}, {small_initial(text)}"


REWORDINGS: dict[str, Planter] = {
    "date in another form": date_form,
    "date worked out": date_resolved,
    "number in another form": number_form,
    "number rounded": rounded,
    "first name dropped": first_name_dropped,
    "passive for active": passive,
    "outlet named": attributed,
}
