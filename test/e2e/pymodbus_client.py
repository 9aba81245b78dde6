"""pymodbus 3.0's synchronous client: every function code, both modes; and its
asynchronous client of TLS, with a certificate."""

import asyncio
import inspect

import pymodbus
from pymodbus.client import AsyncModbusTlsClient, ModbusTcpClient
from pymodbus.framer.socket_framer import ModbusSocketFramer
from pymodbus.mei_message import ReadDeviceInformationRequest
from pymodbus.other_message import (ReadExceptionStatusRequest,
                                    ReportSlaveIdRequest)
from pymodbus.pdu import ModbusExceptions

from harness import DEADLINE, ServerTest, main
from tls_plant import VERSIONS, TlsTest, client_context, plant


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
            self.assertEqual(self.done(reading(65535, 1)).bits[:1], [True])
            self.assertEqual(self.done(reading(30000, 100)).bits[:100],
                             pattern)
            self.assertEqual(len(self.done(reading(0, 2000)).bits), 2000)

    def test_registers(self):
        """Functions 3, 4, 6, 16."""
        values = list(range(1000, 1123))
        self.done(self.client.write_register(65535, 0xBEEF))
        self.done(self.client.write_registers(4050, values, slave=255))
        for reading in (self.client.read_holding_registers,
                        self.client.read_input_registers):
            self.assertEqual(self.done(reading(65535, 1)).registers, [0xBEEF])
            self.assertEqual(self.done(reading(4050, 123)).registers, values)
            self.assertEqual(len(self.done(reading(0, 125)).registers), 125)

    def test_mask_write_register(self):
        """Function 22."""
        self.done(self.client.write_register(9000, 0x12))
        self.done(self.client.mask_write_register(
            address=9000, and_mask=0xF2, or_mask=0x25))
        self.assertEqual(
            self.client.read_holding_registers(9000, 1).registers, [0x17])

    def test_read_write_multiple_registers(self):
        """Function 23: what is written is read."""
        response = self.done(self.client.readwrite_registers(
            read_address=9100, read_count=4, write_address=9101,
            write_registers=[7, 8]))
        self.assertEqual(response.registers, [0, 7, 8, 0])

    def test_return_query_data(self):
        """Function 8, sub-function 0."""
        response = self.done(self.client.diag_query_data([0x1234, 0xFF]))
        self.assertEqual(list(response.message), [0x1234, 0xFF])

    def test_read_device_identification(self):
        """Function 43, MEI type 14."""
        for code, objects in ((1, 3), (2, 5), (3, 5)):
            response = self.done(self.client.execute(
                ReadDeviceInformationRequest(code, 0)))
            self.assertEqual(response.conformity, 0x82)
            self.assertEqual(sorted(response.information),
                             list(range(objects)))
            self.assertEqual(response.information[1], b"MBAsyncServer")
        response = self.done(self.client.execute(
            ReadDeviceInformationRequest(4, 2)))
        self.assertRegex(response.information[2], rb"^\d+\.\d+\.\d+$")

    def test_refusals(self):
        """Exceptions 1, 2 and 3."""
        self.assert_refused(self.client.read_holding_registers(65535, 2),
                            ModbusExceptions.IllegalAddress)
        self.assert_refused(self.client.read_coils(65535, 2),
                            ModbusExceptions.IllegalAddress)
        self.assert_refused(self.client.read_input_registers(0, 126),
                            ModbusExceptions.IllegalValue)
        self.assert_refused(self.client.read_coils(0, 2001),
                            ModbusExceptions.IllegalValue)
        self.assert_refused(self.client.execute(ReportSlaveIdRequest(unit=1)),
                            ModbusExceptions.IllegalFunction)
        self.assert_refused(self.client.execute(
            ReadExceptionStatusRequest(unit=1)),
                            ModbusExceptions.IllegalFunction)

    def test_the_overlay(self):
        """Coil 17 is bit 1 of register 1 in the overlaid mode only."""
        self.done(self.client.write_coil(17, True))
        self.assertEqual(self.client.read_holding_registers(1, 1).registers,
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
    """Over TLS. pymodbus's own framer for TLS leaves the MBAP header out, which
    MB-TCP-Security does not; so it is told to use that of Modbus/TCP. That is
    of use with its asynchronous client only: the other one waits in select for
    bytes that OpenSSL has read already."""

    mode = "s"

    def dial(self, **options):
        async def connect():
            client = AsyncModbusTlsClient(
                "127.0.0.1", port=self.server.port, framer=ModbusSocketFramer,
                timeout=DEADLINE, server_hostname="localhost", **options)
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
            1000, 1)).registers, [0xBEEF])
        self.assert_refused(client.write_register(999, 1),
                            ModbusExceptions.IllegalFunction)

    def test_both_versions(self):
        for version in VERSIONS:
            client = self.dial(sslctx=client_context("historian", version))
            self.done(client.read_holding_registers(0, 125))
            self.assert_refused(client.read_coils(0, 1),
                                ModbusExceptions.IllegalFunction)


if __name__ == "__main__":
    print("pymodbus", pymodbus.__version__)
    main()
