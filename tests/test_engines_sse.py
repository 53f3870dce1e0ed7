"""Server-sent events, however their bytes are cut."""

from itertools import chain

import pytest
from chatserver import whole

from rag.engines.sse import EndlessLine, EventReader

WHOLE = whole(("Jason ", "Droege — ", "“he”."))


class TestEvents:
    def data(self, *chunks: bytes) -> list[str]:
        reader = EventReader()
        return [data for chunk in chunks for data in reader.feed(chunk)]

    def test_cut_at_any_byte(self) -> None:
        expected = self.data(WHOLE)
        for at in range(len(WHOLE) + 1):
            assert self.data(WHOLE[:at], WHOLE[at:]) == expected

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    def test_every_end_of_a_line(self, end: bytes) -> None:
        stream = b": a comment\nid: 1\ndata:one\ndata: two\n\ndata: three\n\n".replace(b"\n", end)
        for size in (1, 2, 3, len(stream)):
            chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
            assert self.data(*chunks, b"x") == ["one\ntwo", "three"]

    def test_what_is_not_whole_is_no_event(self) -> None:
        assert self.data(b"data: one\n\ndata: tw") == ["one"]

    @pytest.mark.parametrize("endless", [b"x", b"data: x\n"])
    def test_without_an_end(self, endless: bytes) -> None:
        reader = EventReader(longest=1000)
        with pytest.raises(EndlessLine):
            list(chain.from_iterable(reader.feed(endless) for _ in range(2000)))
