"""Certificates, servers with --tls, and clients with certificates, for the tests
of Modbus/TCP Security.

Certificates are made by openssl's command, once for all tests of a process.
"""

import atexit
import contextlib
import functools
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time

from harness import DEADLINE, Client, adu
from still_clock import StillTest

OPENSSL = os.environ.get("OPENSSL", "openssl")
ROLE_OID = "1.3.6.1.4.1.50316.802.1"

ROLES = """\
role Operator        read all write registers:1000-1999 coils:0-15
role Historian       read registers
role "Plant Manager" read all write all quit
role Writer          write all
role Nothing
"""

TLS1_2, TLS1_3 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
VERSIONS = (TLS1_2, TLS1_3)


def openssl(*arguments, **options):
    """Run openssl's command; its standard output."""
    done = subprocess.run([OPENSSL, *arguments], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=DEADLINE, check=False, **options)
    if done.returncode != 0:
        raise AssertionError("openssl %s: %s" % (
            " ".join(arguments), done.stderr.decode(errors="replace")))
    return done.stdout


def yesterday():
    """When certificates and lists begin: clocks may be set back."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() - 86400))


class Authority:
    """One that issues certificates: a root, or below another one."""

    def __init__(self, folder, name, issuer=None):
        self.folder, self.name, self.issuer = folder, name, issuer
        self.serial = 0
        extensions = ("basicConstraints=critical,CA:TRUE\n"
                      "keyUsage=critical,keyCertSign,cRLSign\n"
                      "subjectKeyIdentifier=hash\n")
        if issuer:
            issuer.issue(name, "/O=Plant/CN=" + name, extensions)
        else:
            self._issue(self, name, "/O=Plant/CN=" + name, extensions)

    def path(self, name, kind="pem"):
        return os.path.join(self.folder, "%s.%s" % (name, kind))

    def issue(self, name, subject, extensions, days="90", not_before=None,
              not_after=None):
        """A certificate and its key, of a P-256 key."""
        self._issue(self, name, subject, extensions, days, not_before,
                    not_after)

    @staticmethod
    def _key(path):
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-out", path)
        os.chmod(path, 0o600)

    def _issue(self, by, name, subject, extensions, days="90",
               not_before=None, not_after=None):
        self._key(self.path(name, "key"))
        text = self.path(name, "ext")
        with open(text, "w") as file:
            file.write(extensions)
        by.serial += 1
        request = self.path(name, "csr")
        config = self.path(name, "cnf")
        with open(config, "w") as file:
            file.write("[req]\ndistinguished_name=dn\n[dn]\n[ca]\n"
                       "default_ca=own\n[own]\nnew_certs_dir=%s\n"
                       "database=%s\nserial=%s\npolicy=any\n"
                       "default_md=sha256\nunique_subject=no\n[any]\n"
                       "commonName=optional\norganizationName=optional\n"
                       % (self.folder, self.path(name, "db"),
                          self.path(name, "serial")))
        openssl("req", "-new", "-key", self.path(name, "key"), "-out",
                request, "-subj", subject, "-config", config, "-utf8")
        open(self.path(name, "db"), "w").close()
        with open(self.path(name, "serial"), "w") as file:
            file.write("%04X\n" % (0x1000 + by.serial))
        if by is self and not os.path.exists(self.path(self.name)):
            signer = ["-selfsign"]
        else:
            signer = ["-cert", by.path(by.name)]
        end = ["-enddate", not_after] if not_after else ["-days", days]
        openssl("ca", "-batch", "-notext", "-in", request, "-out",
                self.path(name), "-config", config, "-preserveDN", *signer,
                "-keyfile", by.path(by.name, "key"), "-startdate",
                not_before or yesterday(), *end, "-extfile", text)

    def read(self, name):
        with open(self.path(name)) as file:
            return file.read()

    def client(self, name, subject=None, role=None, der=None, usage="clientAuth",
               **dates):
        """A client with a role, or with the bytes of such an extension."""
        extensions = "basicConstraints=critical,CA:FALSE\n"
        if usage:
            extensions += "extendedKeyUsage=%s\n" % usage
        if role is not None:
            extensions += "%s=ASN1:UTF8String:%s\n" % (ROLE_OID, role)
        if der is not None:
            extensions += "%s=DER:%s\n" % (ROLE_OID, der.hex(":"))
        self.issue(name, subject or "/O=Plant/CN=" + name, extensions, **dates)
        return name

    def revoked(self, *names, passed=False):
        """A list of what it has revoked, in PEM; one that has passed."""
        config = self.path(self.name + "_crl", "cnf")
        database = self.path(self.name + "_crl", "db")
        open(database, "w").close()
        with open(config, "w") as file:
            file.write("[ca]\ndefault_ca=own\n[own]\ndatabase=%s\n"
                       "default_md=sha256\ndefault_crl_days=30\n"
                       "unique_subject=no\n" % database)
        common = ["-config", config, "-cert", self.path(self.name), "-keyfile",
                  self.path(self.name, "key")]
        for name in names:
            openssl("ca", *common, "-revoke", self.path(name))
        dates = ["-crl_lastupdate", "20200101000000Z", "-crl_nextupdate",
                 "20200201000000Z"] if passed else [
                     "-crl_lastupdate", yesterday()]
        return openssl("ca", *common, "-gencrl", *dates).decode()


@functools.cache
def plant():
    """The certificates that most tests need."""
    folder = tempfile.mkdtemp(prefix="mbasyncserver-tls-")
    atexit.register(shutil.rmtree, folder)
    root = Authority(folder, "root")
    root.issue("server", "/O=Plant/CN=server",
               "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
               "extendedKeyUsage=serverAuth\n")
    with open(root.path("chain"), "w") as file:
        file.write(root.read("server") + root.read("root"))
    root.client("operator", "/O=Plant/CN=HMI 3", "Operator")
    root.client("historian", role="Historian")
    root.client("manager", role="Plant Manager")
    root.client("writer", role="Writer")
    root.client("nothing", role="Nothing")
    root.client("unnamed", role="Unnamed")
    root.client("norole")
    with open(root.path("roles", "txt"), "w") as file:
        file.write(ROLES)
    return root


def tls_options(address="127.0.0.1:0", **other):
    """The options of a server; others replace a file, None leaves it out."""
    p = plant()
    files = {"cert": p.path("chain"), "key": p.path("server", "key"),
             "ca": p.path("root"), "crl": None,
             "roles": p.path("roles", "txt"), **other}
    options = ["--tls", address]
    for name, file in files.items():
        if file is not None:
            options += ["--roles" if name == "roles" else "--tls-" + name,
                        file]
    return options


class TlsTest(StillTest):
    """Tests with servers that serve TLS alone. Their clock stands still, as no
    client here is as fast as deadlines want it."""

    def start_tls(self, *arguments, files=None, address="127.0.0.1:0",
                  **options):
        """A server; files replace those of its options."""
        return self.start(*tls_options(address, **(files or {})), *arguments,
                          listen=None, port=None, **options)

    def start_both(self, *arguments, **options):
        """A server whose port is plain; the port of TLS is tls.port."""
        server = self.start(*tls_options(), *arguments, **options)
        server.plain_port = server.port
        server.tls_port = int(server.log_lines(": TLS")[0]
                              .rsplit(":", 2)[1])
        server.port = server.tls_port
        return server

    def plain(self, server):
        """A client without TLS."""
        server.port = server.plain_port
        try:
            return self.connect(server)
        finally:
            server.port = server.tls_port


class TlsClient(Client):
    """A client with a certificate, or without one."""

    def __init__(self, server, name="operator", version=None, session=None,
                 context=None, **options):
        self.plain = None
        super().__init__(server, host="127.0.0.1", **options)
        context = context or client_context(name, version)
        try:
            self.plain = self.socket
            self.socket = context.wrap_socket(
                self.plain, server_hostname="localhost", session=session,
                suppress_ragged_eofs=False)
        except BaseException:
            self.plain.close()
            raise

    def version(self):
        return self.socket.version()


def client_context(name="operator", version=None):
    """A context with the certificate of plant() that has this name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(plant().path("root"))
    if version:
        context.minimum_version = context.maximum_version = version
    if name:
        context.load_cert_chain(plant().path(name), plant().path(name, "key"))
    return context


