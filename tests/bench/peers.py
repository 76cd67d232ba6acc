"""Other tools, asked whether as many objects are as declared; each is left out where it is not on the machine.

Their work is not the same: octoDNS compares DNS records of two folders of YAML, terraform compares resources of its
own with its state file, and none of them asks a server anything. Read the ratios as orders of magnitude.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import venv
from pathlib import Path
from typing import Any, Final

from tests.bench.measure import Command

__all__ = ["octodns", "terraform"]

OCTODNS: Final = "octodns==1.22.0"
_RECORDS_PER_ZONE: Final = 200


def octodns(objects: int, folder: Path) -> Command | None:
    """A plan of octoDNS without changes, from YAML to YAML; in an environment of its own below the folder."""
    program = _installed_octodns(folder)
    if program is None:
        return None
    zones = [f"zone{number}.example." for number in range(max(1, objects // _RECORDS_PER_ZONE))]
    for side in ("declared", "live"):
        (folder / side).mkdir(parents=True)
    for number, zone in enumerate(zones):
        count = objects // len(zones) + (number < objects % len(zones))
        records = (
            f"host{each}:\n  type: A\n  ttl: 3600\n  value: 10.{number % 250}.{each // 250}.{each % 250 + 1}\n"
            for each in sorted(range(count), key=str)
        )
        text = "---\n" + "".join(records)
        for side in ("declared", "live"):
            (folder / side / f"{zone}yaml").write_text(text, encoding="utf-8")
    config = {
        "providers": {
            side: {
                "class": "octodns.provider.yaml.YamlProvider",
                "directory": str(folder / side),
                "enforce_order": False,
            }
            for side in ("declared", "live")
        },
        "zones": {zone: {"sources": ["declared"], "targets": ["live"]} for zone in zones},
    }
    (folder / "config.yaml").write_text(json.dumps(config), encoding="utf-8")
    words = [str(program), "--config-file", str(folder / "config.yaml"), "--quiet"]
    return Command(words, folder, {})


def _installed_octodns(folder: Path) -> Path | None:
    """The command that plans; one on the path is taken as it is."""
    there = shutil.which("octodns-sync")
    if there is not None:
        return Path(there)
    place = folder / "octodns"
    venv.create(place, with_pip=True)
    program = place / "bin" / "octodns-sync"
    words = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", OCTODNS]
    try:
        subprocess.run(words, check=True, capture_output=True, timeout=180)
    except (subprocess.SubprocessError, OSError):
        return None
    return program if program.exists() else None


def terraform(objects: int, folder: Path) -> Command | None:
    """A plan of terraform without changes, of its built-in resource, on a state written by hand."""
    program = shutil.which("terraform")
    if program is None:
        return None
    folder.mkdir(parents=True)
    inputs = [
        {"address": f"user{number}@d{number // 100}.example", "name": f"User {number}", "quota": 1024 + number % 7}
        for number in range(objects)
    ]
    declared = {f"object{number}": {"input": each} for number, each in enumerate(inputs)}
    (folder / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": declared}}), encoding="utf-8")
    state = {
        "version": 4,
        "terraform_version": _version(program),
        "serial": 1,
        "lineage": "00000000-0000-4000-8000-000000000000",
        "outputs": {},
        "resources": [_instance(number, each) for number, each in enumerate(inputs)],
        "check_results": None,
    }
    (folder / "terraform.tfstate").write_text(json.dumps(state), encoding="utf-8")
    environ = {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    subprocess.run(
        [program, "init", "-input=false"], cwd=folder, check=True, capture_output=True, env={**os.environ, **environ}
    )
    # the exit code is 0 only where nothing would change
    words = [program, "plan", "-input=false", "-no-color", "-lock=false", "-detailed-exitcode"]
    return Command(words, folder, environ)


def _instance(number: int, given: dict[str, Any]) -> dict[str, Any]:
    value = {"value": given, "type": ["object", {"address": "string", "name": "string", "quota": "number"}]}
    attributes = {"id": f"id-{number}", "input": value, "output": value, "triggers_replace": None}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": f"object{number}",
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes, "sensitive_attributes": []}],
    }


def _version(program: str) -> str:
    told = subprocess.run([program, "version", "-json"], check=True, capture_output=True).stdout
    return str(json.loads(told)["terraform_version"])
