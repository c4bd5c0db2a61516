"""What editors do to the inbox, and rubbish in it, through the real command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.instance import DIGEST, Instance

RUBBISH: dict[str, bytes] = {
    "empty.txt": b"",
    "binary.txt": bytes(range(256)) * 40,
    "broken.md": b"---\ntitle: [unclosed\ndate: 2024-11-21\n---\n\ntext\n",
    "elsewhere.md": b"---\ntitle: Nobody's\nnewsletter: weekly\n---\n\ntext\n",
    "huge.txt": b"a line of a very large file\n" * 1_900_000,
    "deep.md": b">" * 10_000 + b" far down\n",
    "brackets.md": b"[" * 10_000 + b"\n",
    "bomb.md": b"---\na: &a [x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b]\ntitle: *c\n---\n\ntext\n",
    "table.xlsx": b"PK\x03\x04",
}


@pytest.fixture
def instance(tmp_path: Path) -> Instance:
    made = Instance(tmp_path / "instance")
    made.subscribe("reader@example.org")
    return made


def slugs(instance: Instance, state: str = "published") -> set[str]:
    with instance.opened() as app:
        return {record.slug for record in app.editorial.all() if record.state == state}


def test_rubbish_is_one_clear_line_each_and_the_good_digest_goes(instance: Instance) -> None:
    for name, data in RUBBISH.items():
        instance.put(name, data)
    instance.digest("2024-11-21")
    instance.put(
        "other-2024-11-21.md", "---\nslug: 2024-11-21-news\ndate: 2024-11-21\ntitle: Other\n---\n\ntext\n"
    )

    ended = instance("run")

    assert ended.code == 1
    assert "Traceback" not in ended.err
    lines = ended.err.strip().splitlines()
    for name in [*RUBBISH, "other-2024-11-21.md"]:
        about = [line for line in lines if name in line]
        assert len(about) == 1, (name, lines)
    assert len(instance.mails()) == 1
    assert "2024-11-21-news" in slugs(instance)


def test_the_same_bytes_under_another_name_are_ignored(instance: Instance) -> None:
    path = instance.digest("2024-11-21")
    instance("run")
    instance.put("a-copy.txt", path.read_bytes())
    assert instance("run").code == 0
    assert slugs(instance) == {"2024-11-21-news"}
    assert len(instance.mails()) == 1


def test_a_file_changed_after_publication_is_told_and_never_republished(instance: Instance) -> None:
    path = instance.digest("2024-11-21")
    instance("run")
    before = instance.public_bytes()
    instance.put(path.name, path.read_bytes() + "\n  • A third thing.\n".encode())

    ended = instance("run")

    assert ended.code == 0
    assert "digest correct" in ended.err
    assert len(instance.mails()) == 1
    assert instance.public_bytes() == before


def test_a_file_changed_before_publication_replaces_what_was_there(instance: Instance) -> None:
    instance.newsletter = 'schedule = "daily 07:00"\n'
    instance.configure()
    instance.put("news-2099-01-01.txt", DIGEST.format(date="2099-01-01", title="First"))
    instance("run")
    instance.put("news-2099-01-01.txt", DIGEST.format(date="2099-01-01", title="Second"))
    ended = instance("run")
    assert ended.code == 0, ended
    assert "replaced" in ended.out
    with instance.opened() as app:
        assert [record.title for record in app.editorial.all()] == ["Second"]


@pytest.mark.slow
def test_a_slug_changed_before_publication_is_the_only_one_that_is_published(instance: Instance) -> None:
    text = "---\ntitle: Named\ndate: 2024-11-21\nslug: {slug}\nstatus: {status}\n---\n\nThe lead.\n"
    instance.put("named.md", text.format(slug="first", status="draft"))
    instance("run")
    instance.put("named.md", text.format(slug="second", status="finalized"))

    ended = instance("run")

    assert ended.code == 0, ended
    assert slugs(instance) == {"second"}
    documents = instance.public_bytes()
    assert "daily/second/index.html" in documents
    assert b"daily/second" in documents["daily/atom.xml"]
    assert not any(b"first" in data for path, data in documents.items() if path.startswith("daily/atom"))


def test_a_digest_whose_file_leaves_the_inbox_is_held_until_it_is_back(instance: Instance) -> None:
    text = DIGEST.format(date="2099-01-01", title="Later")
    path = instance.put("news-2099-01-01.txt", text)
    instance("run")
    path.unlink()
    assert instance("run").code == 1
    assert slugs(instance, "held") == {"2099-01-01-news"}
    instance.put(path.name, text)
    assert instance("run").code == 0
    assert slugs(instance, "finalized") == {"2099-01-01-news"}


def test_a_draft_waits_until_it_is_finalized_by_hand(instance: Instance) -> None:
    instance.put("news.md", "---\ntitle: Draft\ndate: 2024-11-21\nstatus: draft\n---\n\nThe lead.\n")
    assert instance("run").code == 0
    assert instance.mails() == []
    assert instance("digest", "finalize", "2024-11-21-news").code == 0
    assert instance("run").code == 0
    assert len(instance.mails()) == 1


def test_a_held_digest_waits_for_release_which_publishes_at_once(instance: Instance) -> None:
    instance.newsletter = 'schedule = "0 7 29 2 *"\n'
    instance.configure()
    instance.put("news-2099-01-01.txt", DIGEST.format(date="2099-01-01", title="Held"))
    instance("run")
    assert instance("digest", "hold", "2099-01-01-news", "--reason", "the lawyer reads it").code == 0
    assert instance("run").code == 1
    assert "the lawyer reads it" in instance("digest", "list").out
    assert instance("digest", "release", "2099-01-01-news").code == 0
    assert instance("run").code == 0
    assert len(instance.mails()) == 1


@pytest.mark.slow
def test_a_backlog_is_published_without_mail_until_released_with_mail(instance: Instance) -> None:
    for day in range(10, 22):
        instance.digest(f"2024-11-{day}")
    ended = instance("run")
    assert ended.code == 0, ended
    assert [mail["Subject"] for mail in instance.mails()] == ["News of 2024-11-21"]
    assert len(slugs(instance)) == 12
    assert instance("digest", "list").out.count("not mailed: backlog") == 11

    refused = instance("digest", "release", "2024-11-10-news")
    assert refused.code == 2
    assert "--mail" in refused.err
    assert instance("digest", "release", "2024-11-10-news", "--mail").code == 0
    assert instance("run").code == 0
    assert sorted(str(mail["Subject"]) for mail in instance.mails()) == [
        "News of 2024-11-10",
        "News of 2024-11-21",
    ]


@pytest.mark.slow
def test_titles_that_repeat_get_the_date_into_the_subject(instance: Instance) -> None:
    instance.digest("2024-11-20", "Good morning")
    instance("run")
    instance.digest("2024-11-21", "Good morning")
    instance("run")
    assert sorted(str(mail["Subject"]) for mail in instance.mails()) == [
        "Good morning",
        "Good morning – November 21, 2024",
    ]


@pytest.mark.slow
def test_who_left_between_two_digests_gets_only_the_first(instance: Instance) -> None:
    instance.digest("2024-11-20")
    instance("run")
    with instance.opened() as app:
        link = str(instance.mails()[0]["List-Unsubscribe"]).strip("<>")
        holder = app.people.holder(link.rpartition("/")[2])
        assert holder is not None
        assert app.people.unsubscribe(holder, how="test", now=app.clock())
    instance.digest("2024-11-21")
    ended = instance("run")
    assert ended.code == 0, ended
    assert len(instance.mails()) == 1
