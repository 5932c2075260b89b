"""Files in a real folder: whole or not at all, once, and never more than was allowed."""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.media.blobs import Blob, Missing, StorageFull, StorageUnavailable, TooLarge, digest
from bridge.media.files import FileBlobs

LIMIT = 10_000_000


async def chunks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def found(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


async def test_what_is_put_is_there(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "a" / "media")
    blob = await blobs.put(chunks(b"hello ", b"", b"world"), LIMIT)
    assert blob == Blob(hash=hashlib.sha256(b"hello world").hexdigest(), size=11)
    assert blob == await digest(chunks(b"hello world"), LIMIT)
    assert await blobs.exists(blob.hash)
    with await blobs.open(blob.hash) as file:
        assert file.read() == b"hello world"
        assert file.seek(6) == 6
        assert file.read() == b"world"
    assert found(blobs.folder) == [blobs.folder / blob.hash[:2] / blob.hash[2:4] / blob.hash]


async def test_only_we_may_look(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path / "media")
    before = os.umask(0)
    try:
        await blobs.put(chunks(b"secret"), LIMIT)
    finally:
        os.umask(before)
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in [blobs.folder, *blobs.folder.rglob("*")]}
    assert {modes[p] for p in modes if p.is_dir()} == {0o700}
    assert {modes[p] for p in modes if p.is_file()} == {0o600}


