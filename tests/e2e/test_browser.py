"""The sandbox's page in a real browser: what a person types on one side is read on the other, whatever breaks between."""

from __future__ import annotations

import json
import os
import re
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.rig import Process

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Playwright

pytestmark = [pytest.mark.slow, pytest.mark.browser]
ARGS = "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
SLOW_MS = 30_000
READY = "performance.getEntriesByName('trunkline-ready').length > 0"


def chromium() -> str | None:
    named = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    return named if Path(named).exists() else shutil.which("chromium")


def picture(width: int, height: int) -> bytes:
    """A PNG; each size is another file."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes(v for x in range(width) for v in (x, y, 128)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="the browser test needs playwright")
    with sync_api.sync_playwright() as running:
        sync_api.expect.set_options(timeout=SLOW_MS)
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    path = chromium()
    if path is None:
        reason = "no Chromium: install one, or name yours in CHROMIUM"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    running = playwright.chromium.launch(executable_path=path, args=ARGS.split())
    yield running
    running.close()


def sandbox(folder: Path, port: int = 0, *more: str) -> Process:
    args = ["-m", "bridge", "sandbox", "--no-browser", "--data", str(folder / "data"), "--port", str(port), *more]
    process = Process("sandbox", args, folder)
    process.start()
    return process


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    process = sandbox(tmp_path_factory.mktemp("sandbox"))
    yield process
    assert process.stop() == 0


@dataclass
class Stage:
    """The page, and what went wrong on it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._complained)
        self.page.on("pageerror", lambda e: self.errors.append(str(e)))
        self.page.on("request", self._asked)
        self.page.set_default_timeout(SLOW_MS)

    def _complained(self, message: Any) -> None:
        """A socket that finds no bridge comes back: that the browser says so is no fault of the page."""
        if message.type == "error" and "WebSocket connection to" not in message.text:
            self.errors.append(message.text)

    def _asked(self, request: Any) -> None:
        bridge = request.url.startswith("http://127.0.0.1:") and "/media/" in request.url
        if not bridge and not request.url.startswith((self.url, "data:", f"blob:{self.url}")):
            self.foreign.append(request.url)

    def open(self) -> Stage:
        self.page.goto(self.url)
        self.page.wait_for_function(READY)
        return self

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(name)

    @property
    def phone(self) -> Locator:
        return self.part("phone-messages").locator("article")

    @property
    def topic(self) -> Locator:
        return self.part("topic-messages").locator("article")

    def customer(self, name: str, network: str = "SMS") -> str:
        """A new customer with an own phone, opened."""
        self.page.locator("#new-customer").click()
        self.part("new-name").fill(name)
        self.page.get_by_role("radio", name=network).check()
        self.part("new-add").click()
        expect(self.page.locator("#phone-name")).to_have_text(name)
        return name

    def writes(self, text: str) -> None:
        self.part("phone-input").fill(text)
        self.part("phone-input").press("Enter")

    def answers(self, text: str) -> None:
        self.part("topic-input").fill(text)
        self.part("topic-input").press("Enter")

    @property
    def desk(self) -> Locator:
        return self.part("desk-messages").locator("article")

    def leg(self, name: str) -> None:
        self.page.locator(f"#{name}-tab").click()

    def at_the_desk(self, title: str) -> None:
        """The console, with the conversation of this title."""
        self.leg("console")
        self.page.locator("#desk").get_by_role("option", name=title).click()

    def posted(self, kind: str, text: str) -> Locator:
        """What the receiver's panel shows of a request."""
        return self.part("posts").locator(".post", has_text=kind).filter(has_text=text)

    def posts(self, text: str, into: str) -> None:
        self.part("post-into").select_option(label=into)
        self.part("post-text").fill(text)
        self.part("post-text").press("Enter")

    def told(self, text: str) -> Locator:
        return self.topic.filter(has_text=text)

    def heard(self, text: str) -> Locator:
        return self.phone.filter(has_text=text)

    def switch(self, fault: str) -> None:
        self.part("faults").click()
        self.part(f"fault-{fault}").click()
        self.page.keyboard.press("Escape")


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as real

    return real(locator)


def stage_of(browser: Browser, url: str, **how: Any) -> Iterator[Stage]:
    context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, **how})
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    stage = Stage(context.new_page(), url)
    yield stage
    context.close()
    assert stage.foreign == [], "the page asked another host"
    assert stage.errors == [], "the console has errors"


