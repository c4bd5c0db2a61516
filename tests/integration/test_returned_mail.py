"""Mail that comes back by mail: a bounce and a wish to leave, handed over to a whole instance and acted on."""

from __future__ import annotations

import re
import smtplib
import socket
from pathlib import Path

from sqlalchemy import select

from publisher.app import App
from publisher.messages import verp
from publisher.storage.tables import deliveries, feedback
from subscribers import suppression
from subscribers.tables import subscribers, subscriptions
from tests.instance import Instance
from tests.unit.bounces.mails import ADA, CORPUS

NEWSLETTER = """envelope_from = "bounces@news.example.org"
unsubscribe_mailto = "leave@news.example.org"
verp = true

[bounces]
lmtp_port = {port}
"""


def corpus(name: str, token: str, link: str, email: str) -> bytes:
    text = (CORPUS / f"{name}.eml").read_text(encoding="utf-8")
    text = text.replace("@TOKEN@", token).replace("@LINK@", link).replace(ADA, email)
    return text.replace("\n", "\r\n").encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def hand_over(port: int, recipient: str, data: bytes) -> None:
    with smtplib.LMTP("127.0.0.1", port, timeout=30) as connection:
        connection.sendmail("", [recipient], data)


def delivery_to(app: App, email: str) -> int:
    with app.database.read() as connection:
        mine = (
            select(deliveries.c.id)
            .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
            .where(subscribers.c.email == email)
        )
        return int(connection.execute(mine).scalar_one())


def test_a_bounce_suppresses_and_a_mail_with_the_links_token_ends_the_subscription(tmp_path: Path) -> None:
    port = free_port()
    instance = Instance(tmp_path / "instance", newsletter=NEWSLETTER.format(port=port))
    gone, leaving = "gone@example.org", "leaving@example.org"
    instance.subscribe(gone, leaving, "reader@example.org")
    instance.digest("2024-11-21")
    assert instance("run").code == 0
    (mail,) = [each for each in instance.mails() if leaving in str(each["To"])]
    (link,) = re.findall(
        r"mailto:leave@news\.example\.org\?subject=unsubscribe%20([\w-]+)", mail["List-Unsubscribe"]
    )
    with instance.opened() as app:
        token = verp.mint(app.secret, delivery_to(app, gone), gone)
        listener = app.returning.listener()
        assert listener is not None
        with listener:
            hand_over(port, f"bounces+{token}@news.example.org", corpus("postfix-unknown", token, link, gone))
            hand_over(port, f"bounces+{token}@news.example.org", corpus("postfix-unknown", token, link, gone))
            hand_over(port, "leave@news.example.org", corpus("leave-by-mail", token, link, leaving))
        with app.database.read() as connection:
            kept = repr([tuple(row) for row in connection.execute(select(feedback))])
        assert gone not in kept
        assert leaving not in kept
    assert "1 left, 1 suppressed" in instance("run").out
    with instance.opened() as app, app.database.read() as connection:
        (one,) = suppression.suppression_page(connection)
        assert (one.email_key, one.newsletter) == (gone, None)
        assert one.detail.startswith("mail: 550 5.1.1")
        left = (
            select(subscribers.c.email)
            .join_from(subscriptions, subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
            .where(subscriptions.c.state == "left")
        )
        assert list(connection.scalars(left)) == [leaving]
        assert connection.scalar(select(deliveries.c.state).where(deliveries.c.state == "bounced")) == "bounced"
        rows = repr([tuple(row) for row in connection.execute(select(feedback))])
        assert link not in rows
