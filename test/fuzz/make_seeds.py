"""Write the seeds of the fuzz targets: make_seeds.py, then commit seeds/.

The PDUs are the examples that the Modbus Application Protocol V1.1b3 prints in
clause 6, then the edges of its ranges. Each target's input format is described
at the head of its .c file.
"""

import pathlib
import struct

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"

EXAMPLES = {
    "6.01_read_coils": "01 0013 0013",
    "6.02_read_discrete_inputs": "02 00C4 0016",
    "6.03_read_holding_registers": "03 006B 0003",
    "6.04_read_input_registers": "04 0008 0001",
    "6.05_write_single_coil": "05 00AC FF00",
    "6.06_write_single_register": "06 0001 0003",
    "6.07_read_exception_status": "07",
    "6.08_diagnostics": "08 0000 A537",
    "6.09_get_comm_event_counter": "0B",
    "6.10_get_comm_event_log": "0C",
    "6.11_write_multiple_coils": "0F 0013 000A 02 CD01",
    "6.12_write_multiple_registers": "10 0001 0002 04 000A 0102",
    "6.13_report_server_id": "11",
    "6.14_read_file_record": "14 0E 06 0004 0001 0002 06 0003 0009 0002",
    "6.15_write_file_record": "15 0D 06 0004 0007 0003 06AF 04BE 100D",
    "6.16_mask_write_register": "16 0004 00F2 0025",
    "6.17_read_write_registers": "17 0003 0006 000E 0003 06 00FF 00FF 00FF",
    "6.18_read_fifo_queue": "18 04DE",
    "6.21_read_device_identification": "2B 0E 01 00",
}

EDGES = {
    "read_2000_coils": "01 F830 07D0",
    "read_2001_coils": "01 0000 07D1",
    "read_125_registers": "03 FF83 007D",
    "read_126_registers": "03 0000 007E",
    "read_past_the_end": "04 FFFF 0002",
    "write_coil_neither_on_nor_off": "05 0000 0001",
    "write_1968_coils": "0F 0007 07B0 F6" + "A5" * 246,
    "write_1969_coils": "0F 0000 07B1 F7" + "FF" * 247,
    "write_123_registers": "10 FF85 007B F6" + "1234" * 123,
    "write_wrong_byte_count": "10 0000 0002 03 000A 0102",
    "write_121_read_125": "17 0000 007D 0010 0079 F2" + "BEEF" * 121,
    "longest_query": "08 0000" + "5A" * 250,
    "server_id_one_byte_long": "11 00",
    "identification_one_object": "2B 0E 04 02",
    "identification_stream_from_nowhere": "2B 0E 03 77",
    "exception_flag_in_a_request": "83 0000 0001",
    "function_0": "00",
}


def pdu(text):
    return bytes.fromhex(text)


def adu(transaction, body, unit=1):
    return struct.pack(">HHHB", transaction, 0, 1 + len(body), unit) + body


def write(target, name, data):
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def counted(bodies):
    """Each PDU behind a byte from which fuzz_request takes its length."""
    return b"".join(bytes([len(body) - 1]) + body for body in bodies)


def requests():
    for overlaid in (0, 1):
        for name, text in (EXAMPLES | EDGES).items():
            write("request", f"{name}.{overlaid}",
                  bytes([overlaid]) + counted([pdu(text)]))
        write("request", f"all_in_turn.{overlaid}", bytes([overlaid]) +
              counted(map(pdu, (EXAMPLES | EDGES).values())))
        # A write on either side of the overlay, read back on the other.
        write("request", f"overlay.{overlaid}", bytes([overlaid]) + counted(
            map(pdu, ("06 0FFF 8001", "01 FFF0 0010", "05 FFF8 FF00",
                      "03 0FFA 000A", "0F FFF3 000D 02 FF1F",
                      "03 0FFF 0001"))))


def stream(names=None):
    texts = EXAMPLES | EDGES
    return b"".join(adu(0x100 + i, pdu(texts[name]))
                    for i, name in enumerate(names or texts))


