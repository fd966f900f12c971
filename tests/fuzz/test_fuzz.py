# SPDX-License-Identifier: Apache-2.0
"""Each fuzzer for a few seconds (PREMURA_FUZZ_SECONDS), from a seed that is
printed. What breaks one is kept in build/fuzz/found/."""
import os
import pathlib
import random
import re
import subprocess

import pytest

import seeds

BUILD = seeds.ROOT / "build/fuzz"
SECONDS = int(os.environ.get("PREMURA_FUZZ_SECONDS", "10"))


@pytest.mark.parametrize("name", ["condition", "decode", "rules", "template"])
def test_no_input_breaks_it(name, tmp_path):
    seeds.write(name, tmp_path)
    found = BUILD / "found" / name
    found.mkdir(parents=True, exist_ok=True)
    seed = random.randrange(1, 2**31)
    run = subprocess.run(
        [BUILD / "tests/fuzz" / f"fuzz_{name}", f"-max_total_time={SECONDS}",
         f"-seed={seed}", "-timeout=20", "-rss_limit_mb=3000",
         "-print_final_stats=1", f"-artifact_prefix={found}/", tmp_path],
        stderr=subprocess.PIPE, text=True, errors="replace",
        timeout=SECONDS + 120, check=False)
    assert run.returncode == 0, f"-seed={seed}\n{run.stderr[-4000:]}"
    inputs = re.search(r"number_of_executed_units: (\d+)", run.stderr)
    print(f"{name}: {inputs[1]} inputs, -seed={seed}")
    assert int(inputs[1]) >= len(list(pathlib.Path(tmp_path).glob("seed-*")))
