"""What is said of a link, whatever its server does."""

from __future__ import annotations

import ssl
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.facts import LinkFact, Reach
from publisher.http import Failure, HttpError
from publisher.probes import links
from publisher.probes.cache import NoCache
from publisher.probes.links import OFFLINE, TOO_LATE, Net, probe_links
from tests.fakes.web import Act, Exchange, FakeWeb, drip, hang, hang_up, pour, reply, to
from tests.unit.probes.world import ANSWERED, NOW, World

CERTIFICATES = Path(__file__).parents[2] / "fakes" / "certificates"
SOON = timedelta(milliseconds=300)
PRESS = "http://press.internal/"


def ask(acts: dict[str, Act]) -> tuple[LinkFact, list[str]]:
    """What is said of a link to /, and what its server was asked."""
    with FakeWeb(acts) as web:
        return World({"press.internal": web}).probe(PRESS)[PRESS], web.paths


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """One link may take a second, all of them much longer."""
    monkeypatch.setattr(links, "_LONGEST", timedelta(seconds=1))


# --- statuses --------------------------------------------------------------------------------------------------


def test_a_page_that_is_there_is_asked_for_no_more_than_its_head() -> None:
    assert ask({"/": reply("200 OK", b"page")}) == (ANSWERED, ["HEAD /"])


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "405 No", "501 Not Implemented", "503 x"])
def test_where_a_head_is_refused_the_page_itself_is_asked_for(status: str) -> None:
    assert ask({"HEAD /": reply(status), "GET /": reply()}) == (ANSWERED, ["HEAD /", "GET /"])


@pytest.mark.parametrize("act", [hang_up, hang])
@pytest.mark.usefixtures("impatient")
def test_where_a_head_is_not_understood_the_page_itself_is_asked_for(act: Act) -> None:
    assert ask({"HEAD /": act, "GET /": reply()}) == (ANSWERED, ["HEAD /", "GET /"])


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("404 <script>", "404 Not Found"),
        ("410 x", "410 Gone"),
        ("400 x", "400 Bad Request"),
        ("500 x", "500 Internal Server Error"),
        ("503 x", "503 Service Unavailable"),
        ("599 x", "599"),
    ],
)
def test_a_dead_page_is_told_with_its_status_in_the_standards_words(status: str, said: str) -> None:
    assert ask({"/": reply(status)})[0] == LinkFact(Reach.REFUSED, said)


@pytest.mark.parametrize("status", [401, 402, 403, 405, 406, 429, 451, 999])
def test_a_server_that_keeps_robots_out_has_answered(status: int) -> None:
    fact, _ = ask({"/": reply(f"{status} x")})
    assert fact.reach is Reach.ANSWERED
    assert str(status) in fact.detail


def test_a_server_that_has_enough_is_left_alone() -> None:
    with FakeWeb({"/": reply("429 Too Many Requests")}) as web:
        facts = World({"press.internal": web}).probe(*(f"{PRESS}?{number}" for number in range(10)))
        assert len(web.asked) <= 2
    assert {fact.reach for fact in facts.values()} == {Reach.ANSWERED, Reach.UNASKED}
    assert facts[f"{PRESS}?9"].detail == "press.internal wants fewer questions"


# --- redirects -------------------------------------------------------------------------------------------------


def test_a_redirect_is_followed_to_its_end() -> None:
    with FakeWeb({"/": to("https://other.internal/x", "301 Moved")}) as web:
        world = World({"press.internal": web, "other.internal": web})
        web.acts["/x"] = reply()
        assert world.probe(PRESS)[PRESS].reach is Reach.SILENT  # this server speaks no TLS
        web.acts["/"] = to("http://other.internal/x", "301 Moved")
        assert world.probe(PRESS)[PRESS] == ANSWERED


def test_what_is_wrong_behind_a_redirect_is_told_with_the_host() -> None:
    with FakeWeb({"/": to("http://other.internal/gone")}) as web:
        fact = World({"press.internal": web, "other.internal": web}).probe(PRESS)[PRESS]
    assert fact == LinkFact(Reach.REFUSED, "404 Not Found, at other.internal")


