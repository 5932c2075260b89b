"""A config file is read: what comes out of a right one, and what is said of a wrong one, where, and all of it."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest

from bridge.config.load import load
from bridge.config.problems import ConfigProblems
from bridge.core.content import Side

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"

PHONE = """\
[server]
public_url = "https://bridge.example.com"
[channels.phone]
adapter = "twilio"
account_sid = "env:TWILIO_ACCOUNT_SID"
auth_token = "env:TWILIO_AUTH_TOKEN"
"""  # 6 lines
TELEGRAM = """\
[channels.telegram]
adapter = "telegram"
bot_token = "env:TELEGRAM_BOT_TOKEN"
updates = "polling"
"""  # 4 lines
WEB = """\
[channels.web]
adapter = "websocket"
secret = "env:WEB_SECRET"
"""  # 3 lines
CRM = """\
[channels.crm]
adapter = "webhook"
url = "https://crm.example.com/"
secret = "env:CRM_SECRET"
"""  # 4 lines


def mistakes() -> dict[str, tuple[str, str]]:
    """The text and the line that answers it, by title."""
    _, *blocks = (Path(__file__).parent / "mistakes.txt").read_text(encoding="utf-8").split("\n=== ")
    found = {}
    for block in blocks:
        title, _, rest = block.partition("\n")
        text, _, line = rest.partition("\n--- is answered\n")
        found[title] = text, line.strip()
    return found


SET_IT = "set it before the start, or use file:PATH"
MISTAKES = mistakes()


class TestARightFile:
    def test_the_example(self, folder: Any) -> None:
        config = folder.load(EXAMPLE.read_text(encoding="utf-8"))
        assert config.server.public_url == "https://bridge.example.com"
        assert config.store.file == folder.path / "trunkline.db"
        assert {name: c.adapter_name for name, c in config.channels.items()} == {
            "phone": "twilio",
            "telegram": "telegram",
            "web": "websocket",
            "crm": "webhook",
        }
        phone = config.channels["phone"].settings
        assert [t.get_secret_value() for t in phone.auth_token] == ["a-twilio-token"]
        support = config.bridges["support"]
        assert (support.title, support.agent_name, support.give_up_after_s) == ("Support", "Support", 86400)
        assert [(e.channel, e.side, e.key) for e in support.endpoints] == [
            ("phone", Side.CUSTOMER, "+15550100"),
            ("phone", Side.CUSTOMER, "whatsapp:+15550100"),
            ("web", Side.CUSTOMER, "shop"),
            ("telegram", Side.AGENT, "-1001234567890"),
            ("web", Side.AGENT, "support"),
            ("crm", Side.AGENT, ""),
        ]

    def test_what_is_left_out_has_a_default(self, folder: Any) -> None:
        config = folder.load("")
        assert (config.server.host, config.server.port, config.server.public_url) == ("127.0.0.1", 8080, None)
        assert config.store.file == folder.path / "trunkline.db"
        assert not config.channels
        assert not config.bridges

    def test_a_bridge_is_called_by_its_name(self, folder: Any) -> None:
        text = WEB + '[bridges.a]\ncustomers = [{channel="web",room="a"}]\nagents = [{channel="web",room="b"}]\n'
        bridge = folder.load(text).bridges["a"]
        assert (bridge.title, bridge.agent_name) == ("a", "a")
        bridge = folder.load(text + 'title = "A shop"').bridges["a"]
        assert (bridge.title, bridge.agent_name) == ("A shop", "A shop")

    def test_slashes_at_the_end_of_a_url_are_dropped(self, folder: Any) -> None:
        assert folder.load('[server]\npublic_url = "https://b.example/x/"').server.public_url == "https://b.example/x"

    def test_proxies_are_networks(self, folder: Any) -> None:
        server = folder.load('[server]\ntrusted_proxies = ["10.0.0.0/8", "::1"]').server
        assert server.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("::1/128"))

    def test_endpoints_may_be_tables_of_their_own(self, folder: Any) -> None:
        text = WEB + '[[bridges.a.customers]]\nchannel="web"\nroom="a"\n[[bridges.a.agents]]\nchannel="web"\nroom="b"\n'
        assert [e.key for e in folder.load(text).bridges["a"].endpoints] == ["a", "b"]

    @pytest.mark.parametrize("url", ["postgresql://me:pw@db:5432/bridge", "postgresql:///bridge?host=/run/postgresql"])
    def test_postgresql(self, folder: Any, url: str) -> None:
        store = folder.load(f'[store]\nurl = "{url}"').store
        assert (store.url, store.file) == (url, None)
        assert "pw" not in repr(store)

    def test_a_byte_order_mark_is_no_mistake(self, folder: Any) -> None:
        assert folder.load("\ufeff[server]\nport = 1").server.port == 1


class TestReferences:
    def test_from_the_environment_and_from_files(self, folder: Any) -> None:
        (folder.path / "secrets").mkdir()
        (folder.path / "secrets" / "old").write_text("the old one\n\n")
        folder.environ["NEW"] = "env:literally"
        text = PHONE.replace('"env:TWILIO_AUTH_TOKEN"', '["env:NEW", "file:secrets/old"]')
        tokens = folder.load(text).channels["phone"].settings.auth_token
        assert [t.get_secret_value() for t in tokens] == ["env:literally", "the old one\n"]

    def test_a_path_may_be_absolute(self, folder: Any, tmp_path: Path) -> None:
        (tmp_path / "host").write_bytes(b"::1\r\n")
        assert folder.load(f'[server]\nhost = "file:{tmp_path}/host"').server.host == "::1"

    def test_text_stands_for_the_number_that_it_spells(self, folder: Any) -> None:
        folder.environ |= {"PORT": "9", "CHAT": "-100", "PRIVATE": "true"}
        text = '[server]\nport = "env:PORT"\n' + TELEGRAM
        text += 'topics_per_minute = "env:PORT"\nagents = ["env:PORT", 7]\n' + CRM + 'allow_private = "env:PRIVATE"\n'
        text += '[bridges.a]\ncustomers = [{channel="crm"}]\nagents = [{channel="telegram", chat="env:CHAT"}]'
        config = folder.load(text)
        assert config.server.port == 9
        assert config.channels["telegram"].settings.topics_per_minute == 9
        assert config.channels["telegram"].settings.agents == (9, 7)
        assert config.channels["crm"].settings.allow_private is True
        assert config.bridges["a"].endpoints[1].key == "-100"

    def test_that_lead_nowhere(self, folder: Any) -> None:
        (folder.path / "empty").write_text("\n")
        (folder.path / "raw").write_bytes(b"\xff\xfe")
        (folder.path / "large").write_text("x" * 70000)
        folder.environ |= {"EMPTY": "", "RAW": "\udcff"}
        names = [
            "env:UNSET",
            "env:EMPTY",
            "env:RAW",
            "env:",
            "file:nope",
            "file:.",
            "file:empty",
            "file:raw",
            "file:large",
        ]
        text = WEB.replace('"env:WEB_SECRET"', "[\n" + "".join(f'  "{n}",\n' for n in names) + "]")
        said = folder.problems(text)
        assert said == [
            "4:3: error: channels.web.secret[0]: the environment variable UNSET is not set; " + SET_IT,
            "5:3: error: channels.web.secret[1]: the environment variable EMPTY is set but empty; give it a value",
            "6:3: error: channels.web.secret[2]: the environment variable RAW is not UTF-8; give it text",
            '7:3: error: channels.web.secret[3]: nothing stands behind "env:"; right is one like env:TWILIO_AUTH_TOKEN',
            "8:3: error: channels.web.secret[4]: there is no such file; relative paths count from the config file's directory",
            "9:3: error: channels.web.secret[5]: this is a directory; give the path of the file in it",
            "10:3: error: channels.web.secret[6]: the file is empty; it has to hold the value",
            "11:3: error: channels.web.secret[7]: the file is not UTF-8; it has to hold text",
            "12:3: error: channels.web.secret[8]: the file is larger than 65536 bytes; it has to hold this one value alone",
        ]

    def test_one_that_leads_nowhere_makes_no_second_problem(self, folder: Any) -> None:
        text = PHONE + WEB + '[bridges.a]\ncustomers = [{channel="env:NO"}, {channel="phone", address="env:NO"}]\n'
        said = folder.problems(text + 'agents = [{channel="web",room="env:NO"}, {channel="web",room="env:NO"}]')
        assert len(said) == 4
        assert all("variable NO is not set" in words for words in said)


class TestAFileThatCanNotBeRead:
    def test_as_it_is_not_there(self, folder: Any) -> None:
        with pytest.raises(ConfigProblems) as raised:
            load(folder.path / "nope.toml", {}, folder.adapters)
        assert str(raised.value).startswith(f"{folder.path}/nope.toml:1:1: error: (file): there is no such file; ")

    def test_as_it_is_a_directory(self, folder: Any) -> None:
        with pytest.raises(ConfigProblems) as raised:
            load(folder.path, {}, folder.adapters)
        assert str(raised.value).startswith(f"{folder.path}:1:1: error: (file): this is a directory; ")

    def test_as_it_is_not_utf8(self, folder: Any) -> None:
        folder.file.write_bytes("[server]\n# Grüße\n".encode() + b'host = "\xfc"\n')
        with pytest.raises(ConfigProblems) as raised:
            load(folder.file, {}, folder.adapters)
        [problem] = raised.value.problems
        assert (problem.line, problem.col, problem.key) == (3, 9, "(file)")

    @pytest.mark.parametrize(
        ("text", "place", "words"),
        [
            ("[server]\nport 8080", (2, 6), "expected '=' after a key in a key/value pair"),
            ("[server]\nhost = me\n", (2, 8), "invalid value; text stands in quotes, numbers, true and false without"),
            ("[server]\nport = \n", (2, 8), "invalid value; text stands in quotes, numbers, true and false without"),
            ("[server]\nport = 1 2\n", (2, 10), "expected newline or end of document after a statement"),
            ("[server]\n[server]\n", (2, 8), "cannot declare ('server',) twice"),
            ("[server]\nhost = [\n\n", (2, 9), "invalid value; text stands in quotes, numbers, true and false without"),
            ('a = "x\n', (1, 7), "illegal character '\\n'"),
        ],
    )
    def test_as_it_is_not_toml(self, folder: Any, text: str, place: tuple[int, int], words: str) -> None:
        assert folder.problems(text) == [f"{place[0]}:{place[1]}: error: (file): not TOML here: {words}"]

    @pytest.mark.parametrize("text", ["a = " + "9" * 5000, "a = " + "[" * 5000 + "]" * 5000])
    def test_as_there_is_too_much_of_it(self, folder: Any, text: str) -> None:
        [words] = folder.problems(text)
        assert words.startswith("1:1: error: (file): a number too long, or a list too deep")


class TestWhereItStands:
    """Each problem at its key; a missing key at the header of its table, in an endpoint at the brace."""

    @pytest.mark.parametrize(("text", "line"), MISTAKES.values(), ids=MISTAKES)
    def test_one_mistake(self, folder: Any, text: str, line: str) -> None:
        assert folder.problems(text) == [line]

    @pytest.mark.parametrize(
        ("text", "wrong"),
        [
            ("http://b.example", "plain http; right is https (http is for loopback alone: localhost, 127.0.0.1, ::1)"),
            (
                "http://127.0.0.1.nip.io",
                "plain http; right is https (http is for loopback alone: localhost, 127.0.0.1, ::1)",
            ),
            ("https://b.example?x", "a query or fragment stands in the URL; right is the URL up to its path"),
            ("https://b.example/#", "a query or fragment stands in the URL; right is the URL up to its path"),
            ("https://me:pw@b.example", "a user or password stands in the URL; right is the URL without it"),
            ("https://b.example/a b", "a space stands in the URL; right is one like https://host/path"),
            ("https://{product}.b", "a brace stands in the URL, and this URL takes no placeholders"),
            ("b.example", "not a URL; right is one like https://host/path"),
            ("ftp://b.example", "not a URL; right is one like https://host/path"),
            ("https://b.example:x", "not a URL; right is one like https://host:port/path"),
            ("https://", "not a URL; right is one like https://host/path"),
            ("", "not a URL; right is one like https://host/path"),
        ],
    )
    def test_a_public_url(self, folder: Any, text: str, wrong: str) -> None:
        assert folder.problems(f'[server]\npublic_url = "{text}"') == [f"2:1: error: server.public_url: {wrong}"]

    @pytest.mark.parametrize(
        "url", ["http://localhost", "http://127.8.0.1:80", "http://[::1]:8080/x", "https://b.example:1"]
    )
    def test_http_is_fine_on_loopback(self, folder: Any, url: str) -> None:
        assert folder.load(f'[server]\npublic_url = "{url}"').server.public_url == url

    @pytest.mark.parametrize(
        "url",
        ["mysql://x/y", "postgres://h/d", "postgresql://h", "postgresql://h:x/d", "postgresql://h:0/d", "x.db", "",
         "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///a/", "sqlite:///a?mode=ro", "sqlite:x.db"],
    )  # fmt: skip
    def test_a_store_that_there_is_not(self, folder: Any, url: str) -> None:
        [words] = folder.problems(f'[store]\nurl = "{url}"')
        assert words.startswith("2:1: error: store.url: ")
        assert "right is sqlite:///trunkline.db" in words

    @pytest.mark.parametrize("name", ["a b", "ä", "", "x" * 65, "a.b", "a/b"])
    @pytest.mark.parametrize("section", ["channels", "bridges"])
    def test_a_name_that_can_not_stand_in_a_url(self, folder: Any, section: str, name: str) -> None:
        [words, *_] = [w for w in folder.problems(f'\n[{section}."{name}"]') if "not a name" in w]
        assert words.startswith(f"2:1: error: {section}.")

    @pytest.mark.parametrize("wrong", ["1 day", "24", "h", "-1h", "1.5h", "1w", "", "٣h"])
    def test_a_length_of_time(self, folder: Any, wrong: str) -> None:
        [words, *_] = folder.problems(f'[bridges.a]\ngive_up_after = "{wrong}"\ncustomers = []\nagents = []')
        assert words.startswith(
            "2:1: error: bridges.a.give_up_after: not a length of time; right is a whole number and s, m"
        )


class TestBridges:
    HEAD = PHONE + TELEGRAM + WEB + CRM  # 17 lines

    def test_without_a_side(self, folder: Any) -> None:
        said = folder.problems("\n[bridges.a]")
        assert [w.split("; ")[0] for w in said] == [
            "2:1: error: bridges.a.agents: missing",
            "2:1: error: bridges.a.customers: missing",
        ]

    @pytest.mark.parametrize(
        "endpoint",
        [
            "{channel='phone', address='+15550100'}",
            "{channel='phone', address='*'}",
            "{channel='web', room='x'}",
            "{channel='crm'}",
        ],
    )
    def test_an_endpoint_stands_in_one_bridge(self, folder: Any, endpoint: str) -> None:
        text = f"{self.HEAD}[bridges.a]\nagents = [{{channel='web', room='a'}}]\ncustomers = [{endpoint}]\n"
        text += f"[bridges.b]\nagents = [{{channel='web', room='b'}}]\ncustomers = [{endpoint}, {endpoint}]"
        one, two = folder.problems(text)
        same = "the same endpoint as bridges.a.customers[0] in line 20; right is to name it once, on one side of one bridge"
        assert one == f"23:14: error: bridges.b.customers[0]: {same}"
        assert two.endswith(f": error: bridges.b.customers[1]: {same}")

    def test_an_address_is_one_over_all_channels_and_the_rest_is_not(self, folder: Any) -> None:
        phone2 = "[channels.phone2]" + PHONE.partition("[channels.phone]")[2]
        text = self.HEAD + phone2 + WEB.replace("channels.web", "channels.web2")
        text += "[bridges.a]\nagents = [{channel='web', room='a'}, {channel='web2', room='a'}]\ncustomers = ["
        text += "{channel='phone', address='*'}, {channel='phone2', address='*'},\n"
        text += "{channel='phone', address='+1555'}, {channel='phone2', address='+1555'}]\n"
        [words] = folder.problems(text)
        assert "bridges.a.customers[3]: the same endpoint as bridges.a.customers[2]" in words

    def test_the_first_is_the_one_that_stands_first_in_the_file(self, folder: Any) -> None:
        text = WEB + "[bridges.a]\nagents = [{channel='web', room='a'}]\ncustomers = [{channel='web', room='a'}]"
        [words] = folder.problems(text)
        assert words.startswith(
            "6:14: error: bridges.a.customers[0]: the same endpoint as bridges.a.agents[0] in line 5;"
        )


class TestPublicUrl:
    WORDS = (
        "error: server.public_url: missing, and channels.{} can't be called without it; right is the URL under which Twilio and "
        "Telegram reach this server, as in https://bridge.example.com; signatures are checked against it"
    )

    def test_is_needed_with_twilio(self, folder: Any) -> None:
        text = PHONE.replace('public_url = "https://bridge.example.com"', "port = 1")
        assert folder.problems("\n" + text) == [f"2:1: {self.WORDS.format('phone')}"]

    def test_is_needed_beside_other_mistakes_of_the_channel(self, folder: Any) -> None:
        text = PHONE.partition("\n[channels")[1] + PHONE.partition("\n[channels")[2] + "max_in_flight = 0"
        assert [w.split(": ")[2] for w in folder.problems(text)] == [
            "server.public_url",
            "channels.phone.max_in_flight",
        ]

    def test_is_needed_with_a_webhook(self, folder: Any) -> None:
        text = TELEGRAM.replace("polling", "webhook") + 'webhook_secret = "x"'
        assert folder.problems(text) == [f"1:1: {self.WORDS.format('telegram')}"]

    def test_is_not_needed_with_polling(self, folder: Any) -> None:
        assert folder.load(TELEGRAM).server.public_url is None

    def test_is_not_asked_for_where_updates_is_unclear(self, folder: Any) -> None:
        assert len(folder.problems(TELEGRAM.replace("polling", "poling"))) == 1


class TestUrls:
    """The one rule for all of them, and what depends on where we are ourselves."""

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8200/{product}",
            "http://localhost:8200",
            "https://twilio.example/{product}/x",
            "https://{product}.t.example",
        ],
    )
    def test_twilio_may_be_elsewhere(self, folder: Any, url: str) -> None:
        assert folder.load(PHONE + f'api_url = "{url}"').channels["phone"].settings.api_url == url

    @pytest.mark.parametrize(
        ("url", "words"),
        [
            ("http://{product}.example.com", "plain http; "),
            ("https://{prod}.example.com", "a brace stands in the URL, and {product} is the only placeholder"),
            ("https://{product}.example.com?x", "a query or fragment "),
        ],
    )
    def test_but_not_everywhere(self, folder: Any, url: str, words: str) -> None:
        [said] = folder.problems(PHONE + f'api_url = "{url}"')
        assert said.startswith(f"7:1: error: channels.phone.api_url: {words}")

    def test_a_webhook_on_loopback_needs_us_there(self, folder: Any) -> None:
        crm = CRM.replace("https://crm.example.com/", "http://127.0.0.1:9/")
        for server in ("", "[server]\nhost = '::1'\n", "[server]\npublic_url = 'http://localhost:1'\n"):
            assert folder.load(server + crm).channels["crm"]
        for server in ("[server]\nhost = '0.0.0.0'\n", "[server]\npublic_url = 'https://b.example'\n"):
            [said] = folder.problems(server + crm)
            assert said.startswith("5:1: error: channels.crm.url: the address is private; ")
            assert folder.load(server + crm + "allow_private = true")
