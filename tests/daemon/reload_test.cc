// SPDX-License-Identifier: Apache-2.0
#include "daemon/reload.h"

#include <gtest/gtest.h>

#include <functional>

namespace premura {
namespace {

using std::chrono::minutes;

Config Running() {
  Config config;
  SourceConfig source;
  source.id = "product";
  KafkaConfig kafka;
  kafka.brokers = {"kafka-1:9092"};
  kafka.topics = {"events"};
  kafka.sasl = KafkaConfig::Sasl{"PLAIN", "premura", Secret("one")};
  source.from = kafka;
  config.sources = {source};
  return config;
}

// A key is told of and kept, or neither: what was told of once and taken over
// all the same would never be told of again.
TEST(ReloadTest, WhatOnlyAStartTakesOverIsToldAndStays) {
  struct Change {
    const char* key;
    std::function<void(Config*)> make;
  };
  const Change changes[] = {
      {"name", [](Config* c) { c->name = "other"; }},
      {"sources", [](Config* c) { c->sources[0].format = "segment"; }},
      {"sources", [](Config* c) { c->sources.push_back(c->sources[0]); }},
      {"sources",
       [](Config* c) {
         std::get<KafkaConfig>(c->sources[0].from).sasl->password =
             Secret("two");
       }},
      {"customer", [](Config* c) { c->customer_is_user = true; }},
      {"profiles.from_events",
       [](Config* c) { c->profiles_from_events = false; }},
      {"state", [](Config* c) { c->state_dir = "/elsewhere"; }},
      {"state", [](Config* c) { c->checkpoint_every = minutes(1); }},
      {"state", [](Config* c) { c->rebuild_most = minutes(1); }},
      {"state", [](Config* c) { c->kafka_state.emplace(); }},
      {"dead_letters", [](Config* c) { c->dead_letters.topic = "dead"; }},
      {"dead_letters", [](Config* c) { c->dead_letters.max_size = 1 << 20; }},
      {"dead_letters", [](Config* c) { c->dead_letters.keep = 1; }},
      {"ledger", [](Config* c) { c->ledger.url = "sqlite:/elsewhere.db"; }},
      {"ledger", [](Config* c) { c->ledger.ca = "/ca.pem"; }},
      {"ledger", [](Config* c) { c->ledger.password = Secret("two"); }},
      {"ledger", [](Config* c) { c->lease.whole = minutes(2); }},
      {"ledger_retention", [](Config* c) { c->ledger_retention = minutes(9); }},
      {"http", [](Config* c) { c->admin.host = "::1"; }},
      {"http", [](Config* c) { c->admin.port = 1; }},
      {"http", [](Config* c) { c->admin.token = Secret("two"); }},
      {"log", [](Config* c) { c->log.level = "debug"; }},
      {"log", [](Config* c) { c->log.json = false; }},
      {"shards", [](Config* c) { c->shards = 7; }},
  };
  const Config running = Running();
  EXPECT_TRUE(NeedRestart(running, Running()).empty());
  for (const Change& change : changes) {
    Config after = Running();
    change.make(&after);
    EXPECT_EQ(NeedRestart(running, after),
              std::vector<std::string>{change.key});
    EXPECT_TRUE(NeedRestart(running, TakenOver(running, after)).empty())
        << change.key;
  }
}

TEST(ReloadTest, TheRestIsTakenOver) {
  Config after = Running();
  after.name = "other";
  after.rules = {"rules"};
  after.templates = {"templates"};
  after.restraint.timezone_missing = "Europe/Rome";
  after.retry.max_concurrent = 1;
  const Config config = TakenOver(Running(), after);
  EXPECT_EQ(config.name, "premura");
  EXPECT_EQ(config.rules, after.rules);
  EXPECT_EQ(config.templates, after.templates);
  EXPECT_EQ(config.restraint.timezone_missing, "Europe/Rome");
  EXPECT_EQ(config.retry.max_concurrent, 1);
}

}  // namespace
}  // namespace premura