def test_a_host_that_is_gone_behind_a_redirect_says_nothing_of_the_first() -> None:
    with FakeWeb({"/a": to("http://gone.internal/"), "/b": reply()}) as web:
        facts = World({"press.internal": web}).probe(f"{PRESS}a", f"{PRESS}b", f"{PRESS}c")
    assert facts[f"{PRESS}a"] == LinkFact(Reach.SILENT, "no such host, after a redirect to gone.internal")
    assert facts[f"{PRESS}b"] == ANSWERED


@pytest.mark.parametrize(
    "acts",
    [
        {"/": to("/")},
        {"/": to("/a"), "/a": to("/")},
        {"/": to("#top")},
        {f"/{'x' * length}": to(f"/{'x' * (length + 1)}") for length in range(40)},
    ],
)
def test_redirects_without_end_end(acts: dict[str, Act]) -> None:
    fact, asked = ask(acts)
    assert fact == LinkFact(Reach.REFUSED, "redirects without end")
    assert len(asked) <= 12


def test_a_server_that_goes_in_circles_for_want_of_a_cookie_has_answered() -> None:
    assert ask({"/": reply("302 Found", Location="/", Set_Cookie="seen=1")})[0].reach is Reach.ANSWERED


@pytest.mark.parametrize(
    "location", ["ftp://x.internal/", "file:///etc/passwd", "javascript:alert(1)", "http://["]
)
def test_a_redirect_to_another_kind_of_address_is_not_followed(location: str) -> None:
    fact, asked = ask({"/": to(location)})
    assert (fact.reach, asked) == (Reach.REFUSED, ["HEAD /"])


# --- private networks ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:8080/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://inner.internal/",
        "http://localhost:8080/",
        "http://api.localhost/",
    ],
)
def test_a_link_into_a_private_network_is_not_asked(address: str) -> None:
    world = World({"inner.internal": "10.0.0.1"})
    assert world.probe(address)[address].reach is Reach.PRIVATE
    assert world.dialled == []


@pytest.mark.parametrize(
    "location",
    ["http://127.0.0.1:{port}/x", "http://inner.internal:{port}/x", "http://localhost:{port}/x", "//10.0.0.1/x"],
)
def test_a_redirect_into_a_private_network_is_not_followed(location: str) -> None:
    with FakeWeb() as web:
        web.acts["/"] = to(location.format(port=web.port))
        world = World({"press.internal": web, "inner.internal": "127.0.0.1"})
        assert world.probe(PRESS)[PRESS].reach in {Reach.PRIVATE, Reach.UNASKED}  # for its port, where it has one
        assert web.paths == ["HEAD /"]
    assert {address for address, _ in world.dialled} == {"93.184.216.1"}


def test_a_redirect_to_a_private_host_on_a_port_of_the_web_is_told_as_private() -> None:
    with FakeWeb({"/": to("http://inner.internal/x")}) as web:
        fact = World({"press.internal": web, "inner.internal": "127.0.0.1"}).probe(PRESS)[PRESS]
    assert fact == LinkFact(Reach.PRIVATE, "leads into a private network, after a redirect to inner.internal")


def test_a_name_that_turns_inward_between_two_questions_is_refused() -> None:
    """DNS rebinding: public for the first question, private for the one after the redirect."""

    def redirect_and_close(exchange: Exchange) -> None:
        exchange.send(reply("302 Found", Location="/x", Connection="close"))
        hang_up(exchange)

    with FakeWeb({"/": redirect_and_close, "/x": reply()}) as web:
        world = World({"press.internal": web})
        answers = iter([*world.look_up("press.internal"), *world.look_up("127.0.0.1")])
        world.look_up = lambda host: [next(answers)]  # type: ignore[method-assign]
        assert world.probe(PRESS)[PRESS].reach is Reach.PRIVATE
        assert web.paths == ["HEAD /"]
    assert world.dialled == [("93.184.216.1", 80)]


def test_a_host_that_the_configuration_names_is_asked_on_any_port() -> None:
    with FakeWeb({"/": reply()}) as web:
        address = web.url(host="wiki.internal")
        world = World({"wiki.internal": "127.0.0.1"})
        assert world.probe(address, hosts=("Wiki.Internal.",))[address] == ANSWERED
        assert world.probe(address)[address].reach is not Reach.ANSWERED


