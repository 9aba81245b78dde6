"""500 clients that send a byte at a time, beside one that does not."""

import statistics

from load import (AbuseTest, Client, adu, echo, figure, measured, report,
                  rounds, target_of)
from harness import main

DRIBBLERS = 500
ROUND = 0.5  # seconds of ping-pong
PACE = 0.01  # seconds between 20 bytes: each client has one every 0.25 s
AT_ONCE = 20

# At its pace a client needs a minute for it; the server cuts it after 10 s.
FRAME = adu(echo(bytes(250)))


def begin(target):
    """A client that has sent a byte."""
    client = Client(target)
    client.send(FRAME[:1])
    return client


def send_byte(clients, i, position, target):
    """One more. A client that was cut, as all of this took longer than it
    should, begins anew."""
    try:
        clients[i].send(FRAME[position:][:1])
    except ConnectionError:
        clients[i].close()
        clients[i] = begin(target)


def dribble(channel, target):
    """work(): at each "start" connect, send a byte on each connection, then
    one now and then until told to stop. Returns the bytes sent in all."""
    total = 0
    while channel.recv() == "start":
        clients = [begin(target) for _ in range(DRIBBLERS)]
        report(channel, "started")
        sent = DRIBBLERS
        while not channel.poll(PACE):
            for _ in range(AT_ONCE):
                position = sent // DRIBBLERS
                if position < len(FRAME) - 1:
                    send_byte(clients, sent % DRIBBLERS, position, target)
                    sent += 1
        channel.recv()
        for client in clients:
            client.close()
        total += sent
        report(channel, "stopped")
    return total


class Dribble(AbuseTest):
    """An incomplete frame delays no other client."""

    def test_500_dribbling_clients_do_not_hold_up_another(self):
        server = self.start()
        client = self.connect(server)
        client.ping(100)
        alone = len(server.descriptors())
        dribblers = self.help(dribble, target_of(server))
        without, beside = [], []
        for _ in rounds(lambda: max(r.rate() for r in beside) >=
                        0.3 * statistics.median(r.rate() for r in without)):
            without.append(measured(client, ROUND))
            dribblers.ask("start")
            self.settled(server, alone + DRIBBLERS)
            beside.append(measured(client, ROUND))
            dribblers.ask("pause")
            self.settled(server, alone)
        total = dribblers.stop()

        rate = statistics.median(r.rate() for r in beside)
        rate_alone = statistics.median(r.rate() for r in without)
        figure("dribble", "beside %d dribbling clients %.0f round trips/s, "
               "alone %.0f: ratio %.2f; worst wait %.1f ms, alone %.1f ms; "
               "%d bytes dribbled" % (
                   DRIBBLERS, rate, rate_alone, rate / rate_alone,
                   1000 * max(r.worst for r in beside),
                   1000 * max(r.worst for r in without), total))
        # The best round: in another one, something else may have taken the
        # processor.
        self.assertGreaterEqual(max(r.rate() for r in beside),
                                0.3 * rate_alone)
        self.assert_log_is_bounded(server)


if __name__ == "__main__":
    main()
