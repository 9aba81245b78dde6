"""A TCP proxy in front of an engine: it can stall, hold connections while new
ones pass, deliver late what it has held, and cut."""

import contextlib
import selectors
import socket
import struct
import threading

from harness import wait_for

CHUNK = 1 << 16
MOST_HELD = 1 << 24  # bytes; a sender that goes on then waits


class Pipe:
    """One direction of a connection."""

    def __init__(self, source, target):
        self.source = source
        self.target = target
        self.bytes = bytearray()
        self.ended = False   # nothing more comes
        self.closed = False  # nothing more goes, by shutdown

    def fill(self):
        """Take what has come."""
        try:
            more = self.source.recv(CHUNK)
        except BlockingIOError:
            return
        except OSError:
            more = b""
        self.bytes += more
        self.ended = not more

    def drain(self):
        """Send what there is."""
        try:
            while self.bytes:
                del self.bytes[:self.target.send(self.bytes[:CHUNK])]
            if self.ended and not self.closed:
                self.closed = True
                self.target.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        except OSError:
            self.bytes.clear()
            self.ended = self.closed = True


class Link:
    """A connection through the proxy."""

    def __init__(self, down, up):
        self.sockets = down, up
        for sock in self.sockets:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pipes = Pipe(down, up), Pipe(up, down)
        self.held = False
        self.reads = False  # whether entries are asked for over it

    def close(self, reset=False):
        for sock in self.sockets:
            if reset:
                with contextlib.suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    struct.pack("ii", 1, 0))
            sock.close()

    def is_over(self):
        return not self.held and all(pipe.closed for pipe in self.pipes)


class Proxy:
    """Listens on a port that the system chooses, until close()."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.listener.setblocking(False)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.links = []
        self.stalled = False  # nothing passes on any connection
        self.is_cut = False   # none is accepted
        self.ending = False
        self.waker, self.wakened = socket.socketpair()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.port

    # What it does.

    def stall(self):
        """Nothing passes, until pass_again()."""
        self._set(stalled=True)

    def cut(self):
        """All connections are reset, and new ones, until pass_again()."""
        with self.lock:
            self.is_cut = True
            for link in self.links:
                link.close(reset=True)
            self.links.clear()
        self._wake()

    def pass_again(self):
        self._set(stalled=False, is_cut=False)

    def hold(self, only_reading=False):
        """Keep what comes from now on over the connections that there are, or
        over those by which entries are read; new ones pass."""
        with self.lock:
            for link in self.links:
                link.held = link.reads or not only_reading
        self._wake()

    def held_entries(self):
        """How many entries on their way to the log are held."""
        with self.lock:
            return sum(link.pipes[0].bytes.count(b"XADD")
                       for link in self.links if link.held)

    def release(self):
        """Deliver what was held, late. Wait until the engine has dealt with
        it and closed the connections, as their other ends have done."""
        with self.lock:
            links = [link for link in self.links if link.held]
            for link in links:
                link.held = False
        self._wake()
        wait_for(lambda: not set(links) & set(self.links), "late delivery")

    def close(self):
        self._set(ending=True)
        self.thread.join()
        for link in self.links:
            link.close()
        for sock in (self.listener, self.waker, self.wakened):
            sock.close()

    # Its thread.

    def _set(self, **values):
        with self.lock:
            for name, value in values.items():
                setattr(self, name, value)
        self._wake()

    def _wake(self):
        self.waker.send(b"\0")

    def _run(self):
        while not self.ending:
            with self.lock:
                selector = self._watched()
            with selector:
                ready = selector.select()
                with self.lock:
                    self._serve({key.fileobj: mask for key, mask in ready})

    def _watched(self):
        """A selector with what can go on now."""
        events = {self.listener: selectors.EVENT_READ,
                  self.wakened: selectors.EVENT_READ}
        for link in self.links:
            for pipe in link.pipes:
                if not pipe.ended and not self.stalled \
                        and len(pipe.bytes) < MOST_HELD:
                    events[pipe.source] = events.get(pipe.source, 0) \
                        | selectors.EVENT_READ
                if (pipe.bytes or pipe.ended and not pipe.closed) \
                        and not link.held and not self.stalled:
                    events[pipe.target] = events.get(pipe.target, 0) \
                        | selectors.EVENT_WRITE
        selector = selectors.DefaultSelector()
        for sock, mask in events.items():
            if sock.fileno() >= 0:
                selector.register(sock, mask)
        return selector

    def _serve(self, ready):
        if self.wakened in ready:
            self.wakened.recv(CHUNK)
        if self.listener in ready:
            self._accept()
        if self.stalled:
            return
        for link in self.links:
            for pipe in link.pipes:
                if ready.get(pipe.source, 0) & selectors.EVENT_READ:
                    pipe.fill()
                    link.reads |= b"XREAD" in pipe.bytes
                if not link.held:
                    pipe.drain()
        for link in [link for link in self.links if link.is_over()]:
            link.close()
            self.links.remove(link)

    def _accept(self):
        try:
            down, _ = self.listener.accept()
        except OSError:
            return
        up = socket.socket()
        link = Link(down, up)
        if self.is_cut:
            link.close(reset=True)
            return
        up.setblocking(True)
        try:
            up.connect(("127.0.0.1", self.target))
        except OSError:  # the engine is down
            link.close(reset=True)
            return
        up.setblocking(False)
        self.links.append(link)
