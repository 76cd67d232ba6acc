from __future__ import annotations

import json
import os
import stat
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from reconciler.cli.session import Session
from reconciler.cli.surroundings import Surroundings
from reconciler.errors import UsageError
from reconciler.flow import Inputs, PlanRequest, Server
from reconciler.manifest.project import GuardSettings
from reconciler.model.focus import Focus
from reconciler.render.plan_reading import plan_from_text
from tests.cli.conftest import CLOCK, Runner
from tests.render import samples


def _request(run: Runner, *typed: str) -> PlanRequest:
    assert run("plan", *typed).code == 0
    request = run.pipeline.asked[-1][1]
    assert isinstance(request, PlanRequest)
    return request


def _server(request: PlanRequest) -> Server:
    assert isinstance(request.server, Server)
    return request.server


def _project(run: Runner, text: str) -> None:
    (run.folder / "reconciler.yaml").write_text(text, encoding="utf-8")


PROJECT = """\
manifests: [mail]
values: [values.yaml]
server: {url: "https://project.example", parallelism: 3, ca_file: project.pem}
guards: {max_deletes: 3}
prune: [{kinds: [aliases]}]
environments:
  staging:
    server: {url: "https://staging.example", api_key: {env: MAILCOW_STAGING_KEY}}
"""


def test_the_flag_wins_over_the_environment_and_that_over_the_project_file(run: Runner) -> None:
    _project(run, PROJECT)
    assert _request(run, "--url", "https://flag.example").server.url == "https://flag.example"
    assert _request(run).server.url == "https://mail.acme.example"
    del run.environ["MAILCOW_URL"]
    assert _request(run).server.url == "https://project.example"


def test_an_environment_of_the_project_brings_its_own_server_and_key(run: Runner) -> None:
    _project(run, PROJECT)
    run.environ = {"MAILCOW_STAGING_KEY": "CCCC", "MAILCOW_API_KEY": "DDDD", "OTHER": "x"}
    request = _request(run, "--env", "staging")
    assert request.server.url == "https://staging.example"
    assert _server(request).key.reveal() == "CCCC"


def test_an_environment_is_not_taken_to_the_server_a_variable_was_left_for(run: Runner) -> None:
    _project(run, PROJECT)
    run.environ["MAILCOW_STAGING_KEY"] = "CCCC"
    ended = run("plan", "mail", "--env", "staging")
    assert (ended.code, run.pipeline.asked) == (64, [])
    assert "error[server-ambiguous]" in ended.err
    assert _request(run, "--env", "staging", "--url", "https://flag.example").server.url == "https://flag.example"
    run.environ["MAILCOW_URL"] = "https://Staging.example:443/"
    assert _request(run, "--env", "staging").server.url == "https://Staging.example:443/"


def test_keys_are_no_source_of_other_secrets_and_print_as_a_mask(run: Runner) -> None:
    run.environ["SMTP_ACME"] = "hunter2"
    request = _request(run, "mail")
    assert request.inputs.environ["SMTP_ACME"] == "hunter2"
    assert "MAILCOW_API_KEY" not in request.inputs.environ
    assert "AAAA-BBBB" not in repr(request)
    assert "hunter2" not in repr(request)


def test_what_the_project_says_reaches_the_pipeline(run: Runner) -> None:
    _project(run, PROJECT)
    request = _request(run, "--values", "more.yaml", "--allow-deletes", "7", "--ca-file", "flag.pem")
    assert request.inputs.paths == (str(run.folder / "mail"),)
    assert request.inputs.values == (run.folder / "values.yaml", run.folder / "more.yaml")
    assert request.limits == GuardSettings(deletes=7)
    assert request.prune[0].kind == "alias"
    assert _server(request).settings.parallelism == 3
    assert _server(request).settings.ca_file == run.folder / "flag.pem"


