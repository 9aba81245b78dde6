"""libmodbus's client library, all of it, in both modes."""

import os
import subprocess

from harness import DEADLINE, ServerTest, main

CLIENT = os.environ.get("LIBMODBUS_CLIENT", "")


class Libmodbus(ServerTest):
    """What libmodbus_client.c checks."""

    def test_every_function_in_both_modes(self):
        for mode in "so":
            with self.subTest(mode=mode):
                server = self.start("-d", mode)
                ended = subprocess.run(
                    [CLIENT, str(server.port), mode], text=True, check=False,
                    timeout=DEADLINE, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT)
                self.assertEqual((ended.returncode, ended.stdout), (0, ""))


if __name__ == "__main__":
    main()