@pytest.mark.parametrize("start", [PRESS, "http://wiki.internal/way-out"])
def test_nobody_else_may_send_us_to_a_host_that_the_configuration_names(start: str) -> None:
    """The second begins inside, and is sent back inside by a server outside."""
    with FakeWeb({"/": to("http://wiki.internal/delete")}) as web, FakeWeb({"/way-out": to(PRESS)}) as wiki:
        world = World({"press.internal": web, "wiki.internal": "10.0.0.1"})
        world.behind("10.0.0.1", wiki)
        assert world.probe(start, hosts=("wiki.internal",))[start].reach is Reach.PRIVATE
        assert "HEAD /" in web.paths
        assert not any("delete" in path for path in wiki.paths)


def test_a_private_host_that_is_named_may_redirect_to_another_one() -> None:
    with FakeWeb({"/x": reply()}) as web:
        web.acts["/"] = to(web.url("/x", host="login.internal"))
        world = World({"wiki.internal": "127.0.0.1", "login.internal": "127.0.0.1"})
        address = web.url(host="wiki.internal")
        assert world.probe(address, hosts=("wiki.internal", "login.internal"))[address] == ANSWERED
        assert world.probe(address, hosts=("wiki.internal",))[address].reach is not Reach.ANSWERED


# --- what is not asked -----------------------------------------------------------------------------------------


def test_mail_addresses_and_telephone_numbers_are_left_out() -> None:
    assert World({}).probe("mailto:desk@example.org", "tel:+49123", "#top", "") == {}


@pytest.mark.parametrize(
    "host", ["example.com", "www.example.org", "EXAMPLE.net", "a.b.test", "no.invalid", "x.example."]
)
def test_a_host_for_examples_is_not_asked(host: str) -> None:
    world = World({})
    assert world.probe(f"https://{host}/") == {f"https://{host}/": LinkFact(Reach.UNASKED)}
    assert world.looked_up == []


def test_a_foreign_port_that_is_none_of_the_webs_is_not_asked() -> None:
    world = World({"mail.internal": OSError("must not be dialled")})
    fact = world.probe("http://mail.internal:25/")["http://mail.internal:25/"]
    assert fact.reach is Reach.UNASKED
    assert world.dialled == []


def test_an_address_is_asked_once_whatever_its_fragment() -> None:
    with FakeWeb({"/": reply()}) as web:
        facts = World({"press.internal": web}).probe(PRESS, f"{PRESS}#a", "http://PRESS.internal#b", PRESS)
        assert web.paths == ["HEAD /"]
    assert facts == dict.fromkeys([PRESS, f"{PRESS}#a", "http://PRESS.internal#b"], ANSWERED)


def test_user_and_password_of_an_address_stay_here() -> None:
    with FakeWeb({"/": reply()}) as web:
        World({"press.internal": web}).probe("http://user:secret@press.internal/")
        assert "authorization" not in web.asked[0].headers


@pytest.mark.parametrize("address", ["http://", "http://[::1", "https://a..b/", "http://a b/", "http://x:99999/"])
def test_what_is_no_address_is_told_so(address: str) -> None:
    assert World({}).probe(address)[address].reach is Reach.REFUSED


# --- time ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [hang, drip])
@pytest.mark.usefixtures("impatient")
def test_a_server_that_keeps_us_waiting_is_silent(act: Act) -> None:
    assert ask({"/": act})[0] == LinkFact(Reach.SILENT, "no answer in time")


def test_a_page_without_end_is_not_read() -> None:
    assert ask({"HEAD /": reply("405 No"), "GET /": pour})[0] == ANSWERED


def test_what_is_not_reached_in_time_is_unasked() -> None:
    addresses = [f"{PRESS}{number}" for number in range(60)]
    with FakeWeb(dict.fromkeys((f"/{number}" for number in range(60)), hang)) as web:
        facts = World({"press.internal": web}).probe(*addresses, timeout=SOON)
        assert len(web.asked) < 20
    assert facts[addresses[-1]] == TOO_LATE
    assert set(facts) == set(addresses)


def test_a_resolver_that_never_answers_holds_up_nobody() -> None:
    over = threading.Event()

    def stuck(host: str) -> list[object]:
        over.wait(60)
        raise HttpError(Failure.UNRESOLVED, "no such host")

    world = World({})
    world.look_up = stuck  # type: ignore[method-assign, assignment]
    try:
        assert world.probe(PRESS, timeout=SOON) == {PRESS: TOO_LATE}
    finally:
        over.set()


