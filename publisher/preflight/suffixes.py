"""Which endings make a word a host, and how much of a host belongs to one owner.

A table for recognising addresses in running text, not a registry: the endings of countries (ISO 3166-1 as the root
zone has them), the usual generic ones, and those kept for examples (RFC 2606).
"""

from __future__ import annotations

_COUNTRIES = """
ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca
cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo
fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je
jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo
mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt
pw py qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk
tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw
"""
_GENERIC = """
com org net info biz edu gov mil int name pro mobi coop aero museum travel jobs asia cat post tel eus gal
news press media online site app dev blog shop store tech xyz club live world today email link page wiki
berlin hamburg koeln bayern wien london paris nyc scot wales swiss brussels vlaanderen amsterdam istanbul
example test invalid
"""
_IN_OTHER_SCRIPTS = """
рф рус укр бел бг мкд срб қаз мон ею ελ ευ հայ გე 中国 中國 香港 澳門 台湾 台灣 新加坡 한국
مصر قطر عمان السعودية امارات المغرب الجزائر تونس سورية فلسطين الاردن سودان ليبيا ایران پاکستان بھارت ישראל
"""

ENDINGS = frozenset(f"{_COUNTRIES} {_GENERIC} {_IN_OTHER_SCRIPTS}".split())
"""Last labels by which a word is a host."""

COUNTRIES = frozenset(_COUNTRIES.split())

_BELOW_COUNTRIES = """
ac asn co com edu gen go gob gouv gov govt gv id ltd me mil ne net nhs nom or org plc police sch school
"""
_SECOND = frozenset(_BELOW_COUNTRIES.split())
"""Labels under which countries sell names: `co.uk`, `com.au`, `or.jp`."""

_HOSTERS = """
github.io gitlab.io blogspot.com wordpress.com substack.com tumblr.com netlify.app vercel.app pages.dev
workers.dev herokuapp.com web.app firebaseapp.com azurewebsites.net cloudfront.net wixsite.com weebly.com
ghost.io notion.site fly.dev onrender.com translate.goog
"""
_SHARED = frozenset(_HOSTERS.split())
"""Hosts that let everybody have a name below theirs."""

_SAME_OWNER = {
    "youtu.be": "youtube.com",
    "twitter.com": "x.com",
    "fb.com": "facebook.com",
    "fb.me": "facebook.com",
}


def owner(host: str) -> str:
    """The part of a host that somebody owns: `example.co.uk` of `www.example.co.uk`."""
    labels = host.split(".")
    kept = 2
    if len(labels) > 2 and (
        ".".join(labels[-2:]) in _SHARED or (labels[-1] in COUNTRIES and labels[-2] in _SECOND)
    ):
        kept = 3
    name = ".".join(labels[-kept:])
    return _SAME_OWNER.get(name, name)