@pytest.fixture
def stage(browser: Browser, running: Process) -> Iterator[Stage]:
    for stage in stage_of(browser, running.url):
        yield stage.open()


def test_the_empty_stage_says_what_to_do_and_does_it(stage: Stage) -> None:
    stage.part("start").click()
    expect(stage.told("Has my order left yet?")).to_have_count(1)
    expect(stage.part("start")).to_be_hidden()


def test_a_text_goes_there_and_back(stage: Stage) -> None:
    stage.customer("Dora")
    stage.writes("Is the shop open?")
    expect(stage.told("Is the shop open?")).to_have_count(1)
    expect(stage.heard("Is the shop open?")).to_contain_text("Delivered")
    stage.answers("Until six.")
    expect(stage.heard("Until six.")).to_have_count(1)
    expect(stage.page.locator("#bridge-relayed")).to_contain_text(re.compile(r"^[1-9]\d* relayed"))
    expect(stage.page.locator("#waiting")).to_have_text("0 waiting")


def test_whatsapp_has_ticks_that_turn_blue(stage: Stage) -> None:
    stage.customer("Emil", "WhatsApp")
    stage.writes("Do you deliver?")
    mine = stage.heard("Do you deliver?")
    expect(mine.get_by_role("img", name="Delivered")).to_be_visible()
    stage.answers("We do.")
    expect(mine.get_by_role("img", name="Read")).to_be_visible()
    grey, blue = (
        stage.page.evaluate(f"getComputedStyle(document.querySelector('{one}')).color")
        for one in ("#phone-messages .meta", '#phone-messages [data-status="read"] .meta .icon')
    )
    assert grey != blue
    stage.part("phone-input").click()
    expect(stage.part("wire").get_by_text("onDeliveryUpdated").first).to_be_visible()


def loaded(place: Locator) -> None:
    image = place.locator("img").first
    expect(image).to_be_visible()
    page = place.page
    page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())


def test_pictures_travel_both_ways(stage: Stage) -> None:
    stage.customer("Fay", "WhatsApp")
    stage.part("phone-file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": picture(64, 40)})
    stage.writes("Is it this one?")
    loaded(stage.told("Is it this one?"))
    drop = """([bytes, type]) => {
        const data = new DataTransfer();
        data.items.add(new File([new Uint8Array(bytes)], "b.png", { type }));
        return data;
    }"""
    data = stage.page.evaluate_handle(drop, [list(picture(50, 50)), "image/png"])
    for event in ("dragover", "drop"):
        stage.part("topic-messages").dispatch_event(event, {"dataTransfer": data})
    stage.answers("No, this one.")
    expect(stage.heard("No, this one.")).to_have_count(1)
    loaded(stage.phone.and_(stage.page.locator(".theirs")).filter(has=stage.page.locator("img")))


def test_what_waits_says_why_and_arrives(stage: Stage) -> None:
    stage.customer("Gus")
    stage.writes("first")
    expect(stage.told("first")).to_have_count(1)
    stage.switch("telegram-rate")
    stage.writes("in a pause")
    expect(stage.heard("in a pause")).to_contain_text(re.compile(r"Waiting: .*429.*, until \d\d:\d\d:\d\d"))
    expect(stage.page.locator("#waiting")).to_have_text("1 waiting")
    expect(stage.page.locator("#waiting-strip")).to_contain_text("SMS → telegram")
    stage.part("faults").click()
    switch = stage.part("fault-telegram-rate")
    expect(switch).to_have_attribute("aria-checked", "true")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    stage.page.keyboard.press("Escape")
    expect(stage.told("in a pause")).to_have_count(1)
    expect(stage.page.locator("#waiting-strip")).to_be_hidden()
    again = stage.part("wire").locator(".row", has_text="in a pause").filter(has_text="2nd try, waited")
    expect(again).to_be_visible()


def test_the_carrier_refuses_one_number(stage: Stage) -> None:
    stage.customer("Hal")
    stage.writes("call me")
    expect(stage.told("call me")).to_have_count(1)
    stage.switch("twilio-refuse-hal")
    stage.answers("We did")
    notice = stage.told("Not delivered:")
    expect(notice).to_contain_text("(30003)")
    expect(notice.locator("blockquote")).to_contain_text("We did")
    stage.switch("twilio-refuse-hal")
    stage.answers("And now?")
    expect(stage.heard("And now?")).to_have_count(1)
    stage.part("faults").click()
    expect(stage.page.locator(".toll")).to_contain_text("0 lost · 0 doubled")


