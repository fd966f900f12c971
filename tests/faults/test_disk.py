# SPDX-License-Identifier: Apache-2.0
"""The disk of `state.dir` is a small one of its own: full, and read-only."""
import errno
import subprocess
import uuid

import configs
import pytest
from group import fails
from harness import eventually
from test_shared_ledger import customers, new_users


@pytest.fixture
def disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "none", place],
                   check=True)
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def fill(disk):
    """Not a byte is left."""
    with open(disk / "ballast", "ab", buffering=0) as ballast:
        size = 1 << 20
        while size:
            try:
                ballast.write(b"\0" * size)
            except OSError as error:
                assert error.errno == errno.ENOSPC
                size //= 2


@pytest.fixture
def world(servers, start, tmp_path, disk):
    kafka = servers.kafka("4.1.0")
    topic = kafka.create_topic("disk-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic)
                   + "state: {dir: disk, checkpoint_every: 200ms}\n"
                   + configs.rules("rules.yaml") + configs.FILE_DESK
                   + configs.SENDER + configs.QUICK)
    daemon.produce = lambda events: kafka.produce(topic, events)
    return daemon


def await_tickets(daemon, users):
    eventually(lambda: len(customers(daemon)) >= len(users), "all tickets", 60)
    assert sorted(customers(daemon)) == sorted(users)


def assert_refuses_to_start(world, words):
    world.start(ready=False)
    eventually(lambda: world.process.poll() is not None, "it ends", 30)
    assert world.process.returncode == 1
    assert "start_failed" in world.log()
    assert words in world.log()


def fail_until_unready(world, disk):
    """Of more and more customers; the ledger has some room in its files."""
    fill(disk)
    users = []

    def is_unready():
        more = new_users(50)
        users.extend(more)
        world.produce(fails(more, 3))
        return world.get("/readyz")[0] == 503
    eventually(is_unready, "it is not ready", 60)
    assert "database or disk is full" in world.get("/readyz")[1]
    assert world.get("/livez") == (200, "ok\n")
    return users


def test_a_full_disk_is_waited_for(world, disk):
    users, patient = new_users(20), new_users(20)
    world.produce(fails(users, 3) + fails(patient, 2))
    await_tickets(world, users)
    users += fail_until_unready(world, disk)
    (disk / "ballast").unlink()
    await_tickets(world, users)
    eventually(lambda: world.get("/readyz") == (200, "ready\n"), "all well", 60)
    # Killed while it is full it finds all there was.
    users += fail_until_unready(world, disk)
    world.kill()
    assert_refuses_to_start(world, "No space left on device")
    (disk / "ballast").unlink()
    world.start()
    world.produce(fails(patient))
    await_tickets(world, users + patient)
    assert world.stop() == 0


def test_a_start_on_a_read_only_disk_says_so(world, disk):
    users = new_users(10)
    world.produce(fails(users, 2))
    eventually(lambda: world.metric("premura_events_total") == 20, "read", 60)
    assert world.stop() == 0
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    assert_refuses_to_start(world, "Read-only file system")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    world.start()
    world.produce(fails(users))
    await_tickets(world, users)
    assert world.stop() == 0
