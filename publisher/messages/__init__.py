"""Mails as bytes: MIME compiled once per distinct set of blocks, then spliced per subscriber. Pure."""

from publisher.messages.headers import HeaderError, envelope_address, needs_smtputf8
from publisher.messages.identity import message_id
from publisher.messages.skeleton import Letterhead, Person, Skeleton, compile_message

__all__ = [
    "HeaderError",
    "Letterhead",
    "Person",
    "Skeleton",
    "compile_message",
    "envelope_address",
    "message_id",
    "needs_smtputf8",
]
