"""The messages of DNS (RFC 1035) as far as a resolver of addresses needs them: questions with one name, answers with addresses."""

from __future__ import annotations

import re
import socket
import struct
from typing import NamedTuple

TYPE_A = 1
TYPE_AAAA = 28

FORMAT_ERROR = 1
SERVER_FAILURE = 2
NO_SUCH_NAME = 3
NOT_IMPLEMENTED = 4
REFUSED = 5

_HEADER = struct.Struct("!2sBBHHHH")
_CLASS_INTERNET = 1
_LONGEST_NAME = 255
#: In the first byte of flags.
_RESPONSE, _OPCODE, _RECURSION_DESIRED = 0x80, 0x78, 0x01
#: In the second one.
_RECURSION_AVAILABLE = 0x80
#: The name of an answer, its type, its class, for how long it may be kept, the length of its address.
_RECORD = struct.Struct("!HHHIH")
#: A name: that of the question, which is at this place.
_QUESTION = 0xC000 | _HEADER.size
#: No host's name has other characters, and a dot inside a label would look like one between two.
_LABEL = re.compile(rb"[!-\-/-~]+")


class Question(NamedTuple):
    name: str
    type: int
    #: The message up to the end of the question, which an answer begins with.
    head: bytes


class BadQuestion(Exception):
    """The message is none that this resolver understands. `reply` is what to answer; None for nothing."""

    def __init__(self, reply: bytes | None) -> None:
        super().__init__()
        self.reply = reply


def parse(message: bytes) -> Question:
    """Raises BadQuestion."""
    if len(message) < _HEADER.size or message[2] & _RESPONSE:
        raise BadQuestion(None)
    header = message[: _HEADER.size]
    if message[2] & _OPCODE:
        raise BadQuestion(failure(header, NOT_IMPLEMENTED))
    if int.from_bytes(message[4:6], "big") != 1:
        raise BadQuestion(failure(header, FORMAT_ERROR))
    labels = []
    at = len(header)
    while True:
        # A length of 64 or more is a pointer, and nothing comes before the question to which it could point.
        size = message[at] if at < len(message) else 64
        at += 1 + size
        if size > 63 or at + 4 > len(message) or at - len(header) > _LONGEST_NAME:
            raise BadQuestion(failure(header, FORMAT_ERROR))
        if size == 0:
            break
        labels.append(message[at - size : at])
    kind, class_ = struct.unpack_from("!HH", message, at)
    head = message[: at + 4]
    if class_ != _CLASS_INTERNET:
        raise BadQuestion(failure(head, NOT_IMPLEMENTED))
    if not labels or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadQuestion(failure(head, NO_SUCH_NAME))
    return Question(b".".join(labels).decode("ascii"), kind, head)


def answer(question: Question, addresses: list[str], most: int) -> bytes:
    """`most` is in bytes; addresses that do not fit in are left out."""
    family = socket.AF_INET if question.type == TYPE_A else socket.AF_INET6
    records = []
    room = most - len(question.head)
    for address in addresses:
        packed = socket.inet_pton(family, address)
        room -= _RECORD.size + len(packed)
        if room < 0:
            break
        # Not to be kept by who gets it, because the host looks up anew each time.
        records.append(_RECORD.pack(_QUESTION, question.type, _CLASS_INTERNET, 0, len(packed)) + packed)
    return _marked(question.head, 0, len(records)) + b"".join(records)


def failure(head: bytes, code: int) -> bytes:
    """An answer that says only why there is none. `head` is a header, alone or with the question."""
    return _marked(head, code, 0)


def _marked(head: bytes, code: int, answers: int) -> bytes:
    flags = _RESPONSE | head[2] & (_OPCODE | _RECURSION_DESIRED)
    questions = 1 if len(head) > _HEADER.size else 0
    return _HEADER.pack(head[:2], flags, _RECURSION_AVAILABLE | code, questions, answers, 0, 0) + head[_HEADER.size :]
