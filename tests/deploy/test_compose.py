# SPDX-License-Identifier: Apache-2.0
"""The compose file: right by its specification, every file, secret, port and
path that it names is there, and premura takes the configuration in it."""
import json
import pathlib
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema
import npm
import pytest
import yaml
from conftest import BINARY

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy/compose"
COMPOSE = yaml.safe_load((FOLDER / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
PREMURAS = {name: one for name, one in SERVICES.items()
            if name.startswith("premura-")}
DOCKERFILE = (ROOT / "deploy/container/Dockerfile").read_text()


@pytest.fixture(scope="module")
def secrets(tmp_path_factory):
    folder = tmp_path_factory.mktemp("secrets")
    script = FOLDER / "secrets.sh"
    for _ in range(2):
        subprocess.run([script, folder / "made"], check=True)
    return folder / "made"


def seconds(text):
    return int(re.fullmatch(r"(\d+)s", text)[1])


def test_the_file_is_right_by_the_specification():
    schema = json.loads((npm.package("dclint", "3.1.0")
                         / "schemas/compose.schema.json").read_text())
    schema["$schema"] = "http://json-schema.org/draft-07/schema#"
    assert list(jsonschema.Draft7Validator(schema).iter_errors(COMPOSE)) == []
    broken = {**COMPOSE, "services": {"a": {"imagee": "x"}}}
    assert list(jsonschema.Draft7Validator(schema).iter_errors(broken))


def test_there_are_three_instances_that_differ_by_name_and_place_only():
    assert sorted(PREMURAS) == ["premura-1", "premura-2", "premura-3"]
    names, places, rest = set(), set(), []
    for name, one in PREMURAS.items():
        assert one["environment"] == {"PREMURA_INSTANCE": name}
        names.add(name)
        state, = [volume for volume in one["volumes"]
                  if volume.endswith(":/var/lib/premura")]
        places.add(state)
        rest.append({key: value for key, value in one.items()
                     if key not in ("environment", "volumes")})
    assert len(names) == len(places) == 3
    assert rest[0] == rest[1] == rest[2]


@pytest.mark.parametrize("name", SERVICES)
def test_all_that_a_service_names_is_there(name):
    one = SERVICES[name]
    for volume in one.get("volumes", []):
        source = volume.split(":")[0]
        if source.startswith("."):
            assert (FOLDER / source).resolve().is_file(), source
        else:
            assert source in COMPOSE["volumes"]
    for secret in one.get("secrets", []):
        assert secret in COMPOSE["secrets"]
    for other in one.get("depends_on", {}):
        assert other in SERVICES
    for network in one["networks"]:
        assert network in COMPOSE["networks"]
    if "build" in one:
        context = (FOLDER / one["build"]["context"]).resolve()
        assert context == ROOT and (context / one["build"]["dockerfile"]).exists()
    # No registry is named: official short names, or whatever a variable says.
    image = re.fullmatch(r"\$\{[A-Z]+_IMAGE:-([\w/-]+):[\w.]+\}", one["image"])
    assert image and "." not in image[1]
    if name != "topics":
        assert one["restart"] == "unless-stopped"
        assert one["healthcheck"]["test"][0] == "CMD"


@pytest.mark.parametrize("name", PREMURAS)
def test_an_instance_has_time_to_stop_and_no_rights(name):
    one = PREMURAS[name]
    drain = one["command"][one["command"].index("--drain") + 1]
    assert seconds(one["stop_grace_period"]) > seconds(drain)
    assert one["read_only"] and one["cap_drop"] == ["ALL"]
    assert re.search(r"^USER 10001", DOCKERFILE, re.M)
    assert re.search(r"COPY deploy/container/ready /usr/local/bin/premura-ready",
                     DOCKERFILE)
    assert one["healthcheck"]["test"] == ["CMD", "premura-ready"]


def here(text, secrets, tmp_path):
    """A configuration whose paths are those of this checkout."""
    for there, where in (
            ("/usr/local/share/premura/rules", ROOT / "rules/library"),
            ("/usr/local/share/premura/templates",
             ROOT / "rules/library/templates"),
            ("/run/secrets", secrets), ("/var/lib/premura", tmp_path / "state"),
            ("/etc/prometheus/alerts.yaml",
             ROOT / "deploy/prometheus/alerts.yaml")):
        text = text.replace(there, str(where))
    return text


def test_premura_takes_its_configuration(premura, secrets, tmp_path,
                                         monkeypatch):
    path = tmp_path / "premura.yaml"
    path.write_text(here((FOLDER / "premura.yaml").read_text(), secrets,
                         tmp_path))
    monkeypatch.setenv("PREMURA_INSTANCE", "premura-2")
    run = premura("check", "-c", path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "warning" not in run.stdout + run.stderr
    told = yaml.safe_load(premura("config", "-c", path).stdout)
    kafka = told["sources"][0]["kafka"]
    assert kafka["instance_id"] == "premura-2"
    host, port = kafka["brokers"][0].split(":")
    listeners = SERVICES["kafka"]["environment"]
    assert "PLAINTEXT://%s:%s" % (host, port) == listeners[
        "KAFKA_ADVERTISED_LISTENERS"]
    topic = SERVICES["topics"]["command"]
    assert topic[topic.index("--topic") + 1] == kafka["topics"][0]
    assert int(topic[topic.index("--partitions") + 1]) >= len(PREMURAS)
    host = re.fullmatch(r"postgresql://premura@(\w+)/premura",
                        told["ledger"]["url"])[1]
    assert SERVICES[host]["environment"]["POSTGRES_USER"] == "premura"


def test_every_secret_that_a_configuration_names_is_given_to_it():
    for name, text in (("premura-1", "premura.yaml"),
                       ("prometheus", "prometheus.yaml"),
                       ("postgresql", "compose.yaml")):
        named = set(re.findall(r"/run/secrets/([\w.-]+)",
                               (FOLDER / text).read_text()))
        assert named and named <= set(SERVICES[name]["secrets"])


def test_prometheus_takes_its_configuration_and_scrapes_all(secrets, tmp_path):
    text = (FOLDER / "prometheus.yaml").read_text()
    path = tmp_path / "prometheus.yaml"
    path.write_text(here(text, secrets, tmp_path))
    run = subprocess.run(["promtool", "check", "config", str(path)],
                         capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    job, = yaml.safe_load(text)["scrape_configs"]
    assert job["job_name"] == "premura", "alerts look for that job"
    targets, = job["static_configs"]
    assert sorted(targets["targets"]) == [
        name + ":9464" for name in sorted(PREMURAS)]


def test_the_secrets_are_made_once_and_are_what_they_should_be(secrets):
    for secret in COMPOSE["secrets"].values():
        path = secrets / pathlib.Path(secret["file"]).name
        assert path.stat().st_size > 20, path
    assert secrets.stat().st_mode & 0o777 == 0o700
    run = subprocess.run(
        ["openssl", "verify", "-CAfile", secrets / "ledger-ca.pem",
         "-verify_hostname", "postgresql", secrets / "ledger-server.pem"],
        capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    before = (secrets / "ledger.password").read_text()
    subprocess.run([FOLDER / "secrets.sh", secrets], check=True)
    assert (secrets / "ledger.password").read_text() == before
    help_ = subprocess.run([FOLDER / "secrets.sh", "--help"],
                           capture_output=True, text=True)
    assert help_.returncode == 2 and "usage:" in help_.stderr


@pytest.mark.parametrize("status", [200, 503, None])
def test_the_health_check_asks_whether_it_is_ready(status):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            assert self.path == "/readyz"
            self.send_response(status)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = str(server.server_port)
    if status is None:
        server.shutdown()
        server.server_close()
    run = subprocess.run([ROOT / "deploy/container/ready", port],
                         capture_output=True, text=True, timeout=20)
    assert (run.returncode == 0) == (status == 200)
    if status is not None:
        server.shutdown()


def test_the_image_holds_what_is_linked_and_what_is_looked_up():
    # As the Dockerfile does: from the libraries of a binary to packages.
    command = re.search(r"^RUN (ldd .+?) > /runtime-packages.txt", DOCKERFILE,
                        re.M | re.S)[1].replace("\\\n", "")
    command = command.replace("/usr/local/bin/premura", str(BINARY))
    run = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert {"librdkafka1", "libpq5", "libcurl4", "librocksdb7.8",
            "zlib1g"} <= set(run.stdout.split()), run.stdout
    for package in ("ca-certificates", "tzdata"):
        assert package in DOCKERFILE
