import base64
from random import Random

import pytest

from reconciler.simulator import rsa
from tests.simulator.mailcow import Mailcow, Start, messages

# made with OpenSSL for this test and used for nothing else; 512 bits keep it short
PKCS1 = """-----BEGIN RSA PRIVATE KEY-----
MIIBOwIBAAJBAK2B3c/MbXLtQb2sC1NhwMQ3uFDKopr87MzOcGvfZ4QucR/czjxG
aXcngxHExBWSiFVuepjxcIjELFpXK+mTT0cCAwEAAQJBAI/wufRnErGSVMSmkurE
oOfnldgok0di5oxuAuPq/XSwuLtDRYHCJTcfelvjY5ZWBqSPVQs87qIchDs2NiBx
2dkCIQDZaH2r/G0uitDQRM6OJZuTxyupv2FS31Bf5tiPShy2AwIhAMxObCFpQKsG
AaoIFDiJrENvgAPRQKBgTwvyizEGPfBtAiBA4WQPvWc/6oFihgY2eZayRVAMemaq
+qXb2OJr8KwczQIgCZIK4q3Jh7lqToq+V7+rQCVy+7rLqjeYvFiKSKugLykCIQC3
2e2AajC5+aekJV7a0tdY3WkztX/rhIJaQ+8oPCk9Qg==
-----END RSA PRIVATE KEY-----"""
PUBLIC = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK2B3c/MbXLtQb2sC1NhwMQ3uFDKopr8"
    "7MzOcGvfZ4QucR/czjxGaXcngxHExBWSiFVuepjxcIjELFpXK+mTT0cCAwEAAQ=="
)


def _with_domains(server: Mailcow, *names: str) -> Mailcow:
    for name in names:
        limits = {"aliases": 1, "mailboxes": 1, "defquota": 1, "maxquota": 1, "quota": 1, "key_size": 0}
        server.post("add/domain", {"domain": name, **limits})
    return server


def _imported(server: Mailcow, **body: object) -> list[object]:
    return messages(server.post("add/dkim_import", {"domain": "a.example", "private_key_file": PKCS1, **body}))


@pytest.mark.parametrize(
    ("version", "bits", "length"),
    [
        ("2026-07a", 1024, "1024"),
        ("2026-07a", 2048, "2048"),
        ("2026-07a", 3072, "3072"),
        ("2024-08a", 3072, "2048"),
        ("2026-07a", 4096, "4096"),
        ("2026-07a", 8192, ">= 8192"),
    ],
)
def test_a_key_has_the_size_asked_for_as_far_as_the_version_tells(
    mailcow: Start, version: str, bits: int, length: str
) -> None:
    server = _with_domains(mailcow(version), "a.example")
    server.post("add/dkim", {"domains": "a.example", "dkim_selector": "s-1", "key_size": str(bits)})
    key = server.get("get/dkim/a.example")
    assert (key["length"], key["dkim_selector"], key["privkey"]) == (length, "s-1", "")
    assert key["dkim_txt"] == f"v=DKIM1;k=rsa;t=s;s=email;p={key['pubkey']}"
    assert len(base64.b64decode(key["pubkey"], validate=True)) == bits // 8 + (34 if bits == 1024 else 38)


def test_an_existing_key_an_unknown_domain_and_a_bad_selector_are_told_apart_badly(mailcow: Start) -> None:
    server = _with_domains(mailcow(), "a.example", "b.example")
    server.post("add/dkim", {"domains": "a.example", "key_size": 1024})
    body = {"domains": "a.example, nope.example;b.example", "dkim_selector": "a b", "key_size": 1024}
    invalid = [["dkim_domain_or_sel_invalid", name] for name in ("a.example", "nope.example", "b.example")]
    assert messages(server.post("add/dkim", body)) == invalid
    assert messages(server.post("add/dkim", {**body, "dkim_selector": "ab"})) == [
        invalid[0],
        ["access_denied", "nope.example"],
        ["dkim_added", "b.example"],
    ]


