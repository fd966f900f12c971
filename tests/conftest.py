# SPDX-License-Identifier: Apache-2.0
"""What the tests of the whole program share: servers and the daemon."""
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent / "e2e"))
import harness  # noqa: E402


@pytest.fixture(scope="session")
def servers(request):
    """Starts each server once, when it is first asked for."""
    base = pathlib.Path(tempfile.mkdtemp(prefix="premura-e2e-"))
    base.chmod(0o755)
    started = {}

    class Servers:
        def __getattr__(self, name):
            kind = {"rt": harness.Rt, "redmine": harness.Redmine,
                    "mail": harness.Mail,
                    "postgresql": harness.Postgresql, "kannel": harness.Kannel}[name]
            if name not in started:
                started[name] = kind(base / name)
            return started[name]

        @property
        def kafka_cluster(self):
            if "cluster" not in started:
                started["cluster"] = harness.KafkaCluster(
                    base / "cluster", "4.1.0")
            return started["cluster"]

        def kafka(self, version):
            if version not in started:
                started[version] = harness.Kafka(
                    base / ("kafka-" + version), version)
            return started[version]

    yield Servers()
    for server in started.values():
        server.close()
    if not request.session.testsfailed:
        shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def start(tmp_path):
    """start(config) runs premura on it and ends it after the test."""
    assert harness.PREMURA.exists(), (
        "%s is not built; see tests/README.md" % harness.PREMURA)
    daemons = []

    def run(config, folder=None, ready=True, binary=None, environment=None):
        folder = folder or tmp_path
        folder.mkdir(exist_ok=True)
        daemon = harness.Daemon(folder, config, binary)
        daemons.append(daemon)
        daemon.environment = environment or {}
        return daemon.start(ready)

    yield run
    for daemon in daemons:
        daemon.close()
