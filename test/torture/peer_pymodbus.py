"""A server made with pymodbus 3.0, as its documentation shows it, for
scripts/scoreboard: four tables of 65,536 items, identification, a port that
the system chooses and that the first line of output names.
"""

import asyncio
import logging

from pymodbus.datastore import (ModbusSequentialDataBlock, ModbusServerContext,
                                ModbusSlaveContext)
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server.async_io import ModbusTcpServer


async def serve():
    """Serve until killed."""
    slave = ModbusSlaveContext(
        di=ModbusSequentialDataBlock(0, [0] * 65536),
        co=ModbusSequentialDataBlock(0, [0] * 65536),
        hr=ModbusSequentialDataBlock(0, [0] * 65536),
        ir=ModbusSequentialDataBlock(0, [0] * 65536),
        zero_mode=True)
    identity = ModbusDeviceIdentification(info_name={
        "VendorName": "Pymodbus",
        "ProductCode": "PM",
        "MajorMinorRevision": "3.0.0",
    })
    server = ModbusTcpServer(ModbusServerContext(slaves=slave, single=True),
                             identity=identity, address=("127.0.0.1", 0))
    task = asyncio.create_task(server.serve_forever())
    await server.serving
    print(server.server.sockets[0].getsockname()[1], flush=True)
    await task


# It logs a traceback for each request that it can't decode.
logging.disable(logging.CRITICAL)
asyncio.run(serve())
