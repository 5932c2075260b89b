"""The specification's own library for Node verifies what we sign, and we verify what it signs. It is installed for the test, into
a folder of the test's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from adapters.webhook.channel import WebhookChannel
from adapters.webhook.outbound import body as body_of
from adapters.webhook.settings import key_of
from adapters.webhook.signature import headers
from bridge.channel import Events, Forged, Request
from tests.adapters.webhook.stand import RECORD, SECRET, HookPort, Links, settings

pytestmark = pytest.mark.slow
PACKAGE = "standardwebhooks@1"
SCRIPT = """
const { Webhook } = require("standardwebhooks");
const asked = JSON.parse(require("fs").readFileSync(0, "utf8"));
const hook = new Webhook(asked.secret);
if (asked.headers) {
    try {
        console.log(JSON.stringify({ value: hook.verify(asked.body, asked.headers) }));
    } catch (error) {
        console.log(JSON.stringify({ error: error.message }));
    }
} else {
    console.log(JSON.stringify({ signature: hook.sign(asked.id, new Date(asked.at * 1000), asked.body) }));
}
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which Node finds the library; skips where there is none to be had."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not here")
    folder = tmp_path_factory.mktemp("node")
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", PACKAGE]
    try:
        done = subprocess.run(install, cwd=folder, capture_output=True, text=True, check=False, timeout=90)
    except subprocess.TimeoutExpired:
        pytest.skip("npm got no answer from its registry")
    if done.returncode:
        pytest.skip(f"npm can't install {PACKAGE}: {done.stderr.strip()[-200:]}")
    (folder / "judge.js").write_text(SCRIPT)
    return folder


def asked(node: Path, **question: Any) -> dict[str, Any]:
    command = ["node", "judge.js"]
    question = {"secret": SECRET} | question
    done = subprocess.run(
        command, cwd=node, input=json.dumps(question), capture_output=True, text=True, check=True, timeout=30
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_it_verifies_what_we_send(node: Path) -> None:
    body = body_of(RECORD, Links().link)
    signed = headers([key_of(s) for s in settings().secret], "c1-3", time.time(), body)
    assert asked(node, headers=signed, body=body.decode())["value"] == json.loads(body)
    tampered = body.decode().replace("Ana", "Eve")
    assert asked(node, headers=signed, body=tampered)["error"] == "No matching signature found"
    other = "whsec_" + b64encode(b"x" * 32).decode()
    assert asked(node, secret=other, headers=signed, body=body.decode())["error"] == "No matching signature found"


def test_we_verify_what_it_signs(node: Path) -> None:
    channel = WebhookChannel(settings(), HookPort())  # type: ignore[arg-type]
    body = json.dumps({"type": "message.send", "data": {"conversation": "c1", "text": "Grüße 👋"}}, ensure_ascii=False)
    now = int(time.time())
    signature = asked(node, id="msg_1", at=now, body=body)["signature"]
    signed = {"webhook-id": "msg_1", "webhook-timestamp": str(now), "webhook-signature": signature}
    request = Request(method="POST", rest="", headers=signed, body=body.encode(), at=time.time())
    assert isinstance(channel.receive(request), Events)
    request = Request(method="POST", rest="", headers=signed, body=body.encode() + b" ", at=time.time())
    assert isinstance(channel.receive(request), Forged)
