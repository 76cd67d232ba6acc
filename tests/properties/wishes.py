"""Random manifests about mail: small, full of what is awkward, and such that a server can be made so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hypothesis import strategies as st

from reconciler.kinds import by_plural
from reconciler.spec.codec import Scope

Entry = dict[str, Any]
Manifest = dict[str, Any]

DOMAINS = ("acme.example", "bücher.example", "7up.example", "sub.acme.example", "ümlaut.sub.acme.example")
LOCAL_PARTS = ("anna", "ben", "7up", "42", "anna+news", "info", "o'neil", "a_b-c.d")
OUTSIDE = ("crm@elsewhere.example", "Crm@elsewhere.example", "x@straße.example", "7@elsewhere.example")
NEXTHOPS = ("[mx.partner.example]:25", "[192.0.2.7]", "relay.example:587")
STATES = st.sampled_from(("active", "off"))
RATES = st.sampled_from(("10/s", "500/h", "7/d", "3/m", "unlimited"))
TAGS = st.lists(
    st.sampled_from(("Office", "office", "on", "no", "ünder", "under", "Ünder", "x y", "1", "😀")), max_size=4
)
SENDERS = st.sampled_from(("*@spam.example", "good.example", "friend@good.example", "*.spam.example", "a-b_c.example"))
SECRETS = st.sampled_from(({"env": "CREDENTIAL"}, {"env": "OTHER"}))
ACCOUNTS = ("", "acme", "ac:me", "a\\b", "user@host.example")
"""User names with what the server escapes or splits at; the empty one is written as no field at all."""


def some(draw: st.DrawFn, entry: Entry, **optional: st.SearchStrategy[Any]) -> Entry:
    """Add some of the optional fields."""
    return entry | {name: draw(strategy) for name, strategy in optional.items() if draw(st.booleans())}


def several(choices: tuple[Any, ...], most: int, least: int = 0) -> st.SearchStrategy[list[Any]]:
    """Some of a few choices, none twice; none of none."""
    if not choices:
        return st.just([])
    return st.lists(st.sampled_from(choices), unique=True, min_size=least, max_size=most)


def _senders(draw: st.DrawFn) -> Entry:
    """Both lists of senders, or neither: a server lets none stand in both, declared or not."""
    if draw(st.booleans()):
        return {}
    lists = draw(st.dictionaries(SENDERS, st.sampled_from(("allowed_senders", "blocked_senders")), max_size=3))
    return {name: [each for each, of in lists.items() if of == name] for name in ("allowed_senders", "blocked_senders")}


@st.composite
def _relayhosts(draw: st.DrawFn) -> list[Entry]:
    hosts = ("smtp.example:587", "[192.0.2.1]:25")
    made = []
    for host, username in draw(several(tuple((host, name) for host in hosts for name in ACCOUNTS), 3)):
        entry: Entry = {"host": host, **({"username": username, "password": draw(SECRETS)} if username else {})}
        made.append(some(draw, entry, state=STATES))
    return made


def _relayhost_key(entry: Entry) -> str:
    return f"{entry['username']}@{entry['host']}" if entry.get("username") else str(entry["host"])


@st.composite
def _domains(draw: st.DrawFn, relayhosts: list[Entry]) -> list[Entry]:
    relays = st.sampled_from(("none", *map(_relayhost_key, relayhosts)))
    made = []
    for name in draw(several(DOMAINS, 3, least=1)):
        quotas = [f"{quota}MiB" for quota in sorted(draw(st.lists(st.integers(1, 20), min_size=3, max_size=3)))]
        entry: Entry = {
            "name": name,
            "max_mailboxes": draw(st.integers(0, 6)),
            "max_aliases": draw(st.integers(1, 9)),
            "relay": draw(st.sampled_from(("off", "off", "known", "all", "unknown"))),
            **dict(zip(("default_mailbox_quota", "max_mailbox_quota", "max_total_quota"), quotas, strict=True)),
            **_senders(draw),
        }
        made.append(
            some(
                draw,
                entry,
                description=st.sampled_from(("Acme", "Bücher & Söhne", "<b>x</b>")),
                state=STATES,
                global_address_list=st.booleans(),
                relayhost=relays,
                rate_limit=RATES,
                tags=TAGS,
            )
        )
    return made


@st.composite
def _alias_domains(draw: st.DrawFn, domains: list[Entry]) -> list[Entry]:
    free = tuple(name for name in DOMAINS if name not in {each["name"] for each in domains})
    targets = [each["name"] for each in domains if each["relay"] == "off"]
    if not (free and targets):
        return []
    entries = ({"name": name, "target": draw(st.sampled_from(targets))} for name in draw(several(free, 2)))
    return [some(draw, entry, state=STATES, rate_limit=RATES) for entry in entries]


@st.composite
def _mailboxes(draw: st.DrawFn, domains: list[Entry], relayhosts: list[Entry]) -> list[Entry]:
    relays = st.sampled_from(("none", *map(_relayhost_key, relayhosts)))
    made = []
    for domain in domains:
        room = int(domain["max_total_quota"].removesuffix("MiB"))
        most = int(domain["max_mailbox_quota"].removesuffix("MiB"))
        for local in draw(several(LOCAL_PARTS, min(3, domain["max_mailboxes"]))):
            quota = draw(st.integers(0, min(most, room)))
            room -= quota
            entry: Entry = {"address": f"{local}@{domain['name']}", "quota": f"{quota}MiB" if quota else "unlimited"}
            made.append(
                some(
                    draw,
                    entry | _senders(draw),
                    name=st.sampled_from(("Anna", "Ben B.", "Zoë", "O'Neil & Sons")),
                    state=st.sampled_from(("active", "no-login", "off")),
                    imap=st.booleans(),
                    webmail=st.booleans(),
                    dav=st.booleans(),
                    enforce_tls_in=st.booleans(),
                    enforce_tls_out=st.booleans(),
                    quarantine_notification=st.sampled_from(("never", "hourly", "daily", "weekly")),
                    quarantine_category=st.sampled_from(("junk", "rejected", "all")),
                    force_password_change=st.booleans(),
                    relayhost=relays,
                    rate_limit=RATES,
                    tags=TAGS,
                    spam_score=st.sampled_from(("default", {"junk": 5, "reject": 15}, {"junk": 7.5, "reject": 20})),
                    custom_attributes=st.dictionaries(st.sampled_from("aB"), st.sampled_from("1ü"), max_size=2),
                )
            )
    return made


def _without(address: str) -> Callable[[list[str]], bool]:
    return lambda targets: address not in targets


@st.composite
def _aliases(draw: st.DrawFn, domains: list[Entry], alias_domains: list[Entry], mailboxes: list[Entry]) -> list[Entry]:
    people = [each["address"] for each in mailboxes]
    others = tuple(f"{local}@{each['name']}" for each in (*domains, *alias_domains) for local in ("anna", "info"))
    targets = st.lists(st.sampled_from((*people, *OUTSIDE, *others)), min_size=1, max_size=3, unique_by=str.lower)
    made: list[Entry] = []
    for domain in domains:
        name = domain["name"]
        homes = [name, *(each["name"] for each in alias_domains if each["target"] == name)]
        inhabited = {person.partition("@")[0] for person in people if person.endswith(f"@{name}")}
        free = tuple(f"{local}@{home}" for home in homes for local in (*LOCAL_PARTS, "") if local not in inhabited)
        for address in draw(several(free, min(3, domain["max_aliases"]))):
            to = draw(st.one_of(st.sampled_from(("discard", "spam", "ham")), targets.filter(_without(address))))
            sweet = address.startswith("@") and draw(st.booleans())
            entry: Entry = {"catch_all": address[1:], "to": to} if sweet else {"address": address, "to": to}
            made.append(
                some(
                    draw,
                    entry,
                    state=STATES,
                    webmail_visible=st.booleans(),
                    sender_allowed=st.booleans(),
                    internal=st.booleans(),
                    comment=st.sampled_from(("", "Sales & more", "ü" * 80)),
                    private_comment=st.sampled_from(("", "0", "secret <note>")),
                )
            )
    return made


@st.composite
def _maps(draw: st.DrawFn, domains: list[Entry], mailboxes: list[Entry]) -> Manifest:
    places = [each["name"] for each in domains] + [each["address"] for each in mailboxes]
    sources = tuple((place, direction) for place in places for direction in ("outgoing", "incoming"))
    outside = st.sampled_from(OUTSIDE)
    copies = ({"for": for_, "direction": way, "to": draw(outside)} for for_, way in draw(several(sources, 3)))
    rewritten = draw(several(("old@elsewhere.example", "elsewhere.example", "7@acme.example"), 2))
    maps = ({"for": each, "to": draw(outside)} for each in rewritten)
    return {
        "bcc_maps": [some(draw, each, state=STATES) for each in copies],
        "recipient_maps": [some(draw, each, state=STATES) for each in maps],
    }


@st.composite
def _transports(draw: st.DrawFn) -> list[Entry]:
    names = st.sampled_from(("acme", "ac:me", "a\\b"))
    accounts = {
        hop: {"username": draw(names), "password": draw(SECRETS)} if draw(st.booleans()) else {} for hop in NEXTHOPS
    }
    made = []
    for destination in draw(several(("partner.example", ".partner.example", "*", "x@partner.example"), 3)):
        nexthop = draw(st.sampled_from(NEXTHOPS))
        entry: Entry = {"destination": destination, "nexthop": nexthop, **accounts[nexthop]}
        made.append(some(draw, entry, state=STATES))
    return made


@st.composite
def _tls_policies(draw: st.DrawFn) -> list[Entry]:
    names = ("partner.example", ".partner.example", "[mx.partner.example]:25", "bücher.example")
    return [
        some(
            draw,
            {"destination": name, "policy": draw(st.sampled_from(("none", "may", "encrypt", "dane", "secure")))},
            parameters=st.sampled_from(("", "match=hostname", "match=.a:nexthop protocols=!SSLv2")),
            state=STATES,
        )
        for name in draw(several(names, 3))
    ]


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    """A manifest of every mail kind that is right in itself."""
    relayhosts = draw(_relayhosts())
    domains = draw(_domains(relayhosts))
    alias_domains = draw(_alias_domains(domains))
    mailboxes = draw(_mailboxes(domains, relayhosts))
    made: Manifest = {
        "relayhosts": relayhosts,
        "domains": domains,
        "alias_domains": alias_domains,
        "mailboxes": mailboxes,
        "aliases": draw(_aliases(domains, alias_domains, mailboxes)),
        **draw(_maps(domains, mailboxes)),
        "transports": draw(_transports()),
        "tls_policies": draw(_tls_policies()),
    }
    return {plural: entries for plural, entries in made.items() if entries}


def with_passwords(manifest: Manifest) -> Manifest:
    """Give every mailbox an initial password."""
    initial = {"initial": {"password": {"env": "CREDENTIAL"}}}
    people = [{**entry, **initial} for entry in manifest.get("mailboxes", ())]
    return {**manifest, **({"mailboxes": people} if people else {})}


def removals(before: Manifest, after: Manifest) -> list[Entry]:
    """What `removed:` must list for a server to get from one manifest to another."""
    gone = sorted(_addresses(before) - _addresses(after))
    return [{kind: key} for kind, key in gone if by_plural_of(kind).routes.delete is not None]


def both(first: Manifest, second: Manifest) -> Manifest:
    """All entries of two manifests."""
    return {plural: [*first.get(plural, ()), *second.get(plural, ())] for plural in {**first, **second}}


def by_plural_of(name: str) -> Any:
    """The kind of that name."""
    return next(kind for kind in by_plural().values() if kind.name == name)


def _addresses(manifest: Mapping[str, Any]) -> set[tuple[str, str]]:
    found = set()
    for plural, entries in manifest.items():
        kind = by_plural()[plural]
        for entry in () if kind.singleton else entries:
            written = kind.on_entry(dict(entry), Scope()) if kind.on_entry is not None else entry
            parts = {
                name: kind.fields[name].codec.accept(written[name], Scope()) for name in kind.key if name in written
            }
            found.add((kind.name, kind.key_of(parts)))
    return found
