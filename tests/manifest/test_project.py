from __future__ import annotations

from pathlib import Path

import pytest

from reconciler.errors import ManifestError, UsageError
from reconciler.manifest.files import Source
from reconciler.manifest.project import GuardSettings, Project, PruneRule, find_project
from reconciler.manifest.project_reading import read_project
from reconciler.model.version import Version

FULL = """\
manifests: [mail]
values: [values/common.yaml]
server:
  url: https://mail.acme.example
  ca_file: ca.pem
  timeout: 5min
  connect_timeout: 10s
  parallelism: 8
  version: 2026-07a
prune:
  - {kinds: [aliases, bcc_maps], domains: ["*.acme.example"]}
  - {kinds: [aliases]}
guards:
  max_deletes: 3
  max_delete_percent: 5
  max_delete_size: 2GiB
  max_changes: 400
  recent_login_days: 90
  protect: [mailbox/boss@acme.example, "alias/postmaster@*"]
environments:
  staging:
    server: {url: "http://127.0.0.1:8080", api_key: {env: MAILCOW_STAGING_KEY}}
    values: [values/staging.yaml]
    guards: {max_deletes: 1000}
  production: {}
"""


def _read(folder: Path, text: str) -> Project:
    file = folder / "reconciler.yaml"
    file.write_text(text, encoding="utf-8")
    return read_project(Source("reconciler.yaml", file))


def test_everything_it_can_say_is_read(tmp_path: Path) -> None:
    settings = _read(tmp_path, FULL).settings(None)
    assert settings.manifests == (tmp_path / "mail",)
    assert settings.server.url == "https://mail.acme.example"
    assert settings.server.ca_file == tmp_path / "ca.pem"
    assert (settings.server.timeout, settings.server.connect_timeout, settings.server.parallelism) == (300, 10, 8)
    assert settings.server.version == Version(2026, 7, "a")
    assert settings.guards == GuardSettings(
        deletes=3,
        delete_percent=5,
        delete_bytes=2 * 1024**3,
        changes=400,
        recent_days=90,
        protect=("mailbox/boss@acme.example", "alias/postmaster@*"),
    )
    assert settings.prune == (
        PruneRule("alias", ("*.acme.example",)),
        PruneRule("bcc_map", ("*.acme.example",)),
        PruneRule("alias", ("*",)),
    )


def test_an_environment_lies_on_top_of_what_is_common(tmp_path: Path) -> None:
    settings = _read(tmp_path, FULL).settings("staging")
    assert settings.server.url == "http://127.0.0.1:8080"
    assert settings.server.key_variable == "MAILCOW_STAGING_KEY"
    assert settings.server.parallelism == 8
    assert settings.values == (tmp_path / "values/common.yaml", tmp_path / "values/staging.yaml")
    assert (settings.guards.deletes, settings.guards.changes) == (1000, 400)
    assert settings.manifests == (tmp_path / "mail",)


def test_an_environment_can_switch_off_what_prunes_elsewhere(tmp_path: Path) -> None:
    project = _read(tmp_path, f"{FULL}  careful: {{prune: []}}\n  strict: {{prune: [{{kinds: [domains]}}]}}\n")
    assert project.settings("staging").prune == project.settings(None).prune
    assert project.settings("careful").prune == ()
    assert project.settings("strict").prune == (PruneRule("domain", ("*",)),)


def test_an_unknown_environment_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        _read(tmp_path, FULL).settings("stagging")
    assert caught.value.id == "environment-unknown"
    assert caught.value.hint == "did you mean `staging`?"


