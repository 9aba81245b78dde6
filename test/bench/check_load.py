"""mbload must detect wrong responses, and accept right ones."""

import os
import socket
import subprocess
import threading
import unittest

from servers import LIMIT, OURS, Load, Server, path

WORKLOADS = ("read10", "read125", "write1", "write123", "coils2000",
             "writecoils1968", "mixed", "scatter1", "scatter123")


def ask_canned(*options):
    """mbload's status and words about a server with canned answers."""
    with Server(LIMIT, "read10") as server:
        done = subprocess.run(
            [path("test/bench/mbload"), "--requests", "100", *options,
             "127.0.0.1", str(server.port)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            check=False, timeout=60)
    return done.returncode, done.stdout


def ask_socket(serve, *options):
    """The same about a server of one connection, which is given to serve. It
    is asked 4 requests at a time."""

    def run(listener):
        client = listener.accept()[0]
        with client:
            serve(client)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=run, args=[listener], daemon=True)
        thread.start()
        done = subprocess.run(
            [path("test/bench/mbload"), "--connections", "1", "--pipeline",
             "4", "--requests", "4", *options, "127.0.0.1",
             str(listener.getsockname()[1])],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            check=False, timeout=60)
        thread.join(60)
    return done.returncode, done.stderr


def ask_faulty(fault):
    """The same about a server that answers 4 pipelined reads, right but for
    what fault does to the list of responses."""

    def serve(client):
        while len(requests := client.recv(48, socket.MSG_WAITALL)) == 48:
            adus = [requests[i:i + 12] for i in range(0, 48, 12)]
            client.sendall(b"".join(fault(
                [a[:2] + bytes([0, 0, 0, 23, a[6], 3, 20]) + bytes(20)
                 for a in adus])))

    return ask_socket(serve, "--no-data")


def ask_mixed(write):
    """The same about a server with a table, asked the workload mixed, where
    write executes a write of one register: its arguments are the table, the
    address and the value, as bytes."""
    table = bytearray(2 * 65536)

    def answer(pdu):
        at = 2 * int.from_bytes(pdu[1:3], "big")
        if pdu[0] == 3:
            size = 2 * int.from_bytes(pdu[3:5], "big")
            return bytes([3, size]) + table[at:at + size]
        if pdu[0] == 6:
            write(table, at, pdu[3:5])
        else:
            table[at:at + pdu[5]] = pdu[6:]
        return pdu[:5]

    def serve(client):
        with client.makefile("rb") as requests:
            while len(header := requests.read(7)) == 7:
                length = int.from_bytes(header[4:6], "big")
                pdu = answer(requests.read(length - 1))
                client.sendall(header[:4] + (1 + len(pdu)).to_bytes(2, "big")
                               + header[6:] + pdu)

    return ask_socket(serve, "--workload", "mixed")


class Judging(unittest.TestCase):
    """Right and wrong responses."""

    def test_our_server_answers_every_workload(self):
        for workload in WORKLOADS:
            for pipeline in 1, 16:
                with self.subTest(workload=workload, pipeline=pipeline), \
                        Server(OURS, workload) as server, \
                        Load(server, workload, 10, pipeline,
                             requests=1001) as load:
                    load.await_ready()
                    self.assertEqual(load.run()["requests"], 1001)
                    load.finish()

    def test_a_held_server_answers_all_the_same(self):
        with Server(OURS, "read10") as server, \
                Load(server, "read10", 25, requests=101,
                     paused=True) as load:
            load.await_ready()
            self.assertEqual(load.run()["requests"], 101)
            load.finish()

    def test_canned_answers_pass_only_if_contents_do_not_matter(self):
        self.assertEqual(ask_canned("--no-data")[0], 0)
        self.assertIn("wrong response", ask_canned()[1])

    def test_answers_to_another_question_are_wrong(self):
        status, text = ask_canned("--no-data", "--workload", "read125")
        self.assertEqual(status, 1)
        self.assertIn("wrong response", text)

    def test_the_order_of_responses_counts(self):
        self.assertEqual(ask_faulty(lambda r: r), (0, ""))
        self.assertIn("wrong response", ask_faulty(lambda r: r[::-1])[1])

    def test_a_read_that_does_not_show_the_write_before_it_is_wrong(self):
        waiting = []

        def write(table, at, value):
            table[at:at + 2] = value

        def write_late(table, at, value):
            waiting.append((at, value))
            if len(waiting) > 1:
                write(table, *waiting.pop(0))

        self.assertEqual(ask_mixed(write), (0, ""))
        self.assertIn("wrong response", ask_mixed(write_late)[1])

    def test_a_response_too_many_is_noticed(self):
        self.assertIn("more responses than requests",
                      ask_faulty(lambda r: r + r[-1:])[1])

    def test_each_byte_of_the_header_counts(self):
        for i in range(9):
            def spoil(responses, i=i):
                last = bytearray(responses[-1])
                last[i] ^= 1
                return responses[:-1] + [bytes(last)]
            with self.subTest(byte=i):
                self.assertIn("wrong response", ask_faulty(spoil)[1])


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C"
    unittest.main(verbosity=2)