def test_kill_9_of_the_bridge_loses_and_doubles_nothing(stage: Stage) -> None:
    stage.customer("Ida")
    stage.writes("before")
    expect(stage.told("before")).to_have_count(1)
    stage.switch("bridge-kill")
    expect(stage.page.locator("#bridge-state")).not_to_have_text("ready")
    stage.answers("while it is away")
    expect(stage.page.locator("#bridge-state")).to_have_text("ready")
    expect(stage.heard("while it is away")).to_have_count(1)
    stage.writes("after")
    expect(stage.told("after")).to_have_count(1)
    stage.part("faults").click()
    expect(stage.page.locator(".toll")).to_have_text(re.compile(r"^0 lost · 0 doubled · killed (once|\d+ times)$"))


def test_a_visitor_talks_with_every_agents_leg(stage: Stage) -> None:
    stage.customer("Mona", "Web chat")
    stage.writes("Do you ship to Oslo?")
    expect(stage.told("Do you ship to Oslo?")).to_have_count(1)
    expect(stage.heard("Do you ship to Oslo?")).to_contain_text("Sent")
    stage.answers("Within three days.")
    expect(stage.heard("Within three days.")).to_contain_text("Support")
    stage.at_the_desk("Mona · web")
    expect(stage.desk.filter(has_text="Do you ship to Oslo?")).to_have_count(1)
    stage.part("phone-input").press_sequentially("An")
    expect(stage.page.locator("#desk-typing")).to_have_text("Mona is typing…")
    stage.part("desk-input").fill("Express, too.")
    stage.part("desk-input").press("Enter")
    expect(stage.desk.filter(has_text="Express, too.")).to_contain_text("Sent")
    expect(stage.heard("Express, too.")).to_have_count(1)
    expect(stage.told("Mia (web): Express, too.")).to_have_count(1)
    stage.leg("receiver")
    created = stage.posted("message.created", "Do you ship to Oslo?")
    expect(created).to_contain_text("sig ok")
    created.locator("summary").click()
    expect(created.locator("pre")).to_contain_text('"title": "Mona · web"')
    stage.posts("Your parcel is 4711.", into="Mona · web")
    expect(stage.heard("Your parcel is 4711.")).to_have_count(1)
    expect(stage.posted("message.send", "Your parcel is 4711.")).to_contain_text("202")
    expect(stage.told("Your parcel is 4711.")).to_have_count(1)


def test_a_visitors_files_edits_and_removals(stage: Stage) -> None:
    stage.customer("Nils", "Web chat")
    stage.part("phone-file").set_input_files({"name": "d.png", "mimeType": "image/png", "buffer": picture(44, 33)})
    stage.writes("This one?")
    loaded(stage.told("This one?"))
    stage.part("topic-file").set_input_files({"name": "e.png", "mimeType": "image/png", "buffer": picture(55, 33)})
    stage.answers("No, this.")
    loaded(stage.heard("No, this."))
    stage.writes("I take tow")
    expect(stage.told("I take tow")).to_have_count(1)
    stage.part("phone-input").press("ArrowUp")
    stage.writes("I take two")
    expect(stage.told("I take two")).to_have_count(1)
    expect(stage.heard("I take two")).to_contain_text("Edited")
    mine = stage.heard("I take two")
    mine.focus()
    mine.press("Delete")
    expect(stage.told("deleted by the customer")).to_have_count(1)
    expect(stage.heard("Message removed")).to_have_count(1)


def test_kill_9_of_the_bridge_and_the_visitor_comes_back(stage: Stage) -> None:
    stage.customer("Olga", "Web chat")
    stage.writes("1 before")
    expect(stage.told("1 before")).to_have_count(1)
    stage.switch("bridge-kill")
    expect(stage.page.locator("#phone-address")).to_contain_text("reconnecting")
    stage.writes("2 while it is away")
    stage.answers("3 answered meanwhile")
    expect(stage.page.locator("#phone-address")).to_have_text("Web chat")
    expect(stage.told("2 while it is away")).to_have_count(1)
    expect(stage.heard("3 answered meanwhile")).to_have_count(1)
    stage.writes("4 after")
    expect(stage.told("4 after")).to_have_count(1)
    expect(stage.heard("4 after")).to_contain_text("Sent")
    texts = [re.sub(r"\d\d:.*", "", t) for t in stage.phone.locator(".text").all_inner_texts()]
    assert sorted(texts) == ["1 before", "2 while it is away", "3 answered meanwhile", "4 after"]
    stage.page.reload()
    stage.page.wait_for_function(READY)
    stage.page.locator("#people").get_by_role("option", name="Olga").click()
    expect(stage.phone.locator(".text")).to_have_count(4)
    stage.at_the_desk("Olga · web")
    expect(stage.desk.locator(".text")).to_have_count(4)