def frames():
    whole = stream()
    write("mbap", "at_once", bytes([0]) + whole)
    write("mbap", "byte_by_byte", bytes([0x81, 1]) + whole)
    write("mbap", "threes_and_sevens", bytes([4, 3, 7, 3, 8]) + whole)
    write("mbap", "chains", bytes([0x83, 5, 251, 3]) + whole)
    write("mbap", "partial", bytes([0x81, 2]) + stream(["function_0"])[:-1])
    for length in (0, 1, 2, 254, 255, 256, 65535):
        write("mbap", f"length_{length}", bytes([1, 4]) + adu(1, b"\3\0\0\0\1")
              + struct.pack(">HHHB", 2, 0, length, 1) + bytes(254))
    for protocol in (1, 256):
        write("mbap", f"protocol_{protocol}", bytes([1, 4]) +
              adu(1, b"\3\0\0\0\1") + struct.pack(">HHHB", 2, protocol, 2, 1))


def connections():
    whole = stream()
    reads = stream(["read_125_registers"])
    some = [f"6.{n}" for n in ("01", "06", "16", "03")]
    mixed = stream([n for n in EXAMPLES if n[:4] in some])
    send, eights, pages, read, settle, pause, half_close, together = (
        0, 2, 3, 4, 5, 6 | 8, 6, 7)

    def conn(name, flags, repeats, steps, data):
        write("conn", name, bytes([flags, repeats, len(steps), *steps]) + data)

    conn("all", 0, 0, [], whole)
    conn("all_overlaid", 1, 3, [8 * n for n in range(30)], whole)
    conn("byte_by_byte", 0, 0, [send] * 63, mixed)
    conn("pause", 0, 63, [read, pages | 248, pause, send, read], reads * 10)
    conn("pauses", 0, 63, [read, pages | 128, read, read, pages | 248],
         reads * 20)
    conn("pause_and_half_close", 0, 63,
         [read, pages | 248, half_close, read], reads * 8)
    conn("order", 4, 5, [eights | 56, settle, settle | 8, eights | 56,
                        settle | 56, send, together], mixed)
    conn("order_fails", 4 | 8, 9, [pages, settle | 16, read, pages, settle],
         mixed)
    conn("order_and_half_close", 4, 5, [eights | 80, half_close, settle], mixed)
    conn("order_and_pause", 4, 63, [read, pages | 248, settle | 248, read,
                                   settle | 248], mixed + reads)
    conn("word", 2, 0, [], b"quit")
    conn("word_in_pieces", 2, 0, [eights | 72, send, send, send], mixed +
         b"quit\r\n")
    conn("word_and_more", 2, 0, [], mixed + b"quit\n" + mixed)
    conn("word_refused", 2 | 16, 0, [], mixed + b"quit")
    conn("other_word", 2, 0, [send] * 5, b"quip")
    conn("no_word", 0, 0, [send] * 5, b"quit")
    conn("bad_protocol", 0, 0, [], mixed + b"\0\1\0\1\0\2\1\0" + mixed)
    conn("bad_length", 0, 0, [], mixed + b"\0\1\0\0\1\0\1\0" + mixed)
    conn("partial", 0, 0, [], mixed + adu(9, b"\1\0\0\0\1")[:-1])


