"""The client: where it connects to, when it gives up, and what its errors do not tell."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest

from publisher.errors import PublisherError
from publisher.http import AGENT, Address, Client, Failure, HttpError, Limits, dial, guarded, look_up
from tests.fakes.web import LOOPBACK, Act, Exchange, FakeWeb, drip, hang, hang_up, names, pour, reply, to

CERTIFICATES = Path(__file__).parents[1] / "fakes" / "certificates"
QUICK = Limits(total=timedelta(milliseconds=300))


class Detour:
    """Dials this machine whatever is asked for, and remembers what that was."""

    def __init__(self) -> None:
        self.dialled: list[Address] = []

    def __call__(self, address: Address, port: int, seconds: float) -> socket.socket:
        self.dialled.append(address)
        return dial(LOOPBACK, port, seconds)


@pytest.fixture
def client() -> Iterator[Client]:
    with Client() as made:
        yield made


def failing(client: Client, address: str, limits: Limits = QUICK, method: str = "GET") -> HttpError:
    with pytest.raises(HttpError) as raised:
        client.ask(method, address, limits=limits)
    return raised.value


# --- questions and answers -------------------------------------------------------------------------------------


def test_an_answer_holds_status_headers_and_body(client: Client) -> None:
    with FakeWeb({"/": reply("200 OK", b"hello", X_Kind="greeting")}) as web:
        answer = client.ask("GET", web.url())
        assert (answer.status, answer.headers["x-kind"], answer.body) == (200, "greeting", b"hello")
        assert web.asked[0].headers["user-agent"] == AGENT


def test_every_status_is_an_answer_said_in_the_words_of_the_standard(client: Client) -> None:
    with FakeWeb({"/": reply("404 <b>Boo</b>"), "/odd": reply("999 Robots")}) as web:
        assert client.ask("GET", web.url()).said == "404 Not Found"
        assert client.ask("GET", web.url("/odd")).said == "999"


def test_a_connection_serves_the_next_question_too(client: Client) -> None:
    with FakeWeb({"/": reply("200 OK", b"hello")}) as web:
        for method in ("GET", "HEAD", "GET"):
            client.ask(method, web.url())
        assert (len(web.asked), web.connections) == (3, 1)


def test_a_body_that_is_sent_arrives(client: Client) -> None:
    with FakeWeb({"POST /": reply("204 No Content")}) as web:
        assert client.ask("POST", web.url(), data=b"x=1").status == 204
        assert web.asked[0].body == b"x=1"


def test_no_redirect_is_followed_so_credentials_stay_where_they_belong(client: Client) -> None:
    with FakeWeb({"/": to("http://elsewhere.internal/x")}) as web:
        answer = client.ask("GET", web.url(), headers={"Authorization": "Bearer abc"})
        assert (answer.status, answer.redirect) == (302, "http://elsewhere.internal/x")
        assert web.paths == ["GET /"]


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/b?c=1", "http://127.0.0.1:{port}/b?c=1"),
        ("//other.internal/", "http://other.internal/"),
        ("é", "http://127.0.0.1:{port}/é"),
        ("https://[broken", "https://[broken"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_where_a_redirect_leads_is_told_as_an_absolute_address(
    client: Client, location: str, expected: str
) -> None:
    with FakeWeb({"/": to(location.encode().decode("latin-1"))}) as web:
        assert client.ask("GET", web.url()).redirect == expected.format(port=web.port)


def test_no_cookie_is_kept(client: Client) -> None:
    with FakeWeb({"/": reply("200 OK", Set_Cookie="session=1")}) as web:
        client.ask("GET", web.url())
        client.ask("GET", web.url())
        assert "cookie" not in web.asked[1].headers


def test_the_environment_sends_no_question_elsewhere(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    with FakeWeb({"/": reply()}) as web:
        assert client.ask("GET", web.url()).status == 200


# --- limits ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [hang, drip])
def test_a_server_that_keeps_us_waiting_ends_the_question_in_its_time(client: Client, act: Act) -> None:
    with FakeWeb({"/": act}) as web:
        assert failing(client, web.url()).failure is Failure.TIMEOUT


def test_a_body_without_end_is_not_read_when_nobody_wants_it(client: Client) -> None:
    with FakeWeb({"/": pour}) as web:
        answer = client.ask("GET", web.url(), limits=Limits(body=0))
        assert (answer.status, answer.body) == (200, b"")


def test_a_body_of_more_than_the_limit_is_refused(client: Client) -> None:
    with FakeWeb({"/": pour, "/just": reply("200 OK", b"12345")}) as web:
        assert failing(client, web.url(), Limits(body=5)).failure is Failure.TOO_LARGE
        assert client.ask("GET", web.url("/just"), limits=Limits(body=5)).body == b"12345"


def test_a_body_that_comes_drop_by_drop_ends_in_its_time(client: Client) -> None:
    def trickle(exchange: Exchange) -> None:
        exchange.send(b"HTTP/1.1 200 OK\r\n\r\n")
        while not exchange.over.wait(0.02):
            exchange.send(b"x")

    with FakeWeb({"/": trickle}) as web:
        assert failing(client, web.url()).failure is Failure.TIMEOUT


def test_nothing_is_unpacked_so_nothing_small_becomes_large(client: Client) -> None:
    bomb = b"\x1f\x8b not even gzip"
    with FakeWeb({"/": reply("200 OK", bomb, Content_Encoding="gzip")}) as web:
        assert client.ask("GET", web.url()).body == bomb
        assert web.asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "said",
    [
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
def test_what_is_no_http_is_told_so(client: Client, said: bytes) -> None:
    def talk(exchange: Exchange) -> None:
        exchange.send(said)
        exchange.connection.shutdown(socket.SHUT_WR)

    with FakeWeb({"/": talk}) as web:
        assert failing(client, web.url(), Limits()).failure is Failure.BROKEN


def test_a_server_that_hangs_up_is_told_so(client: Client) -> None:
    with FakeWeb({"/": hang_up}) as web:
        assert failing(client, web.url()).failure is Failure.BROKEN


def test_a_closed_port_is_told_so(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failing(client, f"http://127.0.0.1:{port}/")
    assert (error.failure, error.words) == (Failure.CLOSED, "the connection was refused")
    assert not error.permanent


@pytest.mark.parametrize("address", ["ftp://example.org/", "example.org", "http://", "http://[::1", "//x/", ""])
def test_what_is_no_address_of_the_web_is_told_so(client: Client, address: str) -> None:
    error = failing(client, address)
    assert error.failure is Failure.ADDRESS
    assert error.permanent


# --- where it connects to --------------------------------------------------------------------------------------


def test_the_next_address_is_tried_when_one_takes_no_connection() -> None:
    tried: list[Address] = []

    def choosy(address: Address, port: int, seconds: float) -> socket.socket:
        tried.append(address)
        if len(tried) == 1:
            raise OSError("no way")
        return dial(LOOPBACK, port, seconds)

    lookup = names(press__internal=["192.0.2.1", "192.0.2.2"])
    with FakeWeb({"/": reply()}) as web, Client(lookup=lookup, dial=choosy) as client:
        assert client.ask("GET", web.url(host="press.internal")).status == 200
    assert [str(address) for address in tried] == ["192.0.2.1", "192.0.2.2"]


def test_exactly_the_address_that_was_judged_is_connected_to() -> None:
    """DNS rebinding: the name leads outside when it is judged, and inside when it is asked for again."""
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    detour = Detour()
    lookup = guarded(lambda host: [ip_address(address) for address in next(answers)])
    with FakeWeb({"/": reply("200 OK", Connection="close")}) as web, Client(lookup=lookup, dial=detour) as client:
        assert client.ask("GET", web.url(host="press.internal")).status == 200
        assert failing(client, web.url(host="press.internal")).failure is Failure.PRIVATE
        assert len(web.asked) == 1
        assert web.asked[0].headers["host"] == f"press.internal:{web.port}"
    assert [str(address) for address in detour.dialled] == ["93.184.216.34"]


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    lookup = guarded(names(press__internal=["93.184.216.34", "10.0.0.7"]))
    with Client(lookup=lookup, dial=Detour()) as client:
        error = failing(client, "http://press.internal/")
    assert error.failure is Failure.PRIVATE


def test_a_private_host_that_is_named_is_allowed() -> None:
    lookup = guarded(names(wiki__internal="127.0.0.1"), inside=["wiki.internal"])
    with FakeWeb({"/": reply()}) as web, Client(lookup=lookup) as client:
        assert client.ask("GET", web.url(host="wiki.internal")).status == 200
        assert failing(client, web.url()).failure is Failure.PRIVATE


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1", "0177.0.0.1", "localhost", "0"]
)
def test_no_spelling_of_this_machine_gets_through(host: str) -> None:
    with FakeWeb({"/": reply()}) as web:
        with Client(lookup=guarded(look_up)) as client:
            assert failing(client, web.url(host=host)).failure is Failure.PRIVATE
        assert web.connections == 0


# --- TLS -------------------------------------------------------------------------------------------------------


def server_context(name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATES / name)
    return context


def test_the_certificate_is_checked_against_the_name_and_not_the_address() -> None:
    asked: list[str | None] = []
    context = server_context("press.pem")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    lookup = names(press__internal="93.184.216.34", other__internal="93.184.216.34")
    trusted = CERTIFICATES / "press.pem"
    with (
        FakeWeb({"/": reply()}, tls=context) as web,
        Client(lookup=lookup, dial=Detour(), ca_file=trusted) as client,
    ):
        assert client.ask("GET", web.url(host="press.internal")).status == 200
        error = failing(client, web.url(host="other.internal"), Limits())
    assert asked == ["press.internal", "other.internal"]
    assert (error.failure, error.words) == (Failure.TLS, "its certificate is for another host")


@pytest.mark.parametrize(
    ("certificate", "trusted", "words"),
    [
        ("press.pem", None, "its certificate is signed by itself"),
        ("press-expired.pem", "press-expired.pem", "its certificate has expired"),
    ],
)
def test_a_bad_certificate_is_told_in_plain_words(certificate: str, trusted: str | None, words: str) -> None:
    ca_file = CERTIFICATES / trusted if trusted else None
    with (
        FakeWeb({"/": reply()}, tls=server_context(certificate)) as web,
        Client(lookup=names(press__internal="127.0.0.1"), ca_file=ca_file) as client,
    ):
        error = failing(client, web.url(host="press.internal"), Limits())
    assert (error.failure, error.words) == (Failure.TLS, words)


def test_a_server_without_tls_is_told_so(client: Client) -> None:
    with FakeWeb(greeting=b"220 mail.internal ESMTP\r\n") as web:
        error = failing(client, web.url().replace("http:", "https:"), Limits())
    assert (error.failure, error.words) == (Failure.TLS, "no encrypted connection comes about")


def test_an_encrypted_answer_drop_by_drop_ends_in_its_time() -> None:
    with (
        FakeWeb({"/": drip}, tls=server_context("press.pem")) as web,
        Client(lookup=names(press__internal="127.0.0.1"), ca_file=CERTIFICATES / "press.pem") as client,
    ):
        assert failing(client, web.url(host="press.internal")).failure is Failure.TIMEOUT


def test_a_handshake_that_never_comes_ends_in_its_time(client: Client) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel takes the connection, nobody else does
        error = failing(client, f"https://127.0.0.1:{listener.getsockname()[1]}/")
    assert error.failure is Failure.TIMEOUT


# --- secrets ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [hang, hang_up, reply("500 x", b"0123456789"), b"nonsense\r\n\r\n"])
def test_no_error_tells_a_secret(client: Client, act: Act) -> None:
    with FakeWeb({"/": act}) as web:
        address = web.url("/?key=geheim&geheim#geheim").replace("//", "//user:geheim@")
        with pytest.raises(HttpError) as raised:
            client.ask(
                "GET",
                address,
                headers={"Authorization": "Bearer geheim"},
                limits=Limits(total=timedelta(milliseconds=100), body=5),
            )
    error = raised.value
    assert isinstance(error, PublisherError)
    assert "geheim" not in f"{error} {error!r} {error.__cause__}"
    assert f"127.0.0.1:{web.port}/?key=…" in str(error)
    assert error.__suppress_context__


def test_a_header_that_is_none_is_refused_without_showing_it(client: Client) -> None:
    with pytest.raises(HttpError) as raised:
        client.ask("GET", "http://127.0.0.1/", headers={"Authorization": "geheim\r\nX: y"})
    assert "geheim" not in str(raised.value)


def test_an_answer_shows_neither_address_nor_headers(client: Client) -> None:
    with FakeWeb({"/": reply("200 OK", b"geheim", Set_Cookie="geheim")}) as web:
        assert "geheim" not in repr(client.ask("GET", web.url("/?key=geheim")))


# --- threads ---------------------------------------------------------------------------------------------------


def test_many_threads_may_ask_at_once(client: Client) -> None:
    answers: list[int] = []

    def ask(url: str) -> None:
        answers.extend(client.ask("GET", url).status for _ in range(5))

    with FakeWeb({"/": reply("200 OK", b"hello")}) as web:
        threads = [threading.Thread(target=ask, args=(web.url(),)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [200] * 40