def test_what_was_typed_reaches_the_pipeline(run: Runner) -> None:
    typed = "a b --domain *.acme.example --set x=1 --set-string y=2 --resend mailbox/* --skip-unsupported --no-cache"
    more = "--target mailbox/* --insecure-http --allow-delete mailbox/a --allow-delete-kind mailbox --parallelism 9"
    request = _request(run, *typed.split(), *more.split())
    assert request.inputs.paths == ("a", "b")
    assert request.inputs.settings == ("x=1",)
    assert request.inputs.texts == ("y=2",)
    assert request.inputs.cache is None
    assert request.focus == Focus(("*.acme.example",), ("mailbox/*",))
    assert request.resend == ("mailbox/*",)
    assert request.skip_unsupported
    assert _server(request).allow_plain_http
    assert request.allowed_deletes == ("mailbox/a",)
    assert request.allowed_kinds == ("mailbox",)
    assert _server(request).settings.parallelism == 9


def test_a_prune_scope_without_its_domain_is_not_one_of_all_domains(run: Runner) -> None:
    ended = run("plan", "mail", "--prune", "alias:")
    assert (ended.code, run.pipeline.asked) == (64, [])
    assert "error[prune-malformed]" in ended.err
    assert "`--prune alias`" in ended.err


@pytest.mark.parametrize("pattern", ["acme.example,other.example", "*@acme.example"])
def test_a_prune_scope_that_no_domain_can_be_in_is_refused(run: Runner, pattern: str) -> None:
    ended = run("plan", "mail", "--prune", f"alias:{pattern}")
    assert (ended.code, run.pipeline.asked) == (64, [])
    assert "error[prune-malformed]" in ended.err


@pytest.mark.parametrize(
    ("missing", "identifier"), [("MAILCOW_URL", "server-missing"), ("MAILCOW_API_KEY", "api-key-missing")]
)
def test_a_missing_server_or_key_is_told_with_every_way_to_give_it(run: Runner, missing: str, identifier: str) -> None:
    del run.environ[missing]
    ended = run("plan", "mail")
    assert ended.code == 64
    assert f"error[{identifier}]" in ended.err
    assert missing in ended.err


def test_a_project_whose_environments_have_the_servers_names_them(run: Runner) -> None:
    del run.environ["MAILCOW_URL"]
    _project(run, "environments: {live: {server: {url: 'https://a.example'}}, test: {}}")
    assert "name an environment (`--env live`, `--env test`), pass" in run("plan", "mail").err
    assert "name an environment" not in run("plan", "mail", "--env", "test").err


def test_a_wrong_project_file_is_told_before_anything_else(run: Runner) -> None:
    _project(run, "sever: {}")
    ended = run("plan", "mail")
    assert ended.code == 3
    assert "reconciler.yaml:1:1" in ended.err
    assert run.pipeline.asked == []


def test_a_plan_is_data_and_its_calls_stand_before_the_last_line(run: Runner) -> None:
    ended = run("plan", "mail", "--show-calls")
    assert "POST add/alias" in ended.out
    assert ended.out.splitlines()[-1].startswith("Plan: 1 to create")
    assert ended.err == ""


def test_a_plan_as_json_is_read_back_and_has_calls_where_asked(run: Runner) -> None:
    ended = run("plan", "mail", "--format", "json", "--show-calls")
    assert plan_from_text(ended.out) == run.pipeline.plan_made
    assert len(json.loads(ended.out)["calls"]) == 3
    assert "calls" not in json.loads(run("plan", "mail", "--format", "json").out)


def test_a_plan_as_markdown_has_its_calls_folded(run: Runner) -> None:
    ended = run("plan", "mail", "--format", "markdown", "--show-calls")
    assert ended.out.startswith("### Plan: ")
    assert "POST add/alias" in ended.out