def test_the_receiver_writes_first(stage: Stage) -> None:
    stage.page.locator("#people").get_by_role("option", name="Cy").click()
    stage.customer("Pia")
    address = (stage.page.locator("#phone-address").text_content() or "").split(" · ")[1]
    stage.leg("receiver")
    stage.part("post-into").select_option(label="Write first…")
    stage.part("post-to").fill(address)
    stage.posts("Your table is free now.", into="Write first…")
    expect(stage.heard("Your table is free now.")).to_have_count(1)
    stage.part("post-to").fill("nobody")
    stage.posts("To whom?", into="Write first…")
    expect(stage.page.locator("#post-answer")).not_to_be_empty()
    expect(stage.part("post-text")).to_have_value("To whom?")
    stage.errors = [e for e in stage.errors if "400" not in e]


def test_a_frame_stands_on_the_wire_without_its_token(stage: Stage) -> None:
    stage.page.locator("#wire-text").fill("web hello vera")
    rows = stage.part("wire").locator(".row")
    expect(rows).to_have_count(1)
    rows.click()
    detail = stage.page.locator("#detail")
    expect(detail).to_contain_text("frame from Vera")
    expect(detail).to_contain_text('"token": "•••"')
    assert "eyJ" not in stage.page.content()


def test_an_event_opens_and_filters(stage: Stage) -> None:
    stage.customer("Jo")
    stage.writes("look for me")
    expect(stage.told("look for me")).to_have_count(1)
    stage.page.locator("#wire-text").fill("onMessageAdded look")
    rows = stage.part("wire").locator(".row")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("sig ok")
    rows.click()
    detail = stage.page.locator("#detail")
    expect(detail).to_contain_text("look for me")
    expect(detail).to_contain_text("signature ok")
    stage.part("copy-curl").click()
    expect(stage.part("copy-curl")).to_have_text("Copied")
    command = stage.page.evaluate("navigator.clipboard.readText()")
    assert command.startswith("curl -X POST 'http://127.0.0.1:")
    stage.page.keyboard.press("Escape")
    stage.page.locator("#wire-text").fill("")
    stage.page.locator("#wire-failures").click()
    for row in rows.all():
        assert "failed" in (row.get_attribute("class") or "")


