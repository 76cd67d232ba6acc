"""One wrong input for each thing that can be wrong in manifests, by its id; and so for commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

_ROOM = "max_total_quota: 10GiB, max_mailbox_quota: 5GiB, default_mailbox_quota: 1GiB"
_DOMAIN = f"domains: [{{name: acme.example, {_ROOM}}}]\n"
_INITIAL = "initial: {password: {env: PASSWORD}}"
_ANNA = f"{_DOMAIN}mailboxes:\n  - {{address: anna@acme.example, quota: 1GiB, {_INITIAL}, %s}}\n"
_TRANSPORT = "transports:\n  - {destination: partner.example, nexthop: %s}\n"
_FAIL2BAN = "fail2ban:\n  %s\n"

MANIFESTS: Final = {
    "address-bare": "mailboxes:\n  - {address: anna, quota: 1GiB}\n",
    "address-duplicate": "recipient_maps:\n"
    "  - {for: a@b.example, to: x@y.example}\n  - {for: a@b.example, to: z@y.example}\n",
    "address-malformed": "mailboxes:\n  - {address: 'an na@acme.example', quota: 1GiB}\n",
    "address-occupied": "aliases:\n  - {address: anna@bystander.example, to: [x@y.example]}\n",
    "address-taken": f"{_ANNA % 'state: active'}aliases:\n  - {{address: anna@acme.example, to: [x@y.example]}}\n",
    "address-with-slash": "app_passwords:\n"
    "- {mailbox: a/b@acme.example, name: Phone, protocols: [imap], initial: {password: {env: TOKEN}}}\n",
    "app-name-malformed": "app_passwords:\n"
    "  - {mailbox: anna@acme.example, name: '0', protocols: [imap], password: {env: PASSWORD}}\n",
    "boolean-expected": "mailboxes:\n  - {address: anna@acme.example, quota: 1GiB, imap: yes}\n",
    "change-refused": _ANNA.replace("quota: 1GiB, i", "quota: 7GiB, i") % "state: active",
    "content-empty": "rspamd_settings:\n  - {description: mine, content: ' '}\n",
    "date-malformed": "removed:\n  - {mailbox: anna@acme.example, step: 'off', delete_after: tomorrow}\n",
    "declared-and-gone": f"{_DOMAIN}removed:\n  - {{domain: acme.example}}\n",
    "destination-malformed": "tls_policies:\n  - {destination: 'a b', policy: dane}\n",
    "domain-malformed": "domains:\n  - {name: 'acme_example'}\n",
    "domain-missing": "mailboxes:\n  - {address: anna@nowhere.example, quota: 1GiB, " + _INITIAL + "}\n",
    "duration-fraction": "quarantine_settings: {max_age: 90min}\n",
    "duration-malformed": _FAIL2BAN % "ban_time: 30",
    "duration-out-of-range": "sync_jobs:\n  - {mailbox: anna@acme.example, host: imap.example, username: a,"
    " password: {env: PASSWORD}, interval: 99d}\n",
    "entry-malformed": "aliases:\n  - sales@acme.example\n",
    "field-missing": "aliases:\n  - {address: sales@acme.example}\n",
    "field-unknown": "domains:\n  - {name: acme.example, maxquota: 5GiB}\n",
    "fields-conflict": "aliases:\n  - {address: '@acme.example', catch_all: acme.example, to: discard}\n",
    "gone-twice": "removed:\n  - {alias: a@acme.example}\n  - {alias: a@acme.example}\n",
    "hash-not-verbatim": _ANNA.replace("{env: PASSWORD}", "{hash: abc}") % "state: active",
    "host-malformed": _FAIL2BAN % "allowed_hosts: ['a b']",
    "ignored-key": "domains:\n  - {name: acme.example, lifecycle: {ignore: [name]}}\n",
    "initial-and-managed": "domains:\n  - {name: acme.example, max_aliases: 3, initial: {max_aliases: 3}}\n",
    "initial-key": "domains:\n  - {name: acme.example, initial: {name: acme.example}}\n",
    "key-malformed": "removed:\n  - {bcc_map: [a@b.example]}\n",
    "kind-unknown": "mailbox:\n  - {address: anna@acme.example}\n",
    "limit-exceeded": _ANNA.replace("{name", "{max_mailboxes: 0, name") % "state: active",
    "list-expected": "aliases:\n  - {address: sales@acme.example, to: [a@b.example], state: [off]}\n"
    "domains:\n  - {name: acme.example, tags: office}\n",
    "list-too-long": "domains:\n  - {name: acme.example, tags: ["
    + ", ".join(f"t{number}" for number in range(26))
    + "]}\n",
    "list-too-short": "aliases:\n  - {address: sales@acme.example, to: []}\n",
    "mapping-expected": "domains:\n  - {name: acme.example, footer: Regards}\n",
    "move-impossible": "moved:\n  - {domain: {from: a.example, to: b.example}}\n",
    "move-malformed": "moved:\n  - {mailbox: anna@acme.example}\n",
    "name-has-blanks": _ANNA % "custom_attributes: {'a b': x}",
    "network-malformed": _FAIL2BAN % "blocked_hosts: [192.0.2.0/33]",
    "nexthop-malformed": _TRANSPORT % "' mx.example'",
    "number-expected": "mailboxes:\n  - {address: a@b.example, quota: 1GiB, spam_score: {junk: low, reject: 15}}\n",
    "pattern-malformed": "mailboxes:\n- {address: anna@acme.example, quota: 1GiB, initial: {password: {env: TOKEN}},"
    " pushover: {key: {env: TOKEN}, token: {env: TOKEN}, senders_pattern: boss}}\n",
    "rate-malformed": _ANNA % "rate_limit: 500",
    "reference-dangling": _DOMAIN.replace("{name", "{relayhost: smtp.example:587, name"),
    "reference-malformed": _DOMAIN.replace("{name", "{relayhost: [smtp.example], name"),
    "removal-impossible": "removed:\n  - {cors: cors, step: forget, delete_after: 2099-12-31}\n",
    "removal-undecided": "removed:\n  - {mailbox: anna@acme.example, delete_after: 2099-12-31}\n",
    "resource-address-malformed": "resources:\n"
    "  - {address: room-1@acme.example, description: Room 1, kind: location}\n",
    "scores-disordered": _ANNA % "spam_score: {junk: 15, reject: 5}",
    "secret-literal": _ANNA.replace("{env: PASSWORD}", "Correct.Horse.7") % "state: active",
    "secret-malformed": _ANNA.replace("{env: PASSWORD}", "{env: [A, B]}") % "state: active",
    "section-malformed": "aliases: sales@acme.example\n",
    "sender-malformed": _DOMAIN.replace("{name", "{allowed_senders: ['a b'], name"),
    "shared-disagree": _TRANSPORT % "'[mx.example]:25', username: a, password: {env: A}"
    + "  - {destination: b.example, nexthop: '[mx.example]:25', username: b, password: {env: B}}\n",
    "size-fraction": "mailboxes:\n  - {address: a@b.example, quota: 1KiB}\n",
    "size-malformed": "mailboxes:\n  - {address: a@b.example, quota: 5 gigabytes}\n",
    "size-too-large": "mailboxes:\n  - {address: a@b.example, quota: 9000PiB}\n",
    "size-too-small": "domains:\n  - {name: acme.example, max_mailbox_quota: 0MiB}\n",
    "size-unknown": "dkim_keys:\n  - {domain: acme.example, selector: dkim, size: 1000}\n",
    "speed-malformed": "sync_jobs:\n  - {mailbox: a@b.example, host: imap.example, username: a, max_speed: 5}\n",
    "tag-dropped": _DOMAIN.replace("{name", "{tags: ['0'], name"),
    "targets-malformed": "aliases:\n  - {address: sales@acme.example, to: trash}\n",
    "text-expected": "domains:\n  - {name: acme.example, description: 5}\n",
    "text-malformed": 'oauth2_clients:\n  - {redirect_uri: "a\\nb"}\n',
    "text-too-long": "aliases:\n  - {address: a@b.example, to: discard, comment: " + "x" * 161 + "}\n",
    "unit-missing": "mailboxes:\n  - {address: a@b.example, quota: 5}\n",
    "url-malformed": "identity_provider: {provider: keycloak, server_url: idp example}\n",
    "user-name-malformed": "domain_admins:\n  - {username: a b, domains: [acme.example], password: {env: PASSWORD}}\n",
    "value-malformed": _ANNA % "pushover: {key: {env: TOKEN}, token: {env: TOKEN}, title: 5}",
    "word-unknown": "mailboxes:\n  - {address: a@b.example, quota: 1GiB, state: disabled}\n",
}

COMMANDS: Final = {
    "approval-missing": ("apply", "mail.yaml"),
    "bad-snapshot": ("simulate", "--load", "mail.yaml"),
    "fingerprint-malformed": ("apply", "plan.json", "mail.yaml", "--fingerprint", "sha256:12ab"),
    "fingerprint-without-plan": ("apply", "mail.yaml", "--fingerprint", "0" * 64),
    "kind-unknown": ("explain", "mailboxs"),
    "paths-missing": ("plan",),
    "plan-decided": ("apply", "plan.json", "mail.yaml", "--allow-deletes", "100"),
    "plan-not-first": ("apply", "mail.yaml", "plan.json"),
    "project-missing": ("plan", "--env", "production"),
    "schema-unknown": ("schema", "plans"),
    "unknown-fault": ("simulate", "--fault", "explode"),
    "usage": ("plan", "--nonsense"),
    "version-unknown": ("simulate", "--version", "2021-01"),
}
"""What people type, by the id of what is wrong with it."""


@dataclass(frozen=True)
class Spoilt:
    """What may have become of a kept plan before somebody applies it.

    Attributes:
        told: the id of what is wrong.
        code: which exit code that has.
        text: the file's, of what it was.
        words: said besides.
    """

    told: str
    code: int
    text: Callable[[str], str]
    words: tuple[str, ...] = ()


def _with(**said: Any) -> Callable[[str], str]:
    return lambda text: json.dumps({**json.loads(text), **said})


def _within(name: str, **said: Any) -> Callable[[str], str]:
    return lambda text: _with(**{name: {**json.loads(text)[name], **said}})(text)


def _first_change(**said: Any) -> Callable[[str], str]:
    return lambda text: _with(changes=[{**json.loads(text)["changes"][0], **said}])(text)


_REFUSAL = {"id": "too-many-deletes", "summary": "2 deletions, 1 are allowed", "permit": "--allow-deletes 2"}
_OUTSIDE = {"id": "outside-policy", "summary": "no", "permit": "a change of reconciler-policy.yaml", "addresses": []}

KEPT: Final = {
    "kept-plan-a-snapshot": Spoilt("plan-malformed", 64, lambda _: '{"snapshot": {}, "answers": {}}'),
    "kept-plan-cut-off": Spoilt("plan-malformed", 64, lambda text: text[: len(text) // 2]),
    "kept-plan-emptied": Spoilt("plan-malformed", 64, lambda _: ""),
    "kept-plan-moved": Spoilt("change-moved", 5, _first_change(action="update")),
    "kept-plan-no-json": Spoilt("plan-malformed", 64, lambda _: "<html>\n<b>404</b>\n</html>\n"),
    "kept-plan-not-kept": Spoilt("plan-not-kept", 5, _with(terms=None)),
    "kept-plan-of-a-newer-tool": Spoilt("plan-of-another-tool", 5, _first_change(address="calendar/a@b.example")),
    "kept-plan-of-another-checkout": Spoilt("plan-of-another-checkout", 5, _with(desired_digest="0" * 32)),
    "kept-plan-of-another-fingerprint": Spoilt(
        "plan-of-another-fingerprint", 5, lambda _: "{}\n", ("--fingerprint", f"sha256:{'0' * 64}")
    ),
    "kept-plan-of-another-format": Spoilt("plan-format-unknown", 64, _with(format_version="0.9")),
    "kept-plan-of-another-server": Spoilt(
        "plan-of-another-server", 5, _within("server", origin="https://mail.acme.example")
    ),
    "kept-plan-of-another-version": Spoilt("plan-of-another-version", 5, _within("server", version="2024-08a")),
    "kept-plan-refused": Spoilt("plan-refused", 5, _with(refusals=[{**_REFUSAL, "addresses": []}, _OUTSIDE])),
    "kept-plan-with-an-odd-word": Spoilt("plan-malformed", 64, _first_change(action="explode")),
    "kept-plan-without-terms": Spoilt("plan-malformed", 64, lambda text: text.replace('"terms"', '"term"')),
}
"""Kept plans that are not carried out, or not all of them."""