def test_a_host_is_asked_no_more_than_two_things_at_once() -> None:
    lock, now, most = threading.Lock(), 0, 0
    both = threading.Event()

    def count(exchange: Exchange) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now >= 2:
                both.set()
        both.wait(60)
        with lock:
            now -= 1
        exchange.send(reply())

    with FakeWeb({f"/{number}": count for number in range(12)}) as web:
        facts = World({"press.internal": web}).probe(*(f"{PRESS}{number}" for number in range(12)))
        assert web.connections <= 2
    assert set(facts.values()) == {ANSWERED}
    assert most == 2


def test_a_mistake_of_ours_is_raised_and_not_lost() -> None:
    world = World({})
    world.look_up = lambda host: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    with pytest.raises(ZeroDivisionError):
        world.probe(PRESS)


# --- no connection ---------------------------------------------------------------------------------------------


def test_a_host_that_does_not_exist_is_told_so() -> None:
    assert World({}).probe(PRESS)[PRESS] == LinkFact(Reach.SILENT, "no such host")


def test_a_host_that_is_down_is_told_so_and_tried_once() -> None:
    world = World({"press.internal": ConnectionRefusedError()})
    facts = world.probe(*(f"{PRESS}{number}" for number in range(6)))
    assert set(facts.values()) == {LinkFact(Reach.SILENT, "the connection was refused")}
    assert len(world.dialled) <= 2


@pytest.mark.parametrize(
    ("certificate", "trusted", "words"),
    [
        ("press.pem", None, "its certificate is signed by itself"),
        ("press-expired.pem", "press-expired.pem", "its certificate has expired"),
    ],
)
def test_a_bad_certificate_is_told_in_plain_words(certificate: str, trusted: str | None, words: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / certificate)
    address = "https://press.internal/"
    with FakeWeb({"/": reply()}, tls=context) as web:
        facts = World({"press.internal": web}).probe(address, ca_file=CERTIFICATES / trusted if trusted else None)
    assert facts[address] == LinkFact(Reach.SILENT, words)


@pytest.mark.parametrize("count", [1, 2, 40])
def test_an_offline_machine_blames_no_link(count: int) -> None:
    world = World({}, dns=False)
    facts = dict(world.probe(*(f"http://h{number}.internal/" for number in range(count)), "http://10.0.0.1/"))
    assert facts.pop("http://10.0.0.1/").reach is Reach.PRIVATE
    assert set(facts.values()) == {OFFLINE}


def test_a_machine_behind_a_wall_blames_no_link() -> None:
    world = World({f"h{number}.internal": TimeoutError() for number in range(40)})
    facts = world.probe(*(f"http://h{number}.internal/" for number in range(40)))
    assert set(facts.values()) == {OFFLINE}


def test_one_host_that_takes_no_connection_is_its_own_fault() -> None:
    world = World({"press.internal": TimeoutError()})
    assert world.probe(PRESS)[PRESS] == LinkFact(Reach.SILENT, "no connection in time")


def test_whoever_hears_one_answer_is_not_offline() -> None:
    with FakeWeb({"/": reply()}) as web:
        addresses = [PRESS, *(f"http://h{number}.internal/" for number in range(5))]
        facts = World({"press.internal": web}, dns=True).probe(*addresses)
    assert facts[PRESS] == ANSWERED
    assert {facts[address].reach for address in addresses[1:]} == {Reach.SILENT}


# --- everything ------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.text(max_size=30).map(lambda rest: f"http://{rest}"), max_size=5))
def test_whatever_stands_in_a_link_has_a_fact_and_leaves_no_private_trace(addresses: list[str]) -> None:
    dialled: list[object] = []

    def nowhere(*where: object) -> object:
        dialled.append(where)
        raise OSError("nobody")

    net = Net(World({}).look_up, nowhere, None, lambda _seconds: True)  # type: ignore[arg-type]
    facts = probe_links(addresses, timeout=SOON, hosts=(), cache=NoCache(), now=NOW, net=net)
    assert set(facts) == set(addresses)
    assert all(fact.detail == " ".join(fact.detail.split()) for fact in facts.values())