async def test_an_empty_file(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blob = await blobs.put(chunks(), 0)
    assert blob.size == 0
    with await blobs.open(blob.hash) as file:
        assert file.read() == b""


async def test_the_same_bytes_at_once_are_stored_once(tmp_path: Path) -> None:
    blobs, body = FileBlobs(tmp_path), [os.urandom(70_000) for _ in range(5)]
    kept = await asyncio.gather(*(blobs.put(chunks(*body), LIMIT) for _ in range(20)))
    assert len(set(kept)) == 1
    assert [p.name for p in found(tmp_path)] == [kept[0].hash]
    with await blobs.open(kept[0].hash) as file:
        assert file.read() == b"".join(body)


async def test_different_ones_at_once_are_kept_apart(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    bodies = [[bytes([i]) * 50_000, bytes([i + 1]) * 50_000] for i in range(20)]
    kept = await asyncio.gather(*(blobs.put(chunks(*body), LIMIT) for body in bodies))
    for body, blob in zip(bodies, kept, strict=True):
        assert hashlib.sha256(b"".join(body)).hexdigest() == blob.hash
        with await blobs.open(blob.hash) as file:
            assert file.read() == b"".join(body)


async def test_too_much_is_refused_while_it_comes(tmp_path: Path) -> None:
    asked = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal asked
        while True:
            asked += 1
            yield b"x" * 1000

    blobs = FileBlobs(tmp_path)
    with pytest.raises(TooLarge) as refused:
        await blobs.put(endless(), 10_000)
    assert (refused.value.limit, asked, found(tmp_path)) == (10_000, 11, [])
    assert (await blobs.put(chunks(b"x" * 10_000), 10_000)).size == 10_000
    with pytest.raises(TooLarge):
        await digest(endless(), 10_000)


async def test_a_source_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"a" * 100_000
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await FileBlobs(tmp_path).put(broken(), LIMIT)
    assert found(tmp_path) == []


async def test_a_cancelled_put_leaves_nothing(tmp_path: Path) -> None:
    blobs, begun = FileBlobs(tmp_path), asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"a" * 100_000
        assert len(found(tmp_path)) == 1
        begun.set()
        await asyncio.Event().wait()

    putting = asyncio.create_task(blobs.put(stuck(), LIMIT))
    await asyncio.wait_for(begun.wait(), 5)
    putting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await putting
    assert found(tmp_path) == []


async def test_puts_cancelled_at_any_moment_leave_nothing_half(tmp_path: Path) -> None:
    """Also while a thread writes: what it writes to must not be closed below it."""
    blobs, body = FileBlobs(tmp_path), [b"a" * 300_000] * 5
    whole = await digest(chunks(*body), LIMIT)
    for turns in range(60):
        putting = asyncio.create_task(blobs.put(chunks(*body), LIMIT))
        for _ in range(turns):
            await asyncio.sleep(0)
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
    names = {p.name for p in found(tmp_path)}
    assert names <= {whole.hash}
    if names:
        assert (await digest(chunks(found(tmp_path)[0].read_bytes()), LIMIT)) == whole


async def test_a_damaged_copy_is_mended_by_the_next_put(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blob = await blobs.put(chunks(b"whole"), LIMIT)
    found(tmp_path)[0].write_bytes(b"wh")
    await blobs.put(chunks(b"whole"), LIMIT)
    assert found(tmp_path)[0].read_bytes() == b"whole"
    assert found(tmp_path)[0].name == blob.hash


async def test_deleted_is_gone_but_not_for_who_reads(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    blob = await blobs.put(chunks(b"hello"), LIMIT)
    with await blobs.open(blob.hash) as file:
        await blobs.delete(blob.hash)
        assert file.read() == b"hello"
    assert not await blobs.exists(blob.hash)
    with pytest.raises(Missing):
        await blobs.open(blob.hash)
    await blobs.delete(blob.hash)


@pytest.mark.parametrize("hash", ["", "..", "../" * 20 + "etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n", "a" * 64])
async def test_what_is_no_hash_is_no_path(tmp_path: Path, hash: str) -> None:
    blobs = FileBlobs(tmp_path)
    with pytest.raises(Missing):
        await blobs.open(hash)
    assert not await blobs.exists(hash)
    await blobs.delete(hash)


async def test_a_file_in_place_of_the_folder(tmp_path: Path) -> None:
    place = tmp_path / "media"
    place.write_text("I am in the way")
    blobs = FileBlobs(place)
    for trying in (
        lambda: blobs.put(chunks(b"x"), LIMIT),
        lambda: blobs.open("a" * 64),
        lambda: blobs.exists("a" * 64),
        lambda: blobs.delete("a" * 64),
        blobs.sweep,
    ):
        with pytest.raises(StorageUnavailable, match=f"{place}.*must be a folder"):
            await trying()
    assert place.read_text() == "I am in the way"


async def test_once_the_folder_can_be_used_it_is(tmp_path: Path) -> None:
    place = tmp_path / "media"
    place.write_text("x")
    blobs = FileBlobs(place)
    with pytest.raises(StorageUnavailable):
        await blobs.put(chunks(b"x"), LIMIT)
    place.unlink()
    assert (await blobs.put(chunks(b"x"), LIMIT)).size == 1


FULL = """
    import asyncio, pathlib, resource, sys
    from bridge.media.blobs import StorageFull
    from bridge.media.files import FileBlobs

    async def chunks(n):
        for _ in range(n):
            yield b"x" * 10_000

    async def main():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        blobs = FileBlobs(pathlib.Path(sys.argv[1]))
        try:
            await blobs.put(chunks(100), 10**9)
        except StorageFull as full:
            print("full:", full)
        print((await blobs.put(chunks(2), 10**9)).size)

    asyncio.run(main())
"""


async def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path) -> None:
    media = tmp_path / "media"
    child = [sys.executable, "-W", "error", "-c", textwrap.dedent(FULL), str(media)]
    done = await asyncio.to_thread(subprocess.run, child, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith(f"full: the media folder {media} is full")
    assert (second, [p.stat().st_size for p in found(media)]) == ("20000", [20_000])
    assert issubclass(StorageFull, StorageUnavailable)


KILLED = """
    import asyncio, os, pathlib, signal, sys
    from bridge.media.files import FileBlobs

    async def chunks():
        yield b"x" * 100_000
        print("begun", flush=True)
        await asyncio.Event().wait()

    asyncio.run(FileBlobs(pathlib.Path(sys.argv[1])).put(chunks(), 10**9))
"""


async def test_what_a_killed_process_left_is_swept_and_what_is_written_now_stays(tmp_path: Path) -> None:
    blobs, begun, go_on = FileBlobs(tmp_path), asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"mine"
        begun.set()
        await go_on.wait()

    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(KILLED), str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    assert await asyncio.wait_for(child.stdout.readline(), 30) == b"begun\n"
    assert await blobs.sweep() == 0, "it is written to by another process"
    child.kill()
    await child.wait()
    kept = await blobs.put(chunks(b"done"), LIMIT)
    putting = asyncio.create_task(blobs.put(slow(), LIMIT))
    await asyncio.wait_for(begun.wait(), 5)
    assert len(found(tmp_path)) == 3
    assert await blobs.sweep() == 1
    go_on.set()
    mine = await putting
    assert {p.name for p in found(tmp_path)} == {mine.hash, kept.hash}
    assert await blobs.sweep() == 0