COMMAND_LINES = {
    "none": [],
    "defaults": ["-p", "502", "-d", "s", "--log-level", "info"],
    "original": ["-p8502", "-do", "-qshutdown"],
    "long": ["--port=0", "--datatable=Overlaid", "--quit", "stop it",
             "--listen", "127.0.0.1", "--listen=[::1]:502",
             "--listen=fe80::1%1", "--max-connections=10",
             "--idle-timeout=3600", "--log-level=DEBUG", "--trace"],
    "access": ["--allow=192.0.2.0/24", "--write-from", "::1/128",
               "--quit-from=127.0.0.1", "-qstop", "--read-only-range",
               "coils:5-10", "--read-only-range=registers:0-9",
               "--max-per-client=3"],
    "units": ["--units=1-10,17,255"],
    "units_silent": ["--units-silent", "0"],
    "units_twice": ["--units=1", "--units-silent=2"],
    "read_only": ["--read-only", "--client-report"],
    "state": ["--state", "f", "--state-init", "--state-sync=changes",
              "--journal-keep=1000,30d,1M", "--state-backup", "g"],
    "create": ["--state-create", "--state", "f"],
    "interval": ["--state=f", "--state-sync", "interval:100"],
    "http": ["--http", "0.0.0.0:8080", "--http-write", "--http-token=f",
             "--http-host=plc.example", "--http-frame=self",
             "--http-frame", "https://dash.example:3000",
             "--http-origin", "http://[::1]:3000"],
    "http_without_token": ["--http=192.0.2.1:80", "--http-write"],
    "partner_is_missing": ["--state-create"],
    "points": ["--points", "f", "--points-only", "--check"],
    "simulate": ["--points", "f", "--simulate", "--seed", "7"],
    "help": ["-h"],
    "help_too": ["-e", "--nonsense"],
    "version": ["--version"],
    "abbreviated": ["--po", "1", "--ver"],
    "ambiguous": ["--l=1"],
    "unknown_letter": ["-x"],
    "unknown_word": ["--nonsense=1"],
    "operand": ["502"],
    "missing_value": ["--port"],
    "missing_value_too": ["-p"],
    "value_too_many": ["--help=me"],
    "port_too_large": ["-p", "65536"],
    "port_with_a_tail": ["-p", "12x"],
    "word_too_short": ["-q", "ab"],
    "control_characters": ["-d", "s\n\r\x1b"],
    "end_of_options": ["--", "-p"],
    "listen_17_times": ["--listen=1.2.3.4"] * 17,
}

ADDRESSES = ("127.0.0.1", "127.0.0.1:502", "::1", "[::1]", "[::1]:65535",
             "fe80::1%1", "[fe80::1%lo]:1", "::ffff:1.2.3.4", "[::]:0", "1.2.3",
             "1.2.3.4:", "1.2.3.4:65536", "[1.2.3.4]:1", "[::1", "localhost",
             ":502", "::", "1:2:3:4:5:6:7:8", "a" * 80)


def options():
    for name, arguments in COMMAND_LINES.items():
        write("options", name,
              b"\0" + b"".join(a.encode() + b"\0" for a in arguments))
    for i, text in enumerate(ADDRESSES):
        write("options", f"address_{i:02}", b"\1" + text.encode())


QUERIES = {
    "list": ["--state", "f", "--since", "-10m", "--until=now",
             "--client=192.0.2.0/24", "--address", "coils:5", "--unchanged"],
    "at": ["--state=f", "--at", "03:12", "--address=registers:100-110",
           "--csv"],
    "restore": ["--state=f", "--restore-at=2026-11-22", "--output", "new"],
    "contradiction": ["--state=f", "--at=now", "--since=now", "--jsonl"],
    "nothing": [],
}

TIMES = ("now", "03:12", "23:59:59.999999", "2024-02-29", "2026-02-29",
         "2026-11-22T03:12Z", "2026-11-22 03:12:07.5+05:30", "-10m",
         "-36500d", "-99999999999d", "1970-01-01T00:00:00-23:59")


def queries():
    for name, arguments in QUERIES.items():
        write("query", name,
              b"\0" + b"".join(a.encode() + b"\0" for a in arguments))
    for i, text in enumerate(TIMES):
        write("query", f"time_{i:02}", b"\1" + text.encode())


BODIES = (
    '{"address":10,"values":[1,2,65535]}',
    '{"address":0,"values":[1.5,-2,"NaN","-Infinity"],"type":"float32"}',
    '{"values":[true,false,1,0]}',
    '{"values":["18446744073709551615"],"type":"uint64"}',
    '{"values":[[1]],"type":7}',
    '{"values":[1],"values":[2]}',
    '{"a":"\\"[[[[\\\\","values":[',
    "[" * 50,
    "",
    '{"values":["BH-200","m\u00b3\\n"],"type":"string6"}',
)