def test_where_a_comment_would_hold_the_plan_it_holds_why_there_is_none(run: Runner) -> None:
    run.pipeline.failure = UsageError("the moon is in the wrong place", id="impossible", hint="wait")
    ended = run("plan", "mail", "--format", "markdown")
    assert ended.out.startswith("### No plan: the moon is in the wrong place\n")
    assert "hint: wait" in ended.out
    assert "error[impossible]" in ended.err


@pytest.mark.parametrize("words", [(), ("--format", "json"), ("--format", "markdown"), ("--out", "plan.json")])
def test_the_calls_of_a_plan_are_worked_out_only_where_they_are_shown(run: Runner, words: tuple[str, ...]) -> None:
    run("plan", "mail", *words)
    run("plan", "mail", *words, "--show-calls")
    run("apply", "mail", "--auto-approve")
    asked = [request.calls for what, request, *_ in run.pipeline.asked if what == "plan"]
    assert asked == [False, True, True]


def test_a_kept_plan_is_whole_and_for_its_owner_only(run: Runner) -> None:
    ended = run("plan", "mail", "--out", "plan.json")
    file = run.folder / "plan.json"
    assert plan_from_text(file.read_text(encoding="utf-8")) == run.pipeline.plan_made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Kept in plan.json" in ended.err
    assert [each.name for each in run.folder.iterdir() if "plan" in each.name] == ["plan.json"]


def test_a_plan_that_cannot_be_kept_is_told(run: Runner) -> None:
    ended = run("plan", "mail", "--out", "nowhere/plan.json")
    assert ended.code == 64
    assert "error[file-unusable]" in ended.err


def test_quiet_leaves_warnings_and_the_last_line(run: Runner) -> None:
    *warned, last = run("plan", "mail", "-q").out.splitlines()
    assert last.startswith("Plan: 1 to create")
    assert warned[0].startswith("warning[")


def test_verbose_tells_each_call_and_where_an_error_came_from(run: Runner) -> None:
    ended = run("apply", "mail", "--auto-approve", "-v")
    assert ended.err.splitlines()[0] == "done    call 1 edit/relayhost in 0.100 s"
    run.pipeline.failure = UsageError("impossible", id="impossible")
    assert "Traceback" in run("plan", "mail", "-v").err
    assert "Traceback" not in run("plan", "mail").err


def test_profile_says_where_the_time_went(run: Runner) -> None:
    assert "reading" in run("plan", "mail", "--profile").err
    assert "reading" in run("apply", "mail", "--auto-approve", "--profile").err


def test_validate_counts(run: Runner) -> None:
    ended = run("validate", "mail")
    assert (ended.out, ended.err) == ("Valid: 14 resources in 3 files\n", "")
    document = json.loads(run("validate", "mail", "--format", "json").out)
    assert (document["valid"], document["diagnostics"], document["files"]) == (True, [], 3)


def test_standard_input_is_there_to_be_read(run: Runner) -> None:
    run.typed_in = "domains: []"
    assert run("validate", "-").code == 0
    assert run.pipeline.read == b"domains: []"


def test_validate_needs_no_server(run: Runner) -> None:
    run.environ = {}
    assert run("validate", "mail").code == 0
    assert isinstance(run.pipeline.asked[0][1], Inputs)


def test_apply_asks_on_a_terminal_and_takes_only_the_whole_word(run: Runner) -> None:
    run.on_terminal = True
    run.typed_in = "y\n"
    ended = run("apply", "mail")
    assert ended.code == 5
    assert "Carry out 5 changes on https://mail.acme.example" in ended.err
    assert [asked[0] for asked in run.pipeline.asked] == ["plan"]
    run.typed_in = "yes\n"
    assert run("apply", "mail").code == 0
    assert run.pipeline.asked[-1][0] == "apply"


def test_the_end_of_input_is_no_approval(run: Runner) -> None:
    run.on_terminal = True
    assert run("apply", "mail").code == 5


