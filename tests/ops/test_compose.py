"""docker-compose.yml against the Compose specification, and against the code that its commands and values reach."""

import importlib
import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml
from django.core.management import get_commands

from arena.common.queue import DOORBELLS
from arena.config.env import read_environment
from ops.parts import beat, web, workers
from tests.observatory import Answer, score

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("preference-arena")}
REQUIRED = re.compile(r"\$\{(\w+):\?")
# Read by libraries, not by our settings.
LIBRARIES = {"AWS_DEFAULT_REGION", "MALLOC_ARENA_MAX"}


def command(service):
    """The words of a service's command; a worker's without its `celery` is the image's own."""
    if "command" in service:
        return shlex.split(service["command"])
    line = re.search(r"^CMD (\[.*?\])$", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    return json.loads(line[1].replace("\\\n", ""))


def test_the_file_follows_the_compose_specification():
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.Draft7Validator(json.loads(schema.read_text())).validate(COMPOSE)


def test_every_part_of_the_production_shape_is_there():
    parts = {"proxy", "web", "sockets", "worker-streams", "worker-cpu", "worker-periodic", "beat", "migrate"}
    assert parts | {"postgres", "valkey", "storage", "bucket"} == set(SERVICES)


def test_what_a_service_waits_for_exists_and_can_be_waited_for():
    for service in SERVICES.values():
        needed = service.get("depends_on", {})
        for name in needed:
            assert name in SERVICES
            if isinstance(needed, dict) and needed[name]["condition"] == "service_healthy":
                assert SERVICES[name].get("healthcheck") or name in ("web", "sockets")


def test_networks_and_volumes_are_declared():
    for service in SERVICES.values():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert source in COMPOSE["volumes"] or (ROOT / source).exists()


def test_state_cannot_be_reached_from_outside():
    assert COMPOSE["networks"]["state"]["internal"] is True
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    for name in ("postgres", "valkey", "storage"):
        assert SERVICES[name]["networks"] == ["state"]


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_services_run_without_privileges(name):
    service = OURS[name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_every_queue_has_a_worker_and_every_worker_a_queue():
    served = {words[words.index("-Q") + 1] for words in map(command, OURS.values()) if "-Q" in words}
    assert served == {doorbell.queue for doorbell in DOORBELLS.values()}


@pytest.mark.parametrize("part", workers(), ids=lambda part: part.name)
def test_a_worker_runs_as_in_the_demo(part):
    ours = list(part.argv[part.argv.index("-A") :])
    deployed = command(SERVICES[part.log])
    assert sorted(deployed[1:]) == sorted(ours)


def test_beat_runs_as_in_the_demo_but_for_its_folder():
    ours = [word for word in beat(Path("/tmp")).argv[3:] if "schedule" not in word]
    assert [word for word in command(SERVICES["beat"])[1:] if "schedule" not in word] == ours


def test_the_web_server_runs_as_in_the_demo_but_for_its_address_and_patience():
    def options(words):
        words = list(words[words.index("uvicorn") :])
        for name in ("--host", "--port", "--timeout-graceful-shutdown"):
            del words[words.index(name) : words.index(name) + 2]
        return words

    assert options(command(SERVICES["web"])) == options(list(web(8000).argv))
    assert command(SERVICES["sockets"]) == command(SERVICES["web"])


def test_the_import_path_of_every_command_leads_somewhere():
    module, _sep, name = "arena.config.asgi:application".partition(":")
    assert hasattr(importlib.import_module(module), name)
    celery = importlib.import_module("workers.app")
    assert celery.app.main == "arena"
    assert importlib.util.find_spec("ops.bucket")
    assert importlib.util.find_spec("ops.healthcheck")


def test_the_management_commands_exist():
    used = re.findall(r"manage\.py (\w+)", (ROOT / "docker-compose.yml").read_text())
    assert used
    assert set(used) <= set(get_commands())


@pytest.mark.parametrize("name", sorted(OURS))
def test_every_variable_of_a_service_is_read_by_the_settings(name):
    read = read_environment().names
    assert set(OURS[name]["environment"]) <= read | {f"{one}_FILE" for one in read} | LIBRARIES


def test_the_image_sets_no_variable_that_nobody_reads():
    block = re.search(r"^ENV (.*?)\n[A-Z]", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)[1]
    names = {name for name in re.findall(r"(\w+)=", block) if name.startswith("ARENA_")}
    assert names <= read_environment().names


SECRETS = {"ARENA_SECRET_KEY", "POSTGRES_PASSWORD", "VALKEY_PASSWORD", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}


def test_no_secret_has_a_default():
    text = (ROOT / "docker-compose.yml").read_text()
    assert set(REQUIRED.findall(text)) == SECRETS | {"ARENA_HOST", "ARENA_CONTACT"}
    for name in SECRETS:
        assert not re.search(rf"\$\{{{name}(?!:\?)", text), f"{name} can be left out"
        assert not re.search(rf"^\s+{name}: (?!\$)", text, re.MULTILINE), f"{name} has a literal value"


def test_the_example_names_every_variable_and_gives_no_secret():
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    used = set(re.findall(r"\$\{(\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert set(pairs) == used - {"ARENA_VERSION"}
    assert not any(pairs.values())


def test_the_proxy_is_trusted_by_the_address_it_has():
    address = SERVICES["proxy"]["networks"]["edge"]["ipv4_address"]
    assert all(service["environment"]["ARENA_TRUSTED_PROXIES"] == address for service in OURS.values())


def test_the_proxy_speaks_to_the_port_of_the_web_server():
    words = command(SERVICES["web"])
    port = words[words.index("--port") + 1]
    assert f"reverse_proxy web:{port}" in (ROOT / "ops" / "proxy" / "Caddyfile").read_text()


def test_what_the_proxy_says_itself_carries_good_headers_and_what_it_passes_on_a_new_request_id():
    text = (ROOT / "ops" / "proxy" / "Caddyfile").read_text()
    block = re.search(r"handle_errors \{\s*header \{(.*?)\}", text, re.DOTALL)[1]
    headers = {
        name.lower(): value.strip('"') for name, value in re.findall(r"^\s*([A-Z][\w-]+) (.+)$", block, re.MULTILINE)
    }
    assert score(Answer(headers)) >= 105
    assert "error @inside 404" in text
    assert "header_up X-Request-ID {http.request.uuid}" in text


def test_the_deployment_checks_find_nothing_in_the_shipped_environment():
    """As `migrate` does before anything starts: the environment of the file, with random secrets in its gaps."""
    given = {"ARENA_HOST": "arena.example.org", "ARENA_CONTACT": "mailto:team@example.org"}
    shipped = {name: str(value) for name, value in OURS["web"]["environment"].items()}

    def fill(match):
        return given.get(match[1]) or (secrets.token_urlsafe(50) if match[2].startswith(":?") else "")

    env = {name: re.sub(r"\$\{(\w+)(:[?-][^}]*)\}", fill, value) for name, value in shipped.items()}
    env |= {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "arena.config.settings"}
    command_line = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command_line, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert "no issues" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0
