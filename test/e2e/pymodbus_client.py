"""pymodbus's synchronous client: every function code, both modes; and its
asynchronous client of TLS, with a certificate."""

import asyncio
import inspect

import pymodbus
from pymodbus.client import ModbusTcpClient

from harness import DEADLINE, ServerTest, main
from pymodbus_names import (READ_COILS, READ_DEVICE_IDENTIFICATION,
                            READ_EXCEPTION_STATUS, READ_INPUT_REGISTERS,
                            REPORT_SERVER_ID, execute, read_and_write,
                            tls_client, words)
from tls_plant import VERSIONS, TlsTest, client_context, plant

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


class Common:
    """What holds in both modes."""

    mode = None

    def setUp(self):
        server = self.start("-d", self.mode)
        self.client = ModbusTcpClient("127.0.0.1", port=server.port,
                                      timeout=DEADLINE)
        self.assertTrue(self.client.connect())
        self.addCleanup(self.client.close)

    def done(self, response):
        """The response, which is none that refuses."""
        self.assertFalse(response.isError(), str(response))
        return response

    def assert_refused(self, response, code):
        self.assertTrue(response.isError())
        self.assertEqual(response.exception_code, code)

    def test_coils(self):
        """Functions 1, 2, 5, 15."""
        pattern = [True, False, True, True, False] * 20
        self.done(self.client.write_coil(65535, True))
        self.done(self.client.write_coils(30000, pattern, slave=1))
        for reading in (self.client.read_coils,
                        self.client.read_discrete_inputs):
            self.assertEqual(self.done(reading(65535, count=1)).bits[:1],
                             [True])
            self.assertEqual(self.done(reading(30000, count=100)).bits[:100],
                             pattern)
            self.assertEqual(len(self.done(reading(0, count=2000)).bits),
                             2000)

    def test_registers(self):
        """Functions 3, 4, 6, 16."""
        values = list(range(1000, 1123))
        self.done(self.client.write_register(65535, 0xBEEF))
        self.done(self.client.write_registers(4050, values, slave=255))
        for reading in (self.client.read_holding_registers,
                        self.client.read_input_registers):
            self.assertEqual(self.done(reading(65535, count=1)).registers,
                             [0xBEEF])
            self.assertEqual(self.done(reading(4050, count=123)).registers,
                             values)
            self.assertEqual(len(self.done(reading(0, count=125)).registers),
                             125)

    def test_mask_write_register(self):
        """Function 22."""
        self.done(self.client.write_register(9000, 0x12))
        self.done(self.client.mask_write_register(
            address=9000, and_mask=0xF2, or_mask=0x25))
        self.assertEqual(
            self.client.read_holding_registers(9000, count=1).registers,
            [0x17])

    def test_read_write_multiple_registers(self):
        """Function 23: what is written is read."""
        response = self.done(read_and_write(
            self.client, [7, 8], read_address=9100, read_count=4,
            write_address=9101))
        self.assertEqual(response.registers, [0, 7, 8, 0])

    def test_return_query_data(self):
        """Function 8, sub-function 0."""
        response = self.done(self.client.diag_query_data([0x1234, 0xFF]))
        self.assertEqual(words(response.message), [0x1234, 0xFF])

    def test_report_server_id(self):
        """Function 17: all that it returns is the identifier."""
        response = self.done(execute(self.client, REPORT_SERVER_ID))
        self.assertRegex(response.identifier,
                         rb"^M\xffMBAsyncServer \d+\.\d+\.\d+$")

    def test_read_device_identification(self):
        """Function 43, MEI type 14."""
        for code, objects in ((1, 3), (2, 5), (3, 5)):
            response = self.done(execute(
                self.client, READ_DEVICE_IDENTIFICATION, code, 0))
            self.assertEqual(response.conformity, 0x82)
            self.assertEqual(sorted(response.information),
                             list(range(objects)))
            self.assertEqual(response.information[1], b"MBAsyncServer")
        response = self.done(execute(
            self.client, READ_DEVICE_IDENTIFICATION, 4, 2))
        self.assertRegex(response.information[2], rb"^\d+\.\d+\.\d+$")

    def test_refusals(self):
        """Exceptions 1, 2 and 3."""
        self.assert_refused(
            self.client.read_holding_registers(65535, count=2),
            ILLEGAL_ADDRESS)
        self.assert_refused(self.client.read_coils(65535, count=2),
                            ILLEGAL_ADDRESS)
        for kind, quantity in ((READ_INPUT_REGISTERS, 126),
                               (READ_COILS, 2001)):
            self.assert_refused(execute(self.client, kind, address=0,
                                        count=quantity), ILLEGAL_VALUE)
        self.assert_refused(execute(self.client, READ_EXCEPTION_STATUS),
                            ILLEGAL_FUNCTION)

    def test_the_overlay(self):
        """Coil 17 is bit 1 of register 1 in the overlaid mode only."""
        self.done(self.client.write_coil(17, True))
        self.assertEqual(
            self.client.read_holding_registers(1, count=1).registers,
            [2 if self.mode == "o" else 0])


class Separate(Common, ServerTest):
    """-d s"""

    mode = "s"


class Overlaid(Common, ServerTest):
    """-d o"""

    mode = "o"


class Awaited:
    """An asynchronous client, whose methods return when they are done."""

    def __init__(self, loop, client):
        self.loop, self.client = loop, client

    def __getattr__(self, name):
        async def call(arguments, options):
            done = getattr(self.client, name)(*arguments, **options)
            return await done if inspect.isawaitable(done) else done
        return lambda *arguments, **options: self.loop.run_until_complete(
            call(arguments, options))


class Tls(Common, TlsTest):
    """Over TLS."""

    mode = "s"

    def dial(self, **options):
        async def connect():
            client = tls_client(self.server.port, **options)
            await client.connect()
            return client
        client = Awaited(self.loop, self.loop.run_until_complete(connect()))
        self.addCleanup(client.close)
        return client

    def setUp(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        self.server = self.start_tls("-d", self.mode)
        self.client = self.dial(sslctx=client_context("manager"))

    def test_its_own_context(self):
        """With a certificate and a key, as its examples have it; the role
        reads, and writes where it may."""
        client = self.dial(certfile=plant().path("operator"),
                           keyfile=plant().path("operator", "key"))
        self.done(client.write_register(1000, 0xBEEF))
        self.assertEqual(self.done(client.read_holding_registers(
            1000, count=1)).registers, [0xBEEF])
        self.assert_refused(client.write_register(999, 1),
                            ILLEGAL_FUNCTION)

    def test_both_versions(self):
        for version in VERSIONS:
            client = self.dial(sslctx=client_context("historian", version))
            self.done(client.read_holding_registers(0, count=125))
            self.assert_refused(client.read_coils(0, count=1),
                                ILLEGAL_FUNCTION)


if __name__ == "__main__":
    print("pymodbus", pymodbus.__version__)
    main()
