"""
A name server at the machine's loopback, which /etc/resolv.conf names. The host answers its questions. All of it happens in the pump's thread.

1. A name that has IPv4 addresses is told to have no others: a program's connections succeed at first in any case, so that it would not try the
   next address where the host has no IPv6.
2. Questions for both kinds of addresses of a name, which programs ask at once, are one look-up.
"""

from __future__ import annotations

import json
import socket
from concurrent.futures import Future
from selectors import EVENT_READ

from ..address import is_local
from ..failure import NO_ACCESS
from ..lookup import Lookup
from ..permission import Permission
from ..pump import Pump
from ..streams import GuestStreams
from .dns_message import NO_SUCH_NAME, NOT_IMPLEMENTED, REFUSED, SERVER_FAILURE, TYPE_A, TYPE_AAAA, BadQuestion, Question, answer, failure, parse
from .found_names import FoundNames
from .refusals import Refusals

_ADDRESS = ("127.0.0.1", 53)
#: Of a message over UDP, in bytes.
_MOST_BYTES = 512
_IPV4 = 4


class StubResolver:
    def __init__(self, streams: GuestStreams, pump: Pump, permission: Permission, names: FoundNames, refusals: Refusals) -> None:
        self._streams = streams
        self._pump = pump
        self._permission = permission
        self._names = names
        self._refusals = refusals
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        #: Who waits for the addresses of a name.
        self._askers: dict[str, list[tuple[Question, tuple]]] = {}

    def listen(self) -> None:
        """Raises OSError."""
        self._socket.setblocking(False)
        self._socket.bind(_ADDRESS)
        self._pump.post(lambda: self._pump.watch(self._socket, EVENT_READ, 0, lambda _: self._receive()))

    def _receive(self) -> None:
        try:
            message, asker = self._socket.recvfrom(_MOST_BYTES)
        except OSError:
            return
        try:
            question = parse(message)
        except BadQuestion as bad:
            if bad.reply is not None:
                self._send(bad.reply, asker)
            return
        if question.type in (TYPE_A, TYPE_AAAA):
            self._look_up(question, asker)
        else:
            self._send(failure(question.head, NOT_IMPLEMENTED), asker)

    def _look_up(self, question: Question, asker: tuple) -> None:
        name = question.name
        if is_local(name):
            return self._send(answer(question, ["127.0.0.1"] if question.type == TYPE_A else [], _MOST_BYTES), asker)
        askers = self._askers.setdefault(name, [])
        askers.append((question, asker))
        if len(askers) > 1:
            return
        if self._permission.refusal is not None:
            return self._fail(name, REFUSED, self._permission.refusal)
        try:
            found = Lookup.begin(self._streams, name)
        except OSError as error:
            return self._fail(name, SERVER_FAILURE, str(error))
        found.add_done_callback(lambda done: self._pump.post(lambda: self._looked_up(name, done)))

    def _looked_up(self, name: str, done: Future[list[dict]]) -> None:
        error = done.exception()
        if error is not None:
            return self._fail(name, _code_of(error), str(error))
        found = self._names.learn(name, done.result())
        has_v4 = any(each["family"] == _IPV4 for each in found)
        for question, asker in self._askers.pop(name):
            wanted = [each["address"] for each in found if (each["family"] == _IPV4) == (question.type == TYPE_A)]
            self._send(answer(question, [] if question.type == TYPE_AAAA and has_v4 else wanted, _MOST_BYTES), asker)

    def _fail(self, name: str, code: int, reason: str) -> None:
        if code != NO_SUCH_NAME:
            self._refusals.tell(f"look up {json.dumps(name)}", reason)
        for question, asker in self._askers.pop(name):
            self._send(failure(question.head, code), asker)

    def _send(self, reply: bytes, asker: tuple) -> None:
        try:
            self._socket.sendto(reply, asker)
        except OSError:
            pass  # who asked is gone, and would ask again otherwise


def _code_of(error: BaseException) -> int:
    if isinstance(error, socket.gaierror):
        return NO_SUCH_NAME if error.errno == socket.EAI_NONAME else SERVER_FAILURE
    return REFUSED if isinstance(error, OSError) and error.errno == NO_ACCESS else SERVER_FAILURE
