#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A Kafka broker for tests (KRaft), loopback, no topics made by themselves: the
# only one, or one of several.
#
# usage: kafka-up.sh DIR PORT [VERSION [PORT..]]     (PORT + 1 is the controller's)
#   ready bootstrap=127.0.0.1:PORT pid=PID version=VERSION
# VERSION: 3.9.1 (default, or $PREMURA_KAFKA_VERSION) or a 4.x. Its jars come
# from Maven once and are kept in ${PREMURA_TEST_CACHE:-~/.cache/premura-tests};
# KAFKA_JARS names a folder that has them already. The last ports are those of all
# brokers, this one among them; what is written is then on all and confirmed by
# most. KAFKA_AUTO_CREATE=true: topics are made by being asked for, as Kafka does
# by default. KAFKA_USERS="NAME=PASSWORD ..": at PORT + 2 these may come in by
# SASL/PLAIN, and do what ACLs allow them; who comes to PORT may do anything.
# kill -9 PID is a crash; the same DIR again is the same broker with its data.
# See lifetime.sh for how it ends.
# packages: openjdk-17-jre-headless maven
set -euo pipefail
# shellcheck source=tests/support/lifetime.sh
. "$(dirname "$0")/lifetime.sh"
PORT=$2
VERSION=${3:-${PREMURA_KAFKA_VERSION:-3.9.1}}
ALL=("${@:4}")
[ ${#ALL[@]} != 0 ] || ALL=("$PORT")
COPIES=${#ALL[@]}
MOST=$((COPIES / 2 + 1))
NODE=
VOTERS=
for i in "${!ALL[@]}"; do
  [ "${ALL[i]}" != "$PORT" ] || NODE=$((i + 1))
  VOTERS+=${VOTERS:+,}$((i + 1))@127.0.0.1:$((ALL[i] + 1))
done
SERVER=
cleanup() { stop_pid "$SERVER"; }
open_directory "$1"

CACHE=${PREMURA_TEST_CACHE:-$HOME/.cache/premura-tests}
JARS=${KAFKA_JARS:-$CACHE/kafka-$VERSION}

dependency() {
  echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId>"
  echo "<version>$3</version></dependency>"
}

# Downloads beside the place and moves there whole: two tests may start at once.
fetch_jars() {
  mkdir -p "$CACHE"
  local new
  new=$(mktemp -d "$CACHE/kafka-$VERSION.XXXXXX")
  {
    echo '<project xmlns="http://maven.apache.org/POM/4.0.0">'
    echo '<modelVersion>4.0.0</modelVersion><groupId>test</groupId>'
    echo '<artifactId>kafka-broker</artifactId><version>1</version>'
    echo '<packaging>pom</packaging><dependencies>'
    dependency org.apache.kafka kafka_2.13 "$VERSION"
    if [ "${VERSION%%.*}" = 3 ]; then
      dependency org.slf4j slf4j-reload4j 1.7.36
      dependency ch.qos.reload4j reload4j 1.2.25
    else
      dependency org.apache.logging.log4j log4j-core 2.24.3
      dependency org.apache.logging.log4j log4j-slf4j-impl 2.24.3
    fi
    echo '</dependencies></project>'
  } > "$new/pom.xml"
  mvn -B -q -f "$new/pom.xml" dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$new" >&2
  touch "$new/.complete"
  mv -T "$new" "$JARS" 2>/dev/null || rm -rf "$new"
}
[ -e "$JARS/.complete" ] || [ -n "${KAFKA_JARS:-}" ] || fetch_jars

cat > "$DIR/server.properties" <<CONF
process.roles=broker,controller
node.id=$NODE
controller.quorum.voters=$VOTERS
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$((PORT + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$PORT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=$DIR/log
offsets.topic.replication.factor=$COPIES
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$COPIES
transaction.state.log.min.isr=$MOST
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
auto.create.topics.enable=${KAFKA_AUTO_CREATE:-false}
min.insync.replicas=$MOST
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
CONF
# The last of two lines is what counts.
if [ -n "${KAFKA_USERS:-}" ]; then
  PLACE=127.0.0.1:$((PORT + 2))
  cat <<CONF
listeners=PLAINTEXT://127.0.0.1:$PORT,CONTROLLER://127.0.0.1:$((PORT + 1)),SASL_PLAINTEXT://$PLACE
advertised.listeners=PLAINTEXT://127.0.0.1:$PORT,SASL_PLAINTEXT://$PLACE
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:ANONYMOUS
sasl.enabled.mechanisms=PLAIN
CONF
  printf '%s' 'listener.name.sasl_plaintext.plain.sasl.jaas.config=' \
    'org.apache.kafka.common.security.plain.PlainLoginModule required'
  for user in $KAFKA_USERS; do printf ' user_%s="%s"' "${user%%=*}" "${user#*=}"; done
  echo ';'
fi >> "$DIR/server.properties"
if [ "${VERSION%%.*}" != 3 ]; then
  echo share.coordinator.state.topic.replication.factor=$COPIES
  echo share.coordinator.state.topic.min.isr=$MOST
fi >> "$DIR/server.properties"
LAYOUT='[%d] %p %m (%c)%n'
cat > "$DIR/log4j.properties" <<CONF
log4j.rootLogger=WARN, A
log4j.appender.A=org.apache.log4j.ConsoleAppender
log4j.appender.A.layout=org.apache.log4j.PatternLayout
log4j.appender.A.layout.ConversionPattern=$LAYOUT
CONF
cat > "$DIR/log4j2.properties" <<CONF
rootLogger.level=warn
rootLogger.appenderRef.c.ref=C
appender.c.type=Console
appender.c.name=C
appender.c.layout.type=PatternLayout
appender.c.layout.pattern=$LAYOUT
CONF

# usage: run_java HEAP CLASS ARGUMENT...
run_java() {
  local heap=$1
  shift
  exec java "-Xmx$heap" -XX:+UseSerialGC -Djava.awt.headless=true \
    -Dlog4j.configuration="file:$DIR/log4j.properties" \
    -Dlog4j2.configurationFile="$DIR/log4j2.properties" -cp "$JARS/*" "$@"
}
# A fixed id: the same directory is formatted once and then left alone.
(run_java 128m kafka.tools.StorageTool format -t premuraTestClusterId00 \
  -c "$DIR/server.properties" --ignore-formatted) > "$DIR/format.log" 2>&1 ||
  { cat "$DIR/format.log" >&2; exit 1; }
(run_java 512m kafka.Kafka "$DIR/server.properties") \
  >> "$DIR/broker.log" 2>&1 < /dev/null &
SERVER=$!
# The listener opens once the controller has let the broker in.
answers() { (exec 3<> "/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; }
until_true 60 answers || { tail "$DIR/broker.log" >&2; exit 1; }
serve "bootstrap=127.0.0.1:$PORT pid=$SERVER version=$VERSION"
