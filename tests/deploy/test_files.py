"""What stands in deploy/ and docs/going-live.md, held against the code: what they name is there, and says what they say."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from bridge.commands import CONFIG
from bridge.config.model import Server
from bridge.server import media
from bridge.server.asgi import BODY_BYTES, application
from bridge.setup.writing import PORT, SECRETS, Plan, toml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
GUIDE = (ROOT / "docs" / "going-live.md").read_text()
OUTSIDE = ("/webhooks/", "/ws/", "/media/", "/healthz")
INSIDE = ("/readyz", "/metrics")


def text(name: str) -> str:
    return (DEPLOY / name).read_text()


def uncommented(name: str) -> str:
    return "\n".join(line for line in text(name).splitlines() if not line.lstrip().startswith("#"))


def is_command(name: str) -> bool:
    return (ROOT / "bridge" / "commands" / f"{name}.py").exists()


# ---- systemd


@pytest.fixture
def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text("trunkline.service"))
    return parser


def test_the_unit_runs_what_there_is(unit: configparser.RawConfigParser) -> None:
    service = unit["Service"]
    for key, command in (("ExecStartPre", "check"), ("ExecStart", "run")):
        program, *rest = shlex.split(service[key])
        assert program.endswith("/.venv/bin/trunkline")
        assert rest == [command, "--config", "trunkline.toml"]
        assert is_command(command)
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_the_unit_drains_and_does_not_insist_on_a_wrong_config(unit: configparser.RawConfigParser) -> None:
    service = unit["Service"]
    assert int(service["TimeoutStopSec"]) > 10, "a drain may take ten seconds"
    assert "KillSignal" not in service, "SIGTERM is what drains"
    assert service["Restart"] == "always"
    assert service["RestartPreventExitStatus"] == str(CONFIG)


def test_the_unit_gives_no_more_than_is_needed(unit: configparser.RawConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] not in ("", "root")
    assert service["StateDirectoryMode"] == "0700"
    for key in ("NoNewPrivileges", "PrivateTmp", "ProtectHome", "RestrictSUIDSGID"):
        assert service[key] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert "AF_UNIX" in service["RestrictAddressFamilies"], "the control socket beside the database"


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """As it is but for the program, which isn't installed here."""
    file = tmp_path / "trunkline.service"
    file.write_text(text("trunkline.service").replace("/opt/trunkline/.venv/bin/trunkline", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", file], check=False, capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stderr.splitlines() if file.name in line]
    assert not complaints


# ---- the image


def instructions() -> list[tuple[str, str]]:
    joined = uncommented("Containerfile").replace("\\\n", " ")
    return [(w, rest) for w, _, rest in (line.partition(" ") for line in joined.splitlines() if line.strip())]


def test_the_image_copies_what_is_there_and_nothing_else() -> None:
    copied = [
        words
        for w, rest in instructions()
        if w == "COPY" and not rest.startswith("--from")
        for words in rest.split()[:-1]
    ]
    assert copied
    assert not [path for path in copied if not (ROOT / path).exists()]
    allowed = {line[1:] for line in text("Containerfile.dockerignore").splitlines() if line.startswith("!")}
    assert allowed == set(copied)
    assert "*" in text("Containerfile.dockerignore").splitlines()


def test_the_image_runs_as_nobody_and_hears_signals() -> None:
    last = dict(instructions())
    user = last["USER"].split(":")
    assert all(number.isdecimal() and number != "0" for number in user), "a name can't be checked by those who run it"
    order = [w for w, _ in instructions()]
    assert order.index("USER") < order.index("ENTRYPOINT")
    program, arguments = json.loads(last["ENTRYPOINT"]), json.loads(last["CMD"])
    assert program == ["/opt/trunkline/bin/trunkline"]
    assert arguments == ["run", "--config", "/data/trunkline.toml"]
    assert last["STOPSIGNAL"] == "SIGTERM"
    assert last["EXPOSE"] == str(Server().port) == str(PORT)


def test_the_image_looks_after_itself_without_tools() -> None:
    health = dict(instructions())["HEALTHCHECK"]
    python, flag, code = json.loads(health.partition("CMD ")[2])
    assert (python, flag) == ("/opt/trunkline/bin/python", "-c")
    compile(code, "healthcheck", "exec")
    assert f"http://127.0.0.1:{PORT}/healthz" in code
    assert "curl" not in health


def test_the_image_is_locked() -> None:
    installs = [rest for w, rest in instructions() if w == "RUN" and "pip install" in rest]
    assert len(installs) == 2
    assert "--require-hashes -r constraints.txt" in installs[0]
    assert "--no-deps --no-build-isolation ." in installs[1]
    assert re.search(r"^hatchling==", (ROOT / "constraints.txt").read_text(), re.MULTILINE), (
        "the second one builds with it"
    )
    assert "ADD" not in [w for w, _ in instructions()]


def test_compose_names_what_there_is() -> None:
    yaml = pytest.importorskip("yaml")
    services = yaml.safe_load(text("compose.yaml"))["services"]
    bridge, caddy = services["trunkline"], services["caddy"]
    assert (DEPLOY / bridge["build"]["context"] / bridge["build"]["dockerfile"]).resolve() == DEPLOY / "Containerfile"
    assert bridge["volumes"] == ["trunkline:/data"]
    assert bridge["read_only"] is True
    assert int(bridge["stop_grace_period"].removesuffix("s")) > 10
    assert caddy["environment"]["BRIDGE_UPSTREAM"] == f"trunkline:{PORT}"
    assert caddy["volumes"][0].startswith("./Caddyfile:")


def test_a_config_of_init_can_be_made_to_listen_in_a_container() -> None:
    """By the line of the guide: `sed` replaces the host that `init` writes."""
    found = re.search(r"sed trunkline -i '(s/[^']*)'", GUIDE)
    assert found is not None
    written = toml(Plan(title="x", agent_name="x", public_url="", chosen=()), "t.toml")
    _, pattern, new, _ = found[1].split("/")
    changed, count = re.subn(pattern, new, written, flags=re.MULTILINE)
    assert count == 1
    assert 'host = "0.0.0.0"' in changed


# ---- proxies


def test_the_proxies_know_the_routes() -> None:
    caddy, nginx = uncommented("Caddyfile"), uncommented("nginx.conf")
    let_in = next(line for line in caddy.splitlines() if "@outside path" in line).split()[2:]
    assert let_in == [path + ("*" if path.endswith("/") else "") for path in OUTSIDE]
    for path in OUTSIDE:
        assert re.search(rf"location (= )?{path} ", nginx), path
    for path in INSIDE:
        assert path not in nginx + caddy, "what isn't named answers 404"


def test_every_route_of_the_server_is_either_outside_or_inside() -> None:
    """A new one has to be thought about here too."""
    nobody = SimpleNamespace(channels={}, resting={})
    routes = {route.path for route in application(nobody, media.routes(nobody)).routes}  # type: ignore[arg-type]
    assert routes
    assert not [path for path in routes if not path.startswith((*OUTSIDE, *INSIDE))]


def test_the_proxies_take_what_the_bridge_takes() -> None:
    nginx = dict(re.findall(r"location (/\S+) \{(.*?)\}", uncommented("nginx.conf"), re.DOTALL))
    sizes = {path: re.search(r"client_max_body_size (\d+)m;", body) for path, body in nginx.items()}
    assert sizes["/webhooks/"] is not None
    assert int(sizes["/webhooks/"][1]) * 1024 * 1024 > BODY_BYTES
    assert sizes["/media/"] is not None
    assert int(sizes["/media/"][1]) >= 50
    caddy = [int(n) for n in re.findall(r"max_size (\d+)MB", text("Caddyfile"))]
    assert min(caddy) * 1_000_000 > BODY_BYTES
    assert max(caddy) >= 50


def test_nginx_passes_urls_as_they_came_and_upgrades_sockets() -> None:
    nginx = uncommented("nginx.conf")
    targets = re.findall(r"proxy_pass (\S+);", nginx)
    assert targets
    assert set(targets) == {f"http://127.0.0.1:{PORT}"}, "a path there would rewrite what Twilio signed"
    sockets = re.search(r"location /ws/ \{(.*?)\}", nginx, re.DOTALL)
    assert sockets is not None
    assert re.search(r"Upgrade\s+\$http_upgrade;", sockets[1])
    assert re.search(r"Connection\s+\$trunkline_connection;", sockets[1])
    assert "proxy_read_timeout 1h;" in sockets[1]
    assert nginx.count("{") == nginx.count("}")


# ---- the guide


def test_the_guide_names_commands_and_files_that_are_there() -> None:
    commands = set(re.findall(r"(?:trunkline|run) ([a-z]+) --config", GUIDE))
    assert {"init", "run", "check"} <= commands
    assert not [c for c in commands if not is_command(c)]
    linked = re.findall(r"\]\((\.\./[^)#]+)\)", GUIDE)
    assert len(linked) >= 4
    assert not [path for path in linked if not (ROOT / "docs" / path).resolve().exists()]
    assert f"{SECRETS}/" in GUIDE


def test_the_guides_contents_lead_somewhere() -> None:
    heads = {
        re.sub(r"[^a-z0-9 -]", "", h.lower()).replace(" ", "-") for h in re.findall(r"^##+ (.+)$", GUIDE, re.MULTILINE)
    }
    assert not [a for a in re.findall(r"\]\(#([^)]+)\)", GUIDE) if a not in heads]


@pytest.mark.parametrize(
    ("words", "where"),
    [
        ("the signature doesn’t fit", "adapters/twilio/channel.py"),
        ("the secret token is not this channel’s webhook_secret", "adapters/telegram/channel.py"),
        ("another program asks for this bot’s updates", "adapters/telegram/errors.py"),
        ("has no topics", "adapters/telegram/inspection.py"),
        ("may not manage topics", "adapters/telegram/inspection.py"),
        ("the group has a new id", "adapters/telegram/errors.py"),
        ("can’t listen on", "bridge/commands/run.py"),
        ("is in use by process", "bridge/store/sqlite.py"),
    ],
)
def test_the_first_days_errors_are_said_like_that(words: str, where: str) -> None:
    assert words in GUIDE
    assert words in (ROOT / where).read_text()


@pytest.mark.parametrize("code", ["21608", "21610", "30032", "30034", "572005", "572006", "63016"])
def test_the_codes_of_the_first_day_are_known(code: str) -> None:
    assert code in GUIDE
    assert f'"{code}"' in (ROOT / "adapters" / "twilio" / "errors.py").read_text()
