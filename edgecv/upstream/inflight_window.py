"""Messages in flight side by side, settled in the order they were sent, in whatever order the answers come."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from edgecv.storage.outbox import Message
from edgecv.upstream.link_protocol import Answer


class InflightWindow:
    """Messages that were sent and are not settled.

    A message may travel as several packets; it is answered when all are, and refused when one is. Only a message that
    nothing unanswered stands before is settled, so that the place in the outbox never jumps over one.
    """

    def __init__(self) -> None:
        self._sent: deque[tuple[Message, set[int]]] = deque()
        self._refusals: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self._sent)

    def sent(self, message: Message, packets: Iterable[int]) -> None:
        """Note the packets that a message went out in; with none it counts as answered."""
        self._sent.append((message, set(packets)))

    def refuse(self, message: Message, reason: str) -> None:
        """Note a message that is not even sent, in its place among the others."""
        self._sent.append((message, set()))
        self._refusals[message.seq] = reason

    def refuse_only(self, reason: str) -> None:
        """The one message that is under way is what the target cannot take."""
        message, packets = self._sent[0]
        packets.clear()
        self._refusals[message.seq] = reason

    @property
    def first(self) -> int | None:
        """The place in the outbox of the first that is under way, or None."""
        return self._sent[0][0].seq if self._sent else None

    def answered(self, packet: int, refusal: str | None = None) -> bool:
        """Note the answer to one packet; ``False`` when it belongs to no message here."""
        for message, packets in self._sent:
            if packet in packets:
                packets.discard(packet)
                if refusal is not None:
                    self._refusals.setdefault(message.seq, refusal)
                return True
        return False

    def settled(self) -> list[Answer]:
        """Take out the messages from the first on that are answered."""
        done: list[Answer] = []
        while self._sent and not self._sent[0][1]:
            message, _ = self._sent.popleft()
            done.append(Answer(message, self._refusals.pop(message.seq, None)))
        return done
