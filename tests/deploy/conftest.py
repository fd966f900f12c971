# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(
    os.environ.get("PREMURA_BINARY", ROOT / "build/release/premura"))


@pytest.fixture
def premura():
    assert BINARY.exists(), "%s is not built" % BINARY

    def run(*arguments):
        return subprocess.run(
            [str(BINARY), *map(str, arguments)], capture_output=True,
            text=True, timeout=60)

    return run
