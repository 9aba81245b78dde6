"""What pymodbus 3.0, of Debian 12, and 3.8, of Debian 13, call differently."""

import struct

from pymodbus.client import AsyncModbusTlsClient

from harness import DEADLINE

try:
    from pymodbus.pdu.bit_message import ReadCoilsRequest
    from pymodbus.pdu.mei_message import ReadDeviceInformationRequest
    from pymodbus.pdu.other_message import (ReadExceptionStatusRequest,
                                            ReportSlaveIdRequest)
    from pymodbus.pdu.register_message import ReadInputRegistersRequest

    SOCKET_FRAMER = None
except ImportError:
    from pymodbus.bit_read_message import ReadCoilsRequest
    from pymodbus.framer.socket_framer import (
        ModbusSocketFramer as SOCKET_FRAMER)
    from pymodbus.mei_message import ReadDeviceInformationRequest
    from pymodbus.other_message import (ReadExceptionStatusRequest,
                                        ReportSlaveIdRequest)
    from pymodbus.register_read_message import ReadInputRegistersRequest

IS_OLD = SOCKET_FRAMER is not None
UNIT = "unit" if IS_OLD else "dev_id"
WRITTEN = "write_registers" if IS_OLD else "values"

REPORT_SERVER_ID = ReportSlaveIdRequest
READ_EXCEPTION_STATUS = ReadExceptionStatusRequest
READ_COILS = ReadCoilsRequest
READ_INPUT_REGISTERS = ReadInputRegistersRequest
READ_DEVICE_IDENTIFICATION = ReadDeviceInformationRequest


def execute(client, kind, *arguments, **options):
    """A request of a kind that the client has no method for, or refuses to
    send, as 3.8 does with quantities."""
    request = kind(*arguments, **options, **{UNIT: 1})
    request.validateCount = lambda *_: None
    return client.execute(*([] if IS_OLD else [False]), request)


def read_and_write(client, values, **options):
    """Function 23."""
    return client.readwrite_registers(**options, **{WRITTEN: values})


def words(message):
    """What function 8 has returned: 3.8 leaves it as bytes."""
    if isinstance(message, bytes):
        return [word for (word,) in struct.iter_unpack(">H", message)]
    return list(message)


def tls_client(port, sslctx=None, **files):
    """An asynchronous client, with a context, or certfile and keyfile.

    The framer for TLS of 3.0 leaves the MBAP header out, which MB-TCP-Security
    does not; so it is told to use that of Modbus/TCP. That is of use with its
    asynchronous client only: the other one waits in select for bytes that
    OpenSSL has read already."""
    options = {"port": port, "timeout": DEADLINE}
    if IS_OLD:
        options.update(framer=SOCKET_FRAMER, server_hostname="localhost")
        options.update(files, **({"sslctx": sslctx} if sslctx else {}))
    else:
        options.update(
            sslctx=sslctx or AsyncModbusTlsClient.generate_ssl(**files))
    return AsyncModbusTlsClient("127.0.0.1", **options)