@pytest.mark.parametrize(
    ("text", "identifier", "place", "hint"),
    [
        ("sever: {url: x}", "field-unknown", "1:1", "did you mean `server`?"),
        ("server: {paralellism: 8}", "field-unknown", "1:10", "did you mean `parallelism`?"),
        ("server:\n  api_key: AAAA-BBBB", "secret-literal", "2", "MAILCOW_API_KEY"),
        ("server: {api_key: {env: AWS_SECRET}}", "key-variable", "1", "MAILCOW_"),
        ("server: {timeout: 30}", "duration-malformed", "1:19", "30min"),
        ("server: {parallelism: 0}", "number-out-of-range", "1:23", "from 1 to 64"),
        ("server: {parallelism: many}", "number-expected", "1:23", "whole number"),
        ("server: {url: mail.example}", "server-address-wrong", "1:15", "https://"),
        ("server: {url: [x]}", "text-expected", "1:15", "quotes"),
        ("guards: {max_delete_size: 5}", "unit-missing", "1:27", "5GiB"),
        ("prune: [{kinds: [alises]}]", "kind-unknown", "1:18", "did you mean `aliases`?"),
        ("prune: [{domains: [x]}]", "field-missing", "1:9", "kinds"),
        ("prune: {}", "list-expected", "1:8", "prune: ["),
        ("prune: [{kinds: [aliases], domains: []}]", "list-too-short", "1:37", "all domains"),
        ("environments: {a: {environments: {}}}", "field-unknown", "1:20", "it has"),
        ("environments: []", "mapping-expected", "1:15", "environments:"),
        ("manifests: mail", "list-expected", "1:12", "manifests: [mail]"),
        ("server: true", "mapping-expected", "1:9", "server: {url: ...}"),
        ("prune: [aliases]", "mapping-expected", "1:9", "write `- {...}`"),
        ("prune: [{kinds: [aliases], domain: [x]}]", "field-unknown", "1:28", "did you mean `domains`?"),
        ("[]", "project-not-a-mapping", "1:1", "write `name: value`"),
        ("", "project-empty", "", "write `{}`"),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_a_hint(
    tmp_path: Path, text: str, identifier: str, place: str, hint: str
) -> None:
    with pytest.raises(ManifestError) as caught:
        _read(tmp_path, text)
    (finding,) = caught.value.diagnostics
    assert finding.id == identifier
    assert str(finding.origin).startswith(f"reconciler.yaml:{place}" if place else "reconciler.yaml")
    assert hint in finding.hint
    assert caught.value.summary == "the project file is wrong"


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        _read(tmp_path, "a: 1\nserver: {b: 1, url: 5}\nenvironments: {x: {c: 1}}")
    assert len(caught.value.diagnostics) == 4


def test_a_secret_in_it_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        _read(tmp_path, "server: {api_key: CANARY-KEY}")
    assert "CANARY" not in repr(caught.value.diagnostics)


def test_it_is_found_upwards_but_not_above_the_repository(tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    deep = repository / "mail" / "deep"
    deep.mkdir(parents=True)
    (tmp_path / "reconciler.yaml").write_text("{}", encoding="utf-8")
    found = find_project(deep)
    assert found is not None
    assert found.path == (tmp_path / "reconciler.yaml").resolve()
    (repository / ".git").mkdir()
    assert find_project(deep) is None
    (repository / "reconciler.yaml").write_text("{}", encoding="utf-8")
    nearer = find_project(repository)
    assert nearer is not None
    assert nearer.name == "reconciler.yaml"


def test_a_project_file_with_another_ending_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / "reconciler.yml").write_text("guards: {max_deletes: 0}\n", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        find_project(tmp_path)
    assert caught.value.id == "project-misnamed"
    assert caught.value.hint == "rename it: `git mv reconciler.yml reconciler.yaml`"
    (tmp_path / "reconciler.yaml").write_text("{}", encoding="utf-8")
    assert find_project(tmp_path) is not None


@pytest.mark.parametrize("target", ["nowhere", "../other.yaml"])
def test_a_project_file_that_is_a_link_is_refused_and_not_passed_over(tmp_path: Path, target: str) -> None:
    (tmp_path / "other.yaml").write_text("guards: {max_deletes: 0}\n", encoding="utf-8")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "reconciler.yaml").symlink_to(target)
    source = find_project(folder)
    assert source is not None
    with pytest.raises(ManifestError) as caught:
        read_project(source)
    (finding,) = caught.value.diagnostics
    assert (finding.id, finding.hint) == ("file-unreadable", "links are not followed: put the file itself there")


@pytest.mark.parametrize("path", ["/etc/hostname", "../elsewhere", "link"])
def test_a_project_file_names_nothing_outside_its_folder(tmp_path: Path, path: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to("/etc")
    (project / "reconciler.yaml").write_text(f"values: [{path}]\n", encoding="utf-8")

    with pytest.raises(ManifestError) as caught:
        read_project(Source("reconciler.yaml", project / "reconciler.yaml"))

    assert [each.id for each in caught.value.diagnostics] == ["path-outside"]