class MemoryClient:
    """A client whose records pass through its hands: they can be cut, held
    back, counted and forged."""

    def __init__(self, server, name="operator", version=None, context=None,
                 session=None, shake_hands=True, receive_buffer=None,
                 send_buffer=None):
        self.socket = socket.socket()
        self.socket.settimeout(DEADLINE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF,
                                   receive_buffer)
        if send_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF,
                                   send_buffer)
        self.socket.connect(("127.0.0.1", server.port))
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.context = context or client_context(name, version)
        self.ssl = self.context.wrap_bio(self.incoming, self.outgoing,
                                    server_hostname="localhost",
                                    session=session)
        self.received = b""  # as it came
        self.eof = False
        if not shake_hands:
            return
        try:
            self.send(self.shake_hands())
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, records):
        """All of them. The deadline is for each piece that is taken: that of
        sendall() would be for everything, however slow the other side reads."""
        left = memoryview(records)
        while left:
            left = left[self.socket.send(left):]

    def receive(self):
        """Some bytes more for our side. Returns whether there were any."""
        more = self.socket.recv(65536)
        self.received += more
        if more:
            self.incoming.write(more)
        else:
            self.eof = True
        return more != b""

    def shake_hands(self):
        """Up to our last flight, which is returned and not sent."""
        while True:
            try:
                self.ssl.do_handshake()
                return self.outgoing.read()
            except ssl.SSLWantReadError:
                self.send(self.outgoing.read())
                if not self.receive():
                    raise AssertionError("EOF in the handshake") from None

    def records(self, data):
        """Data as records, not sent."""
        self.ssl.write(data)
        return self.outgoing.read()

    def read(self, length):
        """So many bytes of data, or fewer at the end."""
        data = b""
        while len(data) < length:
            try:
                more = self.ssl.read(length - len(data))
                if more == b"":
                    break
                data += more
            except ssl.SSLWantReadError:
                if not self.receive():
                    break
        return data

    def ask(self, pdu, transaction=1):
        """One round trip. Returns the response PDU."""
        self.send(self.records(adu(pdu, transaction)))
        header = self.read(7)
        if len(header) < 7:
            raise AssertionError("EOF instead of a reply")
        return self.read(int.from_bytes(header[4:6], "big") - 1)

    def close_notify(self):
        """Our close_notify, not sent."""
        with contextlib.suppress(ssl.SSLError):
            self.ssl.unwrap()
        return self.outgoing.read()

    def raw_rest(self):
        """All bytes up to EOF; a reset is an error."""
        while self.receive():
            pass
        return self.received


