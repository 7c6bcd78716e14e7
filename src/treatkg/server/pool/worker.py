"""The processes that run untrusted queries: one loads the graph and forks workers, which share its memory.

Forking is safe here because this process has one thread, and quick: a killed worker is replaced within milliseconds,
without reading the graph again. The server itself never forks.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import math
import os
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import IO, cast

from treatkg import knowledge, namespaces
from treatkg.errors import TreatKGError
from treatkg.loading import index
from treatkg.server.asking import Question, answer, unpacked
from treatkg.server.negotiation import Offer
from treatkg.server.pool.channel import DATA, END, REFUSED, STOPPED, frame, receive
from treatkg.server.pool.limits import MIB, Limits
from treatkg.server.pool.versions import digest, opened
from treatkg.sparql_text import QuerySyntaxError

_CHUNK = 64 * 1024
_KILL_WITH_PARENT = 1  # PR_SET_PDEATHSIG
_Loaded = tuple[knowledge.Embedded | None, str]  # a graph in memory, if it is one, and its fingerprint


class _TooLongError(Exception):
    pass


class _Indexed(knowledge.Stored):
    """The index of a store as it stands; the server has brought it up to date."""

    def __init__(self, folder: Path) -> None:
        self.name, self.online = str(folder), False
        self.store = index.standing(folder)


def _indexed(folder: Path) -> tuple[_Indexed, str]:
    """Return the index of a store and the fingerprint of the files that it was made from."""
    while True:
        before = digest(folder)
        engine = _Indexed(folder)
        if digest(folder) == before:
            return engine, before


class _Output:
    """Sends what is written to it in chunks, up to a limit."""

    def __init__(self, channel: socket.socket, limit: int) -> None:
        self.channel, self.left = channel, limit
        self.chunk = bytearray()

    def write(self, data: bytes) -> int:
        self.left -= len(data)
        if self.left < 0:
            raise _TooLongError
        self.chunk += data
        if len(self.chunk) >= _CHUNK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self.chunk:
            self.channel.sendall(frame(DATA, self.chunk))
            self.chunk.clear()


def main() -> None:
    """Load the graph, say so on the control socket, then fork a worker whenever told."""
    descriptor, path, given = sys.argv[1:]
    control = socket.socket(fileno=int(descriptor))
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    limits = Limits(**json.loads(given))
    try:
        engine, version = _load(Path(path))
    except TreatKGError as error:
        _tell(control, {"error": str(error)})
        return
    try:
        _tell(control, {"digest": version})
    except BrokenPipeError:  # the server has ended meanwhile
        return
    gc.collect()
    gc.freeze()
    _Forking(control, Path(path), (engine, version), limits).run()
    os._exit(0)


def _load(path: Path) -> _Loaded:
    """Return the graph, to be shared, and its fingerprint. An index is opened by each worker: it has threads."""
    namespaces.prefixes()  # is read from a file at its first use, when workers can open none
    if knowledge.is_store(path):
        return None, digest(path)
    version = opened(path)
    return cast("knowledge.Embedded", version.knowledge.engine), version.digest


class _Forking:
    """Forks, kills and buries workers until the server goes away."""

    def __init__(self, control: socket.socket, path: Path, graph: _Loaded, limits: Limits) -> None:
        self.control, self.path, self.graph, self.limits = control, path, graph, limits
        self.workers: set[int] = set()
        self.libc = ctypes.CDLL(None)
        self.woken, waking = socket.socketpair()
        for end in (self.woken, waking):
            end.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(waking.fileno(), warn_on_full_buffer=False)
        self.waking = waking

    def run(self) -> None:
        while True:
            ready, _, _ = select.select([self.control, self.woken], [], [])
            if self.woken in ready:
                with contextlib.suppress(BlockingIOError):
                    self.woken.recv(4096)
                self._bury()
            if self.control in ready and not self._obey():
                break
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)

    def _obey(self) -> bool:
        data, descriptors, _, _ = socket.recv_fds(self.control, 4096, 1)
        for line in data.decode().splitlines():
            command, _, argument = line.partition(" ")
            if command == "fork":
                self._fork(descriptors.pop())
            elif int(argument) in self.workers:  # not yet buried, so the number is still its own
                os.kill(int(argument), signal.SIGKILL)
        return bool(data)

    def _fork(self, descriptor: int) -> None:
        pid = os.fork()
        if pid == 0:
            try:
                self._become_worker(descriptor)
            finally:
                os._exit(1)
        os.close(descriptor)
        self.workers.add(pid)
        _tell(self.control, {"forked": pid})

    def _become_worker(self, descriptor: int) -> None:
        if sys.platform == "linux":
            self.libc.prctl(_KILL_WITH_PARENT, signal.SIGKILL)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for end in (self.control, self.woken, self.waking):
            end.close()
        engine, version = self.graph
        if engine is None:
            engine, version = _indexed(self.path)
        _Worker(socket.socket(fileno=descriptor), engine, version, self.limits).run()

    def _bury(self) -> None:
        for pid in list(self.workers):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self.workers.discard(pid)
                with contextlib.suppress(OSError):
                    _tell(self.control, {"ended": pid, "status": status})


class _Worker:
    """Answers one query after the other on its channel."""

    def __init__(self, channel: socket.socket, engine: knowledge.Embedded, version: str, limits: Limits) -> None:
        self.channel, self.engine, self.digest, self.limits = channel, engine, version, limits
        self.statm = _open_statm()
        self.before = self._address_space()
        if self.before:
            space = self.before + limits.memory * MIB
            resource.setrlimit(resource.RLIMIT_AS, (space, space))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        if not isinstance(engine, knowledge.Stored):  # an index opens its files when it needs them
            resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))  # no file and no connection can be opened any more

    def run(self) -> None:
        while message := receive(self.channel):
            self._answer(*unpacked(json.loads(message)))
        os._exit(0)

    def _answer(self, question: Question, offer: Offer) -> None:
        self._limit_cpu()
        output = _Output(self.channel, self.limits.result * MIB)
        try:
            answer(self.engine, question, offer, cast("IO[bytes]", output))
            output.flush()
        except _TooLongError:
            self.channel.sendall(frame(STOPPED, b"result"))
        except MemoryError:
            self.channel.sendall(frame(STOPPED, b"memory"))
        except TreatKGError as error:
            place = (str(error), error.line, error.column) if isinstance(error, QuerySyntaxError) else None
            self._end(REFUSED, error=str(error), place=place)
        else:
            self._end(END, digest=self.digest)

    def _end(self, kind: bytes, **told: object) -> None:
        """End an answer; say whether this process has taken so much memory that it is better replaced."""
        worn = self._address_space() > self.before + self.limits.memory * MIB // 2
        self.channel.sendall(frame(kind, json.dumps({**told, "worn": worn}).encode("utf-8", "replace")))

    def _limit_cpu(self) -> None:
        """Let the system end a query that outlives its server: the server itself stops it sooner."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        seconds = math.ceil(used.ru_utime + used.ru_stime + self.limits.timeout) + 1
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))

    def _address_space(self) -> int:
        """Return the bytes of address space of this process; 0 where the system does not tell."""
        if self.statm is None:
            return 0
        return int(os.pread(self.statm, 100, 0).split()[0]) * resource.getpagesize()


def _open_statm() -> int | None:
    with contextlib.suppress(OSError):
        return os.open("/proc/self/statm", os.O_RDONLY)
    return None


def _tell(control: socket.socket, message: dict[str, object]) -> None:
    control.sendall(json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    main()