STRINGS = (b"A", b"BH-200", b"m\xC2\xB3/h ", b"\"\\\n\0\0x",
           b"\xE2\x82\xF0\x9F\x98\x80", b"A" * 250)

PARAMS = ("address=0&quantity=10", "address=65536", "type=two&type=one",
          "type=", "=", "a", "&", "address=%31", "a=1&" * 9,
          "point=m%C2%B3/h+%2b%25&a=%0", "point=%00")

HOSTS = ("localhost:8080", "127.0.0.1", "[::1]:80", "plc.example", "evil",
         "localhost.evil", "http://plc.example", "null",
         "https://plc.example:8443", "http://[::1]:3000",
         "Bearer 0123456789abcdef")


def http():
    for i in range(32):
        write("http", f"value_{i:02}",
              bytes([0, i % 8, i // 8]) + bytes.fromhex("3fc000008000ffff"))
    for i, text in enumerate(STRINGS):
        write("http", f"string_{i}",
              bytes([0, 8, i % 4, len(text) - 1]) + text)
    for code, texts in ((1, BODIES), (2, PARAMS), (3, HOSTS)):
        for i, text in enumerate(texts):
            write("http", f"text_{code}_{i}", bytes([code]) + text.encode())


ROLES = {
    "operator": b"\x0c\x08Operator",
    "unicode": b"\x0c\x0bW\xc3\xa4rter\xf0\x9f\x94\xa7",
    "longest": b"\x0c\x40" + b"x" * 64,
    "too_long": b"\x0c\x41" + b"x" * 65,
    "empty": b"\x0c\x00",
    "printable": b"\x13\x08Operator",
    "long_form": b"\x0c\x81\x08Operator",
    "indefinite": b"\x2c\x80\x0c\x08Operator\0\0",
    "constructed": b"\x2c\x0a\x0c\x08Operator",
    "two": b"\x0c\x01a\x0c\x01b",
    "cut": b"\x0c\x09Operator",
    "nul": b"\x0c\x02a\0",
    "c1": b"\x0c\x03a\xc2\x85",
    "surrogate": b"\x0c\x03\xed\xa0\x80",
    "overlong": b"\x0c\x02\xc0\x80",
    "past_unicode": b"\x0c\x04\xf4\x90\x80\x80",
}


def roles():
    for name, content in ROLES.items():
        write("role", name, content)


ROLES_FILES = {
    "example": """# comment, to the end of the line
role Operator        read all write registers:1000-1999 coils:0-15
role Historian       read registers
role "Plant Manager" read all
role "Plant Manager" write all quit
no-role              read registers:0-99      # without a role
plain                read all                 # without TLS
""",
    "names": 'role "say \\"A\\" \\\\ B#"\nrole W\u00e4rter quit\n',
    "windows": "\ufeffrole A read all\r\nrole B\r\n",
    "ranges": "role A read HR16-20 C5 400017-400021 registers:16 coils:65535",
    "touching": "role A write coils:0-7 write registers:1-4095 coils:8-15",
    "many_ranges": "role A read" + "".join(f" HR{2 * i}" for i in range(65)),
    "many_roles": "".join(f"role R{i}\n" for i in range(65)),
    "open": 'role "Plant Manager read all',
    "escape": 'role "a\\n" read all',
    "misspelt": "role A raed all",
    "nothing_behind": "role A read write all",
    "backwards": "role A read registers:5-4",
    "plain_alone": "plain read all",
    "empty": "",
}


def roles_files():
    for name, text in ROLES_FILES.items():
        write("roles", name, text.encode())
    write("roles", "nul", b"role A\0 read all\n")
    write("roles", "latin1", b"role W\xe4rter read all\n")


def datagrams():
    """See fuzz_datagrams.c: flags, then steps."""
    raw, bad, frame, settle = 0, 4, 8, 12

    def sent(client, body, kind=frame, argument=0):
        return bytes([client | kind | argument << 4, len(body)]) + body

    change = b"\6\0\7\x12\x34"
    read = b"\3\0\7\0\1"
    ping = adu(1, read)
    for name, data in {
            "nothing": b"\0",
            "examples": b"\0" + b"".join(
                sent(i % 4, pdu(EXAMPLES[n])) for i, n in enumerate(EXAMPLES)),
            "examples_overlaid": b"\1" + b"".join(
                sent(0, pdu(EXAMPLES[n])) for n in EXAMPLES),
            "raw": b"\0" + sent(0, ping, raw) + sent(1, ping + b"\0", raw)
                   + sent(2, ping[:-1], raw) + sent(3, b"", raw),
            "bad": b"\0" + b"".join(
                sent(i % 4, change, bad, i) for i in range(16)),
            "responses": b"\0" + sent(0, b"\x83\2") + sent(1, b"\xff"),
            "longest": b"\0" + sent(0, b"\x08\0\0" + bytes(250))
                       + sent(0, b"\x08\0\0" + bytes(251)),
            "order": b"\2" + sent(0, change) + sent(0, read) + sent(1, read)
                     + sent(1, change) + bytes([settle]) + sent(0, change)
                     + bytes([settle | 1 << 4, settle | 2 << 4]),
            "order_left": b"\3" + sent(0, change) + sent(0, read)
                          + sent(1, change) + sent(0, b"\5\0\1\xff\0"),
    }.items():
        write("datagrams", name, data)


def with_crc(frame):
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return frame + crc.to_bytes(2, "little")


def rtu():
    """See fuzz_rtu.c: pieces, frames."""
    frames = {name: with_crc(b"\x01" + bytes.fromhex(pdu))
              for name, pdu in EXAMPLES.items()}
    for name, frame in frames.items():
        write("rtu", name, b"\x02" + frame)
    write("rtu", "all", b"\x06" + b"".join(frames.values()))
    write("rtu", "unknown", b"\x00" + with_crc(b"\x01\x64" + bytes(7)) * 3)
    write("rtu", "longest", b"\xff" + with_crc(b"\x01\x64" + b"\x01" * 252))
    write("rtu", "bad_crc", b"\x03" + with_crc(b"\x01\x03" + bytes(4))[:-1]
          + b"x" + with_crc(b"\x01\x03" + bytes(4)))
    write("rtu", "mbap", b"\xff" + bytes.fromhex("0001 0000 0006 01 03 00000001"))


def door():
    """See fuzz_door.c: flags, segment, changes, bytes behind."""
    hello = (b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03" + bytes(32)
             + b"\x00\x00\x02\xc0\x2f\x01\x00")
    ping = bytes([0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1])
    for name, data in {
            "nothing": b"",
            "modbus": b"\x00\xff" + ping,
            "http": b"\x00\xffGET / HTTP/1.1\r\n\r\n",
            "hello_alone": b"\x00\xff" + hello,
            "hello_byte_by_byte": b"\x00\x00" + hello,
            "hello_then_modbus": b"\x00\xff" + hello + ping,
            "hello_ssl2": b"\x00\xff\x80\x2e\x01\x00\x02" + bytes(43),
            "hello_tls10": b"\x00\xff" + hello.replace(b"\x03\x03",
                                                      b"\x03\x01"),
            "record_too_long": b"\x00\xff\x16\x03\x01\xff\xff" + bytes(99),
            "alert_alone": b"\x00\xff\x15\x03\x01\x00\x02\x02\x28",
            "reset_in_hello": b"\x08\xff" + hello[:20],
            "good_13": b"\x01\xff\x00",
            "good_12": b"\x03\xff\x00",
            "good_in_pieces": b"\x01\x06\x00" + ping,
            "good_then_plain": b"\x03\xff\x00" + ping,
            "good_then_reset": b"\x09\xff\x00",
            "no_certificate_13": b"\x05\xff\x00",
            "no_certificate_12": b"\x07\xff\x00",
            "changed_length": b"\x01\xff\x01\x00\x04\x00\x01",
            "changed_random": b"\x03\xff\x01\x00\x10\x00\x01",
            "changed_second_flight": b"\x03\xff\x01\x01\x40\x00\x80",
            "byte_more": b"\x01\xff\x01\x00\x30\x01\x00",
            "byte_less": b"\x01\xff\x01\x00\x30\x02\x00",
            "end_in_hello": b"\x01\xff\x01\x00\x30\x03\x00",
            "end_in_second_flight": b"\x03\xff\x01\x02\x00\x03\x00",
    }.items():
        write("door", name, data)


def entry(*fields, skip=0):
    """See fuzz_shared.c."""
    return bytes([skip, len(fields)]) + b"".join(
        bytes([len(f)]) + f for f in
        (f if isinstance(f, bytes) else f.encode() for f in fields))


def session(number):
    return f"{number:016x}"


def hello(number, closes=0):
    return entry("hello", session(number), "closes",
                 session(closes) if closes else "0", "host", "plc-a:502")


def log_write(number, *pdus, client="192.0.2.1:1502", who=()):
    fields = ["s", session(number), "n", "7", "c", client, "u", "17", "t",
              "1700000000123", *who]
    for text in pdus:
        fields += ["p", pdu(text)]
    return entry(*fields)


def shared():
    writes = [text for text in (EXAMPLES | EDGES).values()
              if text[:2] in ("05", "06", "0F", "10", "16", "17")]
    good = [text for name, text in (EXAMPLES | EDGES).items()
            if name[:5] in ("6.05_", "6.06_", "6.11_", "6.12_", "6.16_",
                            "6.17_") or name == "write_121_read_125"]
    who = ("subject", "CN=Pump 3", "issuer", "CN=CA", "role", "W\u00e4rter")
    for overlaid, mode in enumerate("so"):
        begin = entry("begin", mode, "version", "1")
        log = begin + hello(0xa1)
        for name, data in {
                "all": log + log_write(0xa1, *good) + b"".join(
                    log_write(0xa1, text, who=who) for text in good)
                + entry("snapshot", "3"),
                "first_values": entry("begin", mode, "version", "1",
                                      "p", pdu(good[0]), "p", pdu(good[1])),
                "bad_pdus": log + b"".join(
                    log_write(0xa1, text) for text in writes),
                "late": log + hello(0xa2, 0xa1) + log_write(0xa1, good[1])
                + log_write(0xa2, good[1]),
                "sessions_65": log + b"".join(
                    hello(n) for n in range(1, 65)) + log_write(0xa1, good[1]),
                "gap": log + entry("snapshot", "1", skip=1),
                "backwards": log + entry("snapshot", "1", skip=255),
                "other_mode": entry("begin", "os"[overlaid], "version", "1"),
                "next_version": entry("begin", mode, "version", "2"),
                "unknown": log + entry("lease", "1"),
                "addresses": log + b"".join(
                    log_write(0xa1, good[1], client=client) for client in (
                        "[fe80::1%2]:502", "[::1]:1", "start", "simulation",
                        "1.2.3.4", "[::ffff:1.2.3.4]:80", "[fe80::1%lo]:1",
                        "::", "1.2.3.4:0080", "localhost:1")),
        }.items():
            write("shared", f"{name}.{mode}", bytes([overlaid]) + data)
        for name, flags, changes in (
                ("snapshot", 0, ""), ("damaged", 4, "00FF01 900001"),
                ("cut", 8, ""), ("cut_byte", 4 | 8, ""),
                ("version", 0, "000701"), ("mode", 0, "000801"),
                ("no_entry", 0, "000918 000AFD"),
                ("sessions_3", 0, "001901"), ("sessions_255", 0, "0019FD"),
                ("session_twice", 0, "002AFF"), ("session_0", 0, "001A5F"),
                ("spoken_later", 0, "003201"), ("table", 0, "807F01 C00001")):
            write("shared", f"{name}.{mode}",
                  bytes([overlaid | 2 | flags]) + bytes.fromhex(changes))


def resp():
    """See fuzz_resp.c: commands, size of pieces, bytes."""
    entry = b"*2\r\n$3\r\n1-8\r\n*2\r\n$1\r\nn\r\n$1\r\nv\r\n"
    for name, data in {
            "nothing": b"",
            "simple": b"+OK\r\n-ERR x\r\n:5\r\n:-5\r\n$-1\r\n*-1\r\n",
            "strings": b"$0\r\n\r\n$4\r\na\r\nb\r\n",
            "role": b"*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n",
            "range": b"*2\r\n" + entry + entry,
            "read": b"*1\r\n*2\r\n$6\r\nmb:log\r\n*1\r\n" + entry,
            "pairs": b"*4\r\n" + b"$1\r\na\r\n" * 4,
            "foreign": b"*1\r\n" + entry.replace(b"1-8", b"2-8"),
            "deep": b"*1\r\n" * 12 + b":1\r\n",
            "wide": b"*2147483647\r\n:1\r\n",
            "long": b"$9223372036854775807\r\nx",
            "resp3": b"%1\r\n+a\r\n,1.5\r\n",
            "http": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    }.items():
        write("resp", name, b"\x05\x02" + data)
    write("resp", "too_many", b"\x01\x00+OK\r\n+OK\r\n")


FAULT_RULES = {
    "empty": "",
    "effects": "delay 5ms\ndelay 200ms..2s\nsilence\nexception 6\nclose\n"
               "split\n",
    "parts": "".join("corrupt %s chance 50%%\n" % part for part in (
        "transaction", "unit", "function", "length", "data")),
    "conditions": "exception 255 unit 1-9 function 3 coils:0-65535 HR16-20 "
                  "client 192.0.2.0/24 chance 2.5% after 10 first 5\n",
    "ranges": "close registers:0-106\nsplit coils:172\nsilence 400017\n",
    "counts": "silence first 2\nclose after 1 first 1\nsplit after 2\n",
    "comments": "# a plant\n\n  close \t unit 0-255\t\r\n# end",
    "bad_word": "close\ndleay 1s\n",
    "bad_range": "close registers:5-4\n",
    "twice": "close unit 1 unit 2\n",
    "many": "split\n" * 1001,
}


def fault_rules():
    """See fuzz_fault_rules.c."""
    examples = counted(pdu(text) for text in EXAMPLES.values())
    for name, text in FAULT_RULES.items():
        write("fault_rules", name, text.encode() + b"\xff" + examples)
    write("fault_rules", "nul", b"close\0\n")


def fault_flows():
    """See fuzz_fault_flow.c."""
    none = 255
    client, server, ask, answer, time, client_reads, server_reads, ends = \
        range(8)
    every = bytes(range(64))
    asks = bytes([ask, 63]) + every
    answers = bytes([answer, 63]) + every
    effects = {"delay": 0, "silence": 2, "exception": 4, "close": 6,
               "corrupt": 12, "split": 13, "chances": 14}

    def flow(name, serving, rules, *steps):
        write("fault_flow", name, bytes([serving, *rules]) + b"".join(steps))

    for name, rule in effects.items():
        flow(name, 1, (rule, none, none), asks, asks)
        flow(name + "_unanswered", 0, (rule, none, none), asks, bytes(
            [time, 255]), answers)
    flow("all", 1, (1, 5, 14), asks, bytes([ask, 255]) + every)
    flow("nothing", 0, (none, none, none), asks, answers)
    flow("pause", 1, (5, 14, 1), bytes([client_reads, 0]), asks * 20, bytes(
        [client_reads, 0, time, 9]), asks)
    flow("server_pauses", 0, (none, none, none), bytes([server_reads, 0]),
         asks * 20, bytes([server_reads, 0]), answers * 20)
    flow("many_wait", 0, (4, none, none), (bytes([ask, 255]) + every) * 6)
    flow("client_sends_no_frame", 1, (4, 14, none), asks, bytes(
        [client, 3]) + b"quit", asks)
    flow("server_sends_no_frame", 0, (4, 0, none), asks, bytes(
        [client, 0, 0, server, 5]) + b"no mb\n", answers, asks)
    flow("in_pieces", 1, (5, none, none), *(bytes([client, 0, b]) for b in
         adu(1, pdu("03 0000 0001")) * 3))
    flow("partial_at_the_end", 0, (none, none, none), bytes(
        [client, 2, 0, 1, 0, server, 4, 0, 1, 0, 0, 0, ends, 0, ends, 1]))
    flow("server_ends", 0, (0, 4, none), asks, answers, bytes([ends, 1]), asks)
    flow("client_ends", 0, (0, 4, none), asks, bytes([ends, 0]), answers)
    flow("out_of_order", 0, (0, 12, 4), asks, bytes([answer, 63]) +
         every[::-1])


TYPES = ("uint16", "int16", "uint32", "int32", "float32", "uint64", "int64",
         "float64", "string", "coil", "bit")


def shapes():
    """See fuzz_shape.c: type, order and scaling, 8 bytes held, cell."""
    nothing, nan = bytes(8), b"\xff\x7f" * 4
    for name, kind, scaling, held, cell in (
            ("sine", "uint16", 0, nothing, "sine(0..100, 120s)"),
            ("sine_scaled", "int16", 6, nan, "sine(-5..5, 4s) every 1s"),
            ("ramp", "uint64", 1, nothing,
             "ramp(0..18446744073709551615, 60m) every 1ms"),
            ("random", "float32", 1, nan, "random(-1e38..0.5)"),
            ("walk", "int32", 40, nothing, "walk(-40..55, 0.3)"),
            ("walk_wide", "float64", 8, nan, "walk(-1e307..1e307, 1e306)"),
            ("count", "int64", 3, nan, "count(-3)"),
            ("count_float", "float32", 0, b"\x00\x00\x80\x7f" * 2, "count(1)"),
            ("toggle", "coil", 0, nothing, "toggle(30s)"),
            ("random_bit", "bit", 0, nothing, "random(0..1) every 100ms"),
            ("replay", "string", 0, nothing, "replay(night (1).csv, 2, 1)"),
            ("blanks", "uint16", 0, nothing, " RANDOM ( 1 .. 2 )  EVERY 2s "),
            ("too_few_ticks", "uint16", 0, nothing, "sine(0..100, 2s)"),
            ("not_in_range", "int16", 4, nothing, "random(0..4000)"),
    ):
        write("shape", name, bytes([TYPES.index(kind), scaling]) + held
              + cell.encode())


def recordings():
    """See fuzz_recording.c: type, arguments, file."""
    head = "number,time,client,table,address,before,after\n"
    row = "%d,2026-11-22T03:12:%02d.5+01:00,::1,%s,%d,%d,%d\n"
    for name, kind, arguments, file in (
            ("value", "uint16", "f", "value\n5\n6\n"),
            ("numbers", "int32", "f, 2, 1", "0.5;5\n2e1;-6\n"),
            ("times", "float64", "f, v, t",
             "t,v\n1970-01-01T00:00,1.5\n1970-01-01T00:01Z,NaN\n"),
            ("texts", "string", "f, 1", "ab\n\"a,b\"\n# x\n\"\"\n"),
            ("bools", "bit", "f", "FLOW\ntrue\n0\n"),
            ("journal", "float32", "f, after, time", head
             + row % (7, 9, "registers", 20, 0, 1)
             + row % (8, 8, "registers", 21, 16256, 16716)
             + row % (8, 8, "registers", 20, 1, 0)),
            ("journal_of_coils", "coil", "f", head
             + row % (7, 9, "coils", 20, 0, 1)
             + row % (8, 9, "registers", 20, 0, 1)),
            ("journal_of_others", "uint16", "f", head
             + row % (7, 9, "coils", 20, 0, 1)),
            ("no_column", "uint16", "f, x", "value\n5\n"),
            ("backwards", "uint16", "f, 1, 2", "1,2\n1,1\n"),
            ("open_quote", "uint16", "f, 1", "1\n\"2\n"),
    ):
        write("recording", name, bytes([TYPES.index(kind)])
              + f"{arguments}\n{file}".encode())


datagrams()
door()
fault_flows()
fault_rules()
http()
shapes()
recordings()
shared()
resp()
roles()
roles_files()
rtu()
requests()
frames()
connections()
options()
queries()
