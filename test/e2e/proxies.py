"""The server behind nginx and Caddy, with what mbasyncserver-http(7) shows for
them.

The proxies listen on sockets in a folder of the test's, as the system can't
choose ports for them.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

from harness import main, wait_for, write_registers
from web import TOKEN, Events, Web, WebTest

NGINX = os.environ.get("NGINX", "")
CADDY = os.environ.get("CADDY", "")
MANUAL = os.path.join(os.environ["DOCUMENTED"], "src/mbasyncserver-http.7")
NAME = "plant.example"
SKIPPED = 77
BEARER = ("-H", "Authorization: Bearer " + TOKEN)

NGINX_CONF = """
daemon off;
master_process off;
pid %(folder)s/pid;
error_log stderr;
events {}
http {
    access_log off;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    types { text/html html; }
    gzip on;
    gzip_types *;
    gzip_proxied any;
    server {
        listen unix:%(folder)s/socket;
%(site)s
    }
}
"""

CADDYFILE = """
{
    admin off
    auto_https off
    storage file_system %(folder)s
}
http://plant.example {
    bind unix/%(folder)s/socket
    encode gzip
%(site)s
}
"""


def shown(first):
    """The block of the manual page that begins with that line."""
    with open(MANUAL, encoding="utf-8") as manual:
        blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", manual.read(),
                            re.MULTILINE | re.DOTALL)
    return [block for block in blocks if block.startswith(first)][0]


class Proxied(Web):
    """The HTTP side of a server, through a proxy."""

    def __init__(self, path, url):
        self.through = ("--unix-socket", path)
        self.url = url

    def curl(self, path, *arguments):
        return super().curl(path, *self.through, *arguments)

    def send(self, method, path, value, *arguments):
        return super().send(method, path, value, *self.through, *arguments)


class ProxyTest(WebTest):
    """The tests of every proxy. The subclasses say how it is started."""

    def start_proxy(self, template, site, *command):
        """Run a proxy. Returns what reaches the server through it."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        conf = os.path.join(folder.name, "conf")
        with open(conf, "w", encoding="utf-8") as file:
            file.write(template % {"folder": folder.name, "site": site})
        log = open(os.path.join(folder.name, "log"), "w+b")
        self.addCleanup(log.close)
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL",
             *(word.replace("CONF", conf) for word in command)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**os.environ, "HOME": folder.name})
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        path = os.path.join(folder.name, "socket")

        def is_up():
            if process.poll() is not None:
                log.seek(0)
                self.fail("the proxy has ended: %s" % log.read().decode())
            with socket.socket(socket.AF_UNIX) as client:
                return client.connect_ex(path) == 0
        wait_for(is_up, "the proxy to start")
        return Proxied(path, "http://%s/plant" % NAME)

    def start_server(self, *more):
        token = tempfile.NamedTemporaryFile("w")
        self.addCleanup(token.close)
        token.write(TOKEN + "\n")
        token.flush()
        return self.start_web("--http-write", "--http-token", token.name,
                              "--http-host", NAME, *more)

    def assert_page_is_whole(self, web):
        """What the page loads is there, below the page's path."""
        page = web.curl("/")
        self.assertEqual(page.status, 200)
        self.assertRegex(web.curl("").headers["location"],
                         "^(http://%s)?/plant/$" % NAME)
        found = re.findall(r'(?:src|href)="([^"#]+)"', page.body.decode())
        self.assertIn("app.js", found)
        seen = set()
        while found:
            name = found.pop()
            if name in seen:
                continue
            seen.add(name)
            self.assertNotRegex(name, "^/|^http")
            asset = web.curl("/" + name)
            self.assertEqual(asset.status, 200, name)
            if name.endswith(".js"):
                self.assertIn("javascript", asset.headers["content-type"])
                found += re.findall(r'^(?:import|.*\bfrom) "\./([^"]+)"',
                                    asset.body.decode(), re.MULTILINE)
        self.assertGreater(len(seen), 5)

    def assert_events_come_at_once(self, server, direct, web, *arguments):
        """An event arrives although the server sends no more: it is stopped
        once it has sent the event to another subscriber, and more to that
        afterwards."""
        client = self.connect(server)
        witness = self.events(direct)
        witness.wait("hello")
        events = Events(web, "", *web.through, *arguments)
        self.addCleanup(events.close)
        self.assertEqual(events.next()[0], "hello")
        for value in range(1, 4):
            client.ask(write_registers(7, [value]))
            witness.wait("changes")
            witness.wait("status")
            direct.get("/api/status")
            server.process.send_signal(signal.SIGSTOP)
            try:
                _, data, _ = events.wait("changes")
            finally:
                server.process.send_signal(signal.SIGCONT)
            self.assertEqual(data["changes"][0]["values"], [value])

    def assert_works(self, server, direct, web):
        self.assert_page_is_whole(web)
        self.assertEqual(web.get("/api/status")["writable"], False)
        own = ("-H", "Origin: https://" + NAME)
        write = {"address": 0, "values": [8]}
        self.assert_error(web.put("/api/registers", write, *own), 401, "token")
        self.assert_error(
            web.put("/api/registers", write, *BEARER, "-H",
                    "Origin: http://evil.example"), 403, "Origin")
        self.assertEqual(direct.registers(0, 1), [0])
        self.assertEqual(
            web.put("/api/registers", write, *own, *BEARER).status, 200)
        self.assertEqual(direct.registers(0, 1), [8])
        self.assertEqual(web.registers(0, 1), [8])
        self.assert_events_come_at_once(server, direct, web)
        self.assert_events_come_at_once(server, direct, web, "--compressed")


