# SPDX-License-Identifier: Apache-2.0
"""A broker that allows each user what ACLs say: what README asks for is enough
for an instance with `state.kafka`, and a right that is missing is said by its
name, in the log or by /readyz."""
import configs
import pytest
from harness import Kafka, eventually, track

TOPIC = "usage"
# (kind, name, whether it is a prefix, operation); %s: the group, one a user.
RIGHTS = {
    "events": ("topic", TOPIC, False, "read"),
    "group": ("group", "%s", False, "read"),
    "state": ("topic", "%s-state", False, "read"),
    "write": ("topic", "%s-state", False, "write"),
    "create": ("topic", "%s-state", False, "create"),
    "transactions": ("transactional", "%s-state", True, "write"),
}
# What is said to whom has all rights but this.
WORDS = {
    "events": "topic 'usage' is not there, or ACLs hide it from this user",
    "group": "Group authorization failed",
    "state": "reading the changelog: Broker: Topic authorization failed",
    "write": "Topic authorization failed",
    "create": "it cannot be created: ",
    "transactions": "Transactional Id authorization failed",
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    users = ["all", *RIGHTS]
    kafka = Kafka(tmp_path_factory.mktemp("acls") / "kafka", "4.1.0", {
        "KAFKA_USERS": " ".join(user + "=pw" for user in users)})
    kafka.create_topic(TOPIC)
    for user in users:
        kafka.allow([
            (user, kind, name.replace("%s", "g-" + user), prefix, operation)
            for right, (kind, name, prefix, operation) in RIGHTS.items()
            if right != user])
    yield kafka
    kafka.close()


def instance(broker, start, folder, user):
    folder.mkdir()
    (folder / "rules.yaml").write_text(configs.FAILURES)
    (folder / "password").write_text("pw\n")
    source = configs.kafka_source(broker, TOPIC, "g-" + user).replace(
        "127.0.0.1:%d" % broker.port, "127.0.0.1:%d" % (broker.port + 2))
    return start(source.replace(
        "instance_id: e2e", "instance_id: e2e, sasl: {mechanism: PLAIN, "
        "username: %s, password_file: password}" % user)
        + "state: {dir: state, checkpoint_every: 200ms, kafka: {}}\n"
        + configs.rules("rules.yaml") + configs.FILE_DESK + configs.SENDER
        + configs.QUICK, folder, ready=False)


def fails(broker, user, times):
    broker.produce(TOPIC, [track(user, "action_failed", action="Import")
                           for _ in range(times)])


def test_the_rights_that_readme_names_are_enough(broker, start, tmp_path):
    daemon = instance(broker, start, tmp_path / "all", "all")
    eventually(daemon.is_ready, "ready", 30)
    fails(broker, "u-1", 2)
    eventually(lambda: daemon.metric("premura_events_total") == 2, "read", 30)
    assert daemon.stop() == 0
    daemon.start()
    fails(broker, "u-1", 1)
    eventually(lambda: configs.file_tickets(daemon), "a ticket", 60)
    assert "authorization" not in daemon.log()


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_that_is_missing_is_said(broker, start, tmp_path, right):
    daemon = instance(broker, start, tmp_path / right, right)
    fails(broker, "u-2", 1)

    def said():
        return WORDS[right] in daemon.log() + daemon.get("/readyz")[1]
    eventually(said, WORDS[right], 30)