def split_records(raw):
    """TLS records as (type, whole record)."""
    records = []
    while raw:
        length = 5 + int.from_bytes(raw[3:5], "big")
        if len(raw) < length:
            raise AssertionError("part of a record: %s" % raw[:32].hex(" "))
        records.append((raw[0], raw[:length]))
        raw = raw[length:]
    return records


class Relay:
    """Passes bytes between a client and a server, and keeps what the server
    has sent."""

    def __init__(self, server):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.host = "127.0.0.1"
        self.server = server
        self.from_server = b""
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        client, _ = self.listener.accept()
        self.listener.close()
        server = socket.create_connection(("127.0.0.1", self.server.port))
        other = threading.Thread(target=self._pass, args=(client, server),
                                 daemon=True)
        other.start()
        while more := self._receive(server):
            self.from_server += more
            with contextlib.suppress(OSError):
                client.sendall(more)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_WR)
        other.join(DEADLINE)
        client.close()
        server.close()

    @staticmethod
    def _receive(from_):
        with contextlib.suppress(OSError):
            return from_.recv(65536)
        return b""

    def _pass(self, from_, to):
        while more := self._receive(from_):
            with contextlib.suppress(OSError):
                to.sendall(more)
        with contextlib.suppress(OSError):
            to.shutdown(socket.SHUT_WR)

    def join(self):
        """Wait until both sides have closed."""
        self.thread.join(DEADLINE)
        if self.thread.is_alive():
            raise AssertionError("a connection is not closed")