class Nginx(ProxyTest):
    """nginx, as Debian has it."""

    def start_nginx(self, direct, site):
        site = site.replace("127.0.0.1:8080", "127.0.0.1:%d" % direct.port)
        return self.start_proxy(NGINX_CONF, site, NGINX, "-e", "stderr", "-p",
                                "/", "-c", "CONF")

    def test_as_the_manual_shows(self):
        server, direct = self.start_server()
        web = self.start_nginx(direct, shown("location /plant/"))
        self.assert_works(server, direct, web)
        self.assert_error(web.curl("/", "-H", "Host: evil.example"), 403,
                          "Host")

    def test_as_it_comes(self):
        # It asks by HTTP/1.0, and for the address.
        server, direct = self.start_server()
        web = self.start_nginx(
            direct, "location /plant/ { proxy_pass http://127.0.0.1:8080/; }")
        self.assert_works(server, direct, web)

    def test_an_upstream_with_a_name(self):
        server, direct = self.start_server("--http-host", "plant_servers")
        upstream = ("upstream plant_servers { server 127.0.0.1:%d; }\n"
                    "    server {" % direct.port)
        web = self.start_proxy(
            NGINX_CONF.replace("server {", upstream, 1),
            "location /plant/ { proxy_pass http://plant_servers/; }",
            NGINX, "-e", "stderr", "-p", "/", "-c", "CONF")
        self.assert_works(server, direct, web)

    def test_it_may_have_the_token(self):
        _, direct = self.start_server()
        users = tempfile.NamedTemporaryFile("w")
        self.addCleanup(users.close)
        users.write("joe:{PLAIN}open\n")
        users.flush()
        block = shown("auth_basic").replace("/etc/nginx/plant.users",
                                            users.name)
        self.assertIn(TOKEN, block)
        web = self.start_nginx(
            direct,
            shown("location /plant/").replace("}", block + "}"))
        self.assertEqual(web.curl("/").status, 401)
        joe = ("-u", "joe:open")
        self.assertEqual(web.get("/api/status", *joe)["writable"], True)
        self.assertEqual(
            web.put("/api/registers", {"address": 0, "values": [3]},
                    *joe).status, 200)
        self.assertEqual(direct.registers(0, 1), [3])


class Caddy(ProxyTest):
    """Caddy, as Debian has it."""

    def test_as_the_manual_shows(self):
        server, direct = self.start_server()
        site = shown("redir /plant").replace("127.0.0.1:8080",
                                             "127.0.0.1:%d" % direct.port)
        web = self.start_proxy(CADDYFILE, site, CADDY, "run", "--config",
                               "CONF", "--adapter", "caddyfile")
        self.assert_works(server, direct, web)


if __name__ == "__main__":
    for group, program in (("Nginx", NGINX), ("Caddy", CADDY)):
        if group in sys.argv and not program:
            print("SKIPPED: no %s here" % group.lower(), file=sys.stderr)
            sys.exit(SKIPPED)
    main()
