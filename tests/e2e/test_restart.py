# SPDX-License-Identifier: Apache-2.0
"""Two of three failures before a restart, the third after it: whatever way the
daemon ends, and whatever becomes of its checkpoint, there is one ticket."""
import shutil
import uuid

import pytest

import configs
from harness import eventually, track

STATE = "state: {dir: state, checkpoint_every: 300ms}\n"


def failure(user):
    return track(user, "action_failed", action="Import")


def stop(daemon):
    assert daemon.stop() == 0


def kill(daemon):
    daemon.kill()


def leave(folder):
    pass


def delete(folder):
    shutil.rmtree(folder)


def damage(folder):
    for path in folder.iterdir():
        path.write_bytes(b"x" * path.stat().st_size)


def cut_off(folder):
    """As a disk that has lost all but the beginning."""
    with open(max(folder.glob("*.log")), "r+b") as log:
        log.truncate(100)


def tickets_about(daemon, user):
    return sum(user in text for text in configs.file_tickets(daemon))


def checkpointed(daemon, records):
    """All that was read is in a checkpoint."""
    return (daemon.metric("premura_records_total") == records
            and daemon.metric("premura_source_lag_records") == 0
            and daemon.metric("premura_commits_total"))


@pytest.mark.parametrize("end", [stop, kill])
@pytest.mark.parametrize("become", [leave, delete, damage, cut_off])
def test_windows_outlive_a_restart(servers, start, tmp_path, end, become):
    kafka = servers.kafka("3.9.1")
    topic = kafka.create_topic("windows-" + uuid.uuid4().hex[:8])
    (tmp_path / "rules.yaml").write_text(configs.FAILURES)
    daemon = start(configs.kafka_source(kafka, topic, "g-" + topic) + STATE
                   + configs.rules("rules.yaml") + configs.FILE_DESK
                   + configs.SENDER + configs.QUICK)
    # One is told before, and must not be told again.
    kafka.produce(topic, [failure("u-before") for _ in range(3)])
    eventually(lambda: tickets_about(daemon, "u-before") == 1, "a ticket", 60)
    kafka.produce(topic, [failure("u-across") for _ in range(2)])
    eventually(lambda: checkpointed(daemon, 5), "a checkpoint", 60)
    committed = daemon.metric("premura_commits_total")
    eventually(lambda: daemon.metric("premura_commits_total") > committed + 1,
               "another checkpoint", 60)

    end(daemon)
    folder = tmp_path / "state" / "checkpoint"
    become(folder)
    daemon.start()
    kafka.produce(topic, [failure("u-across"), failure("u-after")])
    eventually(lambda: tickets_about(daemon, "u-across") == 1,
               "a ticket for who failed across the restart", 60)
    assert daemon.stop() == 0
    assert tickets_about(daemon, "u-before") == 1
    assert tickets_about(daemon, "u-after") == 0
    told = configs.query(daemon, "select count(*) from detections")
    assert told == [(2,)]
    log = daemon.log()
    assert ("checkpoint_damaged" in log) == (become is damage)
    assert ("read again to make up for it" in log) == (become is not leave)
    assert (tmp_path / "state" / "checkpoint.damaged-1").exists() == (
        become is damage)
    assert folder.exists()
