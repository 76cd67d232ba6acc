"""What hangs on random mail: of random mailboxes and domains, everything that can belong to one."""

from __future__ import annotations

from hypothesis import strategies as st

from reconciler.kinds import registry
from tests.kinds.samples import payloads
from tests.properties.anything import other_values
from tests.properties.wishes import Entry, Manifest, manifests, several, some

MOST = 2


def _sampled(draw: st.DrawFn, name: str, entry: Entry) -> Entry:
    """Say of a kind's entry what its samples and mutations say, some of it."""
    kind = registry()[name]
    sample = payloads(name)["entries"][0]
    for field, value in sample.items():
        if field in kind.key or field in entry or kind.fields[field].mark.bound is not None:
            continue
        if kind.fields[field].required or field == "password" or draw(st.booleans()):
            entry[field] = draw(st.sampled_from([value, *other_values(kind, kind.fields[field])]))
    return entry


@st.composite
def _app_passwords(draw: st.DrawFn, people: tuple[str, ...]) -> list[Entry]:
    chosen = draw(several(tuple((person, name) for person in people for name in ("Phone", "phone <x>")), MOST))
    return [_sampled(draw, "app_password", {"mailbox": person, "name": name}) for person, name in chosen]


@st.composite
def _sync_jobs(draw: st.DrawFn, people: tuple[str, ...]) -> list[Entry]:
    there = (("imap.old.example", "anna"), ("imap.old.example", "ben"), ("192.0.2.9", "an:na"))
    chosen = draw(several(tuple((person, *account) for person in people for account in there), MOST))
    return [
        _sampled(draw, "sync_job", {"mailbox": person, "host": host, "username": username})
        for person, host, username in chosen
    ]


@st.composite
def _sieve_filters(draw: st.DrawFn, people: tuple[str, ...]) -> list[Entry]:
    places = [(person, when) for person in people for when in ("prefilter", "postfilter")]
    made = []
    active = set()
    for person, when, description in draw(
        several(tuple((*place, name) for place in places for name in "AB"), MOST + 1)
    ):
        entry = _sampled(draw, "sieve_filter", {"mailbox": person, "type": when, "description": description})
        entry["state"] = "off" if (person, when) in active else entry.get("state", "active")
        active |= {(person, when)} if entry["state"] == "active" else set()
        made.append(entry)
    return made


@st.composite
def _time_limited_aliases(draw: st.DrawFn, people: tuple[str, ...]) -> list[Entry]:
    chosen = draw(several(tuple((person, name) for person in people for name in ("shop", "Shop & bar")), MOST))
    made = []
    for person, description in chosen:
        entry: Entry = {"mailbox": person, "description": description, "domain": person.rpartition("@")[2]}
        made.append(_sampled(draw, "time_limited_alias", entry))
    return made


@st.composite
def _resources(draw: st.DrawFn, domains: tuple[str, ...]) -> list[Entry]:
    chosen = draw(several(tuple(f"{name}@{domain}" for domain in domains for name in ("Room1", "beamer")), MOST))
    return [
        _sampled(draw, "resource", {"address": address, "description": address.split("@")[0]}) for address in chosen
    ]


@st.composite
def _domain_admins(draw: st.DrawFn, domains: tuple[str, ...]) -> list[Entry]:
    return [
        _sampled(draw, "domain_admin", {"username": name, "domains": draw(several(domains, 3, 1))})
        for name in draw(several(("boss", "vice"), MOST))
    ]


@st.composite
def _dkim_keys(draw: st.DrawFn, domains: tuple[str, ...]) -> list[Entry]:
    return [
        {
            "domain": domain,
            "selector": draw(st.sampled_from(("dkim", "s1", "S-2"))),
            "size": draw(st.sampled_from((1024, 2048))),
            "replace": True,
        }
        for domain in draw(several(domains, MOST))
    ]


def _of_a_domain(draw: st.DrawFn, entry: Entry, people: tuple[str, ...]) -> Entry:
    bcc = st.builds(
        lambda to, state: {"to": to, "state": state},
        several((*people, "x@elsewhere.example"), 2, 1),
        st.sampled_from(("active", "off")),
    )
    footer = st.fixed_dictionaries(
        {"html": st.sampled_from(("", "<p>ü & ö</p>")), "plain": st.sampled_from(("Acme", "{= foo =}\nx"))},
        optional={"skip_replies": st.booleans(), "exclude": several(people, 2)} if people else {},
    )
    mta_sts = st.fixed_dictionaries(
        {"mode": st.sampled_from(("testing", "enforce", "none")), "mx": several(("mx.a.example", "*.b.example"), 2, 1)},
        optional={"max_age": st.sampled_from(("1d", "7d")), "state": st.sampled_from(("active", "off"))},
    )
    return some(draw, entry, quota_notification_bcc=bcc, footer=footer, mta_sts=mta_sts)


def _of_a_mailbox(draw: st.DrawFn, entry: Entry, addresses: tuple[str, ...], domains: tuple[str, ...]) -> Entry:
    others = tuple(each for each in addresses if each != entry["address"])
    senders = (*others, *(f"@{domain}" for domain in domains))
    external = several(("x@outside.example", "@outside.example", "Y@outside.example"), 2)
    kind = registry()["mailbox"]
    sample = payloads("mailbox")["entries"][0]
    drawn = {
        name: st.sampled_from([sample[name], *other_values(kind, kind.fields[name])])
        for name in ("permissions", "tagged_mail", "recovery_email", "pop3", "smtp", "sieve", "activesync", "pushover")
        if name in sample
    }
    return some(draw, entry, send_as=several(senders, 3), external_send_as=external, **drawn)


@st.composite
def furnished(draw: st.DrawFn) -> Manifest:
    """A manifest of mail and of what belongs to mailboxes and domains."""
    made = draw(manifests())
    domains = tuple(each["name"] for each in made["domains"])
    people = tuple(each["address"] for each in made.get("mailboxes", ()))
    aliases = tuple(each["address"] for each in made.get("aliases", ()) if not each.get("address", "@").startswith("@"))
    every = (*domains, *(each["name"] for each in made.get("alias_domains", ())))
    made |= {
        "domains": [_of_a_domain(draw, each, people) for each in made["domains"]],
        "mailboxes": [_of_a_mailbox(draw, each, (*people, *aliases), domains) for each in made.get("mailboxes", ())],
        "app_passwords": draw(_app_passwords(people)),
        "sync_jobs": draw(_sync_jobs(people)),
        "sieve_filters": draw(_sieve_filters(people)),
        "time_limited_aliases": draw(_time_limited_aliases(people)),
        "resources": draw(_resources(domains)),
        "domain_admins": draw(_domain_admins(domains)),
        "dkim_keys": draw(_dkim_keys(every)),
    }
    return {plural: entries for plural, entries in made.items() if entries}