def test_apply_without_a_terminal_refuses_before_it_reads_anything(run: Runner) -> None:
    ended = run("apply", "mail")
    assert ended.code == 64
    assert "--auto-approve" in ended.err
    assert run.pipeline.asked == []


def test_apply_shows_the_plan_each_change_and_the_report(run: Runner) -> None:
    ended = run("apply", "mail", "--auto-approve")
    assert ended.code == 0
    assert ended.out.index("Plan: ") < ended.out.index("Converged") < ended.out.index("Apply: 1 done")
    assert ended.err == "done    mailbox/anna@acme.example\n"


def test_an_empty_plan_is_not_applied(run: Runner) -> None:
    run.pipeline.plan_made = samples.EMPTY
    ended = run("apply", "mail", "--auto-approve")
    assert ended.code == 0
    assert [asked[0] for asked in run.pipeline.asked] == ["plan", "remember"]


def test_apply_for_machines_is_one_document_a_line(run: Runner) -> None:
    ended = run("apply", "mail", "--auto-approve", "--format", "json", "--show-calls")
    documents = [json.loads(line) for line in ended.out.splitlines()]
    assert [document["type"] for document in documents] == ["plan", "call_ended", "change_ended", "report"]
    assert all(document["format_version"] == "1.0" for document in documents)
    assert plan_from_text(json.dumps(documents[0])) == run.pipeline.plan_made
    assert len(documents[0]["calls"]) == 3


def test_export_writes_a_folder_and_replaces_nothing_unasked(run: Runner) -> None:
    ended = run("export", "--out", "live", "--domain", "acme.example", "--all-fields")
    file = run.folder / "live" / "domains" / "acme.example.yaml"
    assert ended.out == "Exported: 1 file in live\n"
    assert "warning[domain-without-postmaster]" in ended.err
    assert file.read_text(encoding="utf-8") == "domains: []\n"
    _, server, domains, every_field = run.pipeline.asked[0]
    assert isinstance(server, Server)
    assert (domains, every_field) == (("acme.example",), True)
    file.write_text("mine", encoding="utf-8")
    again = run("export", "--out", "live")
    assert again.code == 64
    assert "error[file-exists]" in again.err
    assert file.read_text(encoding="utf-8") == "mine"
    assert run("export", "--out", "live", "--overwrite", "--format", "json").code == 0
    assert file.read_text(encoding="utf-8") == "domains: []\n"


def test_a_server_cannot_name_a_file_outside_the_folder(run: Runner) -> None:
    run.pipeline.exported = {"../outside.yaml": "x"}
    assert run("export", "--out", "live").code == 1
    assert not (run.folder / "outside.yaml").exists()


def test_a_snapshot_is_kept_for_its_owner_alone_and_planned_against_without_a_key(run: Runner) -> None:
    taken = run("snapshot", "--out", "live.json")
    assert (taken.code, taken.out) == (0, "")
    assert "Kept 31 answers in live.json" in taken.err
    assert stat.S_IMODE((run.folder / "live.json").stat().st_mode) == 0o600
    run.environ = {}
    assert run("plan", "mail", "--live", "live.json").code == 0
    assert run.pipeline.asked[-1][1].server.answers == {"snapshot": "{}\n"}


def test_schemas_are_printed_by_name_or_written_together(run: Runner) -> None:
    assert json.loads(run("schema").out) == {"type": "object"}
    assert json.loads(run("schema", "plan").out)["title"].startswith("A plan")
    run("schema", "--out", "schemas")
    assert sorted(file.name for file in (run.folder / "schemas").iterdir()) == [
        "manifest.schema.json",
        "plan.schema.json",
    ]
    assert "there is: manifest, plan" in run("schema", "other").err


def test_a_reader_that_has_gone_does_not_end_the_run(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w", encoding="utf-8") as gone:
        session = Session(Surroundings(TextIOWrapper(BytesIO()), gone, gone, tmp_path, {}, CLOCK))
        session.give("data\n")
        session.say("talk\n")