def test_by_keyboard_alone(stage: Stage) -> None:
    keys = stage.page.keyboard
    focused = stage.page.locator(":focus")
    keys.press("n")
    expect(stage.part("new-name")).to_be_focused()
    keys.type("Kim")
    keys.press("Enter")
    expect(stage.page.locator("#phone-name")).to_have_text("Kim")
    expect(stage.part("phone-input")).to_be_focused()
    keys.type("Typed with ten fingers")
    keys.press("Enter")
    expect(stage.told("Typed with ten fingers")).to_have_count(1)
    keys.press("Escape")
    expect(stage.page.locator("#people")).to_be_focused()
    keys.press("ArrowUp")
    expect(stage.page.locator("#phone-name")).not_to_have_text("Kim")
    keys.press("ArrowDown")
    expect(stage.page.locator("#phone-name")).to_have_text("Kim")
    keys.press("3")
    expect(stage.page.locator("#topics")).to_be_focused()
    keys.press("Enter")
    expect(stage.part("topic-input")).to_be_focused()
    keys.type("Read with two eyes")
    keys.press("Enter")
    expect(stage.heard("Read with two eyes")).to_have_count(1)
    keys.press("Escape")
    keys.press("/")
    expect(stage.page.locator("#wire-text")).to_be_focused()
    keys.type("two eyes")
    keys.press("Enter")
    keys.press("ArrowDown")
    keys.press("Enter")
    expect(stage.page.locator("#detail")).to_be_visible()
    keys.press("Escape")
    expect(stage.page.locator("#detail")).to_be_hidden()
    keys.press("4")
    expect(stage.page.locator("#desk")).to_be_focused()
    keys.press("Enter")
    expect(stage.part("desk-input")).to_be_focused()
    keys.press("Escape")
    keys.press("5")
    expect(stage.part("posts")).to_be_focused()
    keys.press("?")
    expect(stage.page.get_by_role("dialog", name="Keys")).to_be_visible()
    keys.press("Escape")
    keys.press("f")
    expect(stage.part("fault-bridge-kill")).to_be_focused()
    keys.press("Tab")
    expect(focused).to_have_attribute("role", "switch")
    keys.press("Escape")
    expect(stage.page.locator("#faults-menu")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(browser: Browser, running: Process, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()

    def clean(page: Page, what: str) -> None:
        found = axe.run(page)["violations"]
        assert not found, what + json.dumps([(v["id"], [n["html"] for n in v["nodes"]]) for v in found], indent=1)

    how = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "reduced_motion": "reduce"}
    for stage in stage_of(browser, running.url, **how):
        stage.open()
        stage.writes(f"by {scheme} at {width}")
        expect(stage.told(f"by {scheme} at {width}")).to_be_attached()
        columns = ["phones", "wire", "telegram"] if width < 900 else [""]
        for column in columns:
            if column:
                stage.page.locator(f"#tab-{column}").click()
            clean(stage.page, f"{column}: ")
            if column in ("", "telegram"):
                for leg in ("console", "receiver"):
                    stage.leg(leg)
                    clean(stage.page, f"{leg}: ")
                stage.part("posts").locator("summary").first.click()
                stage.part("post-into").select_option(label="Write first…")
                clean(stage.page, "an open request: ")
            if column in ("", "wire"):
                stage.part("wire").locator(".row.call").last.click()
                expect(stage.page.locator("#detail").get_by_role("heading", name="Answer")).to_be_visible()
                clean(stage.page, "an open event: ")
        if width < 900:
            stage.page.locator("#tab-phones").click()
        stage.page.locator("#people").get_by_role("option", name="Vera").click()
        stage.writes(f"in {scheme} at {width}")
        expect(stage.heard(f"in {scheme} at {width}")).to_contain_text("Sent")
        clean(stage.page, "a web chat: ")
        stage.part("faults").click()
        clean(stage.page, "faults: ")
        stage.page.keyboard.press("Escape")
        stage.page.locator("#help").click()
        clean(stage.page, "help: ")


def test_how_soon_it_can_be_used(stage: Stage) -> None:
    """Told, not judged: the seconds of a busy machine say little."""
    stage.page.reload()
    stage.page.wait_for_function(READY)
    ms = stage.page.evaluate("performance.getEntriesByName('trunkline-ready')[0].startTime")
    print(f"the page can be used after {ms:.0f} ms")


def test_under_another_name_pictures_load_too(browser: Browser, running: Process) -> None:
    for stage in stage_of(browser, running.url.replace("127.0.0.1", "localhost")):
        stage.open()
        stage.customer("Lea")
        png = {"name": "c.png", "mimeType": "image/png", "buffer": picture(30, 30)}
        stage.part("phone-file").set_input_files(png)
        stage.writes("from localhost")
        loaded(stage.heard("from localhost"))
        loaded(stage.told("from localhost"))


def test_kill_9_of_everything_and_a_restart_go_on(browser: Browser, tmp_path: Path) -> None:
    process = sandbox(tmp_path)
    port = int(process.url.rpartition(":")[2])
    for stage in stage_of(browser, process.url):
        stage.open()
        stage.part("phone-bo").click()
        stage.writes("kept over night")
        expect(stage.told("kept over night")).to_have_count(1)
        stage.answers("kept as well")
        expect(stage.heard("kept as well")).to_have_count(1)
        process.kill()
        expect(stage.page.locator("#lost")).to_contain_text("does not answer")
        process = sandbox(tmp_path, port)
        assert process.url == stage.url
        expect(stage.page.locator("#lost")).to_be_hidden()  # without a reload
        expect(stage.told("kept over night")).to_have_count(1)
        expect(stage.heard("kept as well")).to_have_count(1)
        stage.writes("good morning")
        expect(stage.told("good morning")).to_have_count(1)
        stage.answers("and to you")
        expect(stage.heard("and to you")).to_have_count(1)
        stage.part("faults").click()
        expect(stage.page.locator(".toll")).to_contain_text("0 lost · 0 doubled")
        stage.errors = [e for e in stage.errors if "ERR_CONNECTION" not in e and "ERR_INCOMPLETE" not in e]
    assert process.stop() == 0