def test_a_selector_with_a_dot_is_accepted_since_2025_01(mailcow: Start) -> None:
    for version, expected in (("2024-11b", "dkim_domain_or_sel_invalid"), ("2025-01", "dkim_added")):
        server = _with_domains(mailcow(version), "a.example")
        answer = server.post("add/dkim", {"domains": "a.example", "dkim_selector": "a.b", "key_size": 1024})
        assert messages(answer) == [[expected, "a.example"]], version


def test_a_duplicate_overwrites_without_asking_and_takes_names_that_are_no_domain(mailcow: Start) -> None:
    server = _with_domains(mailcow(), "a.example", "b.example")
    server.post("add/dkim", {"domains": "a.example", "dkim_selector": "one", "key_size": 1024})
    server.post("add/dkim", {"domains": "b.example", "dkim_selector": "two", "key_size": 1024})
    answer = server.post("add/dkim_duplicate", {"from_domain": "a.example", "to_domain": ["b.example", "nope"]})
    assert messages(answer) == [["dkim_duplicated", "a.example", "b.example"], ["dkim_duplicated", "a.example", "nope"]]
    assert server.get("get/dkim/nope") == server.get("get/dkim/b.example") == server.get("get/dkim/a.example")


def test_an_imported_key_shows_its_own_public_half_and_replaces_only_when_told(mailcow: Start) -> None:
    server = _with_domains(mailcow(), "a.example")
    assert _imported(server) == [["dkim_removed", "a.example"], ["dkim_added", "a.example"]]
    assert server.get("get/dkim/a.example")["pubkey"] == PUBLIC
    assert _imported(server) == [["dkim_domain_or_sel_exists", "a.example"]]
    assert _imported(server, overwrite_existing=1, dkim_selector="x")[-1] == ["dkim_added", "a.example"]
    assert server.get("get/dkim/a.example")["dkim_selector"] == "x"


@pytest.mark.parametrize("pem", ["", "no key", PKCS1.replace("MIIBOwIBAAJB", "MIIBOwIBAAJ/"), PKCS1[:200], 7])
def test_what_is_no_key_is_refused(mailcow: Start, pem: object) -> None:
    server = _with_domains(mailcow(), "a.example")
    assert messages(server.post("add/dkim_import", {"domain": "a.example", "private_key_file": pem}))[0][0] == (
        "private_key_error"
    )
    assert server.get("get/dkim/a.example") == {}


def test_an_import_may_fail_with_an_error_that_making_keys_left_behind_and_works_when_repeated(mailcow: Start) -> None:
    server = _with_domains(mailcow(), "a.example", "b.example", "c.example")
    server.post("add/dkim", {"domains": "b.example,c.example", "key_size": 1024})
    assert _imported(server) == [
        ["private_key_error", "error:12000079:random number generator::Cannot open file"],
    ]
    assert _imported(server)[-1] == ["dkim_added", "a.example"]


def test_a_key_in_pkcs8_has_the_same_public_half() -> None:
    content = base64.b64decode("".join(PKCS1.splitlines()[1:-1]))
    inner = bytes([0x04, 0x82]) + len(content).to_bytes(2) + content
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    whole = bytes.fromhex("020100") + algorithm + inner
    pkcs8 = base64.b64encode(bytes([0x30, 0x82]) + len(whole).to_bytes(2) + whole).decode()
    pem = f"-----BEGIN PRIVATE KEY-----\n{pkcs8}\n-----END PRIVATE KEY-----\n"
    assert rsa.public_of(pem) == rsa.public_of(PKCS1) == PUBLIC


def test_the_same_dice_make_the_same_key_and_others_another() -> None:
    assert rsa.generate(1024, Random(1)) == rsa.generate(1024, Random(1)) != rsa.generate(1024, Random(2))
