// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/telemetry.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <sstream>

#include "tests/daemon/manual_clock.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

class TelemetryTest : public ::testing::Test {
 protected:
  TelemetryTest() : log_(NewLog({"debug", true}, &clock_, &out_)) {
    TelemetryOptions options;
    options.version = "1.2.3";
    options.sources = {"product"};
    options.channels = {"email", "ticket:rt"};
    telemetry_ = NewTelemetry(options, &clock_, log_.get());
  }

  static std::shared_ptr<const RuleSet> Rules(const std::string& id) {
    LoadedRules loaded = LoadRules(
        {{"a.yaml", "version: 1\nrules:\n  - id: " + id +
                        "\n    title: A\n    detect:\n      event_count: "
                        "{event: e, gte: 2, within: 1m}\n    actions:\n"
                        "      - email: {template: t}\n"}},
        {});
    EXPECT_NE(loaded.rules, nullptr) << RenderText(loaded.diagnostics);
    return loaded.rules;
  }

  // Whether there is a line `line`.
  bool Has(const std::string& line) const {
    return ("\n" + telemetry_->Text()).find("\n" + line + "\n") !=
           std::string::npos;
  }

  ManualClock clock_;
  std::ostringstream out_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Telemetry> telemetry_;
};

TEST_F(TelemetryTest, EverySeriesIsThereFromTheBeginning) {
  for (
      const char* line : {
          R"(premura_records_total{source="product"} 0)",
          R"(premura_refused_total{reason="broken_json",source="product"} 0)",
          R"(premura_decisions_total{channel="sms",reason="quiet_hours",verdict="hold"} 0)",
          R"(premura_delivery_changes_total{channel="ticket",reason="delivered",state="sent"} 0)",
          R"(premura_deliveries{state="unknown"} 0)",
          R"(premura_channel_usable{channel="ticket:rt"} 1)",
          R"(premura_build_info{version="1.2.3"} 1)",
          "premura_ledger_healthy 1",
          "premura_dead_letter_failures_total 0",
          "premura_event_to_notifier_seconds_count 0",
      }) {
    EXPECT_TRUE(Has(line)) << line;
  }
}

// A 0 that never changes reads as "none was ever sent".
TEST_F(TelemetryTest, WhatCannotBeHasNoSeries) {
  telemetry_->Sample({}, {});
  const std::string text = telemetry_->Text();
  for (
      const char* never :
      {R"(premura_deliveries{state="sent"})",
       R"(premura_deliveries{state="failed"})",
       R"(premura_deliveries{state="suppressed"})",
       R"(premura_decisions_total{channel="sms",reason="delivered",verdict=)",
       R"(premura_decisions_total{channel="sms",reason="cooldown",verdict="send"})",
       R"(premura_delivery_changes_total{channel="sms",reason="quiet_hours",state="sent"})"}) {
    EXPECT_EQ(text.find(never), std::string::npos) << never;
  }
}

TEST_F(TelemetryTest, TransactionsOfTheLedgerAreTimed) {
  telemetry_->OnTransaction(std::chrono::milliseconds(30));
  telemetry_->OnTransaction(std::chrono::seconds(2));
  EXPECT_TRUE(Has("premura_ledger_transaction_seconds_count 2"));
  EXPECT_TRUE(Has(R"(premura_ledger_transaction_seconds_bucket{le="0.05"} 1)"));
}

TEST_F(TelemetryTest, CountsAreAddedUpBySource) {
  PipelineObserver::Counts counts;
  counts.records = 5;
  counts.events = 3;
  counts.duplicates = 1;
  counts.refused[0] = 2;
  telemetry_->OnCounts("product", counts);
  telemetry_->OnCounts("product", counts);
  EXPECT_TRUE(Has(R"(premura_records_total{source="product"} 10)"));
  EXPECT_TRUE(Has(R"(premura_events_total{source="product"} 6)"));
  EXPECT_TRUE(Has(R"(premura_duplicates_total{source="product"} 2)"));
  EXPECT_TRUE(
      Has(R"(premura_refused_total{reason="broken_json",source="product"} 4)"));
  EXPECT_NE(out_.str().find("events_refused"), std::string::npos);
}

TEST_F(TelemetryTest, CheckpointsHaveAnAgeAndFailuresAreCounted) {
  CheckpointReport report;
  report.records = 7;
  report.bytes = 900;
  report.stored = 40;
  report.took = std::chrono::milliseconds(250);
  telemetry_->OnCheckpoint(report);
  clock_.Advance(std::chrono::seconds(12));
  telemetry_->Sample({}, {});
  for (const char* line :
       {"premura_checkpoint_age_seconds 12", "premura_checkpoint_seconds 0.25",
        "premura_checkpoint_bytes 900", "premura_checkpoint_records 7",
        "premura_checkpoint_stored_records 40",
        "premura_checkpoint_failures_total 0",
        "premura_checkpoint_damaged 0"}) {
    EXPECT_TRUE(Has(line)) << line;
  }
  report.problem = "disk full";
  telemetry_->OnCheckpoint(report);
  telemetry_->Sample({}, {});
  EXPECT_TRUE(Has("premura_checkpoint_failures_total 1"));
  EXPECT_TRUE(Has("premura_checkpoint_age_seconds 12"));
  EXPECT_NE(out_.str().find("disk full; it is tried again"), std::string::npos);
  EXPECT_EQ(telemetry_->CheckpointProblem(),
            "disk full, not since " +
                FormatInstant(clock_.Now() - std::chrono::seconds(12)));
  EXPECT_EQ(out_.str().find("checkpoint_back"), std::string::npos);
  report.problem.clear();
  telemetry_->OnCheckpoint(report);
  EXPECT_NE(out_.str().find("checkpoint_back"), std::string::npos);
  EXPECT_EQ(telemetry_->CheckpointProblem(), "");
}

TEST_F(TelemetryTest, TellsHowFarARestoreIsAndWhatIsLost) {
  telemetry_->OnRestoring(0, 40, false);
  clock_.Advance(std::chrono::milliseconds(500));
  telemetry_->OnRestoring(10, 40, false);
  EXPECT_EQ(out_.str(), "");
  clock_.Advance(std::chrono::milliseconds(700));
  telemetry_->OnRestoring(20, 40, false);
  EXPECT_NE(out_.str().find(R"("restoring")"), std::string::npos);
  telemetry_->OnRestoring(40, 40, true);
  EXPECT_NE(out_.str().find(R"("restored")"), std::string::npos);
  EXPECT_TRUE(Has("premura_restore_seconds 1.2"));
  EXPECT_TRUE(Has("premura_restore_records 40"));
  telemetry_->OnStateLost("product", "topic/3", "it is another topic");
  EXPECT_TRUE(Has(R"(premura_state_lost_total{source="product"} 1)"));
  EXPECT_NE(out_.str().find("what was known of its customers is gone: it is "
                            "another topic"),
            std::string::npos);
  telemetry_->OnCheckpointDamaged("a record is damaged", "/state/aside");
  EXPECT_TRUE(Has("premura_checkpoint_damaged 1"));
  EXPECT_NE(out_.str().find("/state/aside"), std::string::npos);
}

TEST_F(TelemetryTest, DetectionsAreCountedByRuleWithTheirLatency) {
  const auto rules = Rules("page-loop");
  telemetry_->OnRules(*rules);
  EXPECT_TRUE(Has(R"(premura_detections_total{rule="page-loop"} 0)"));
  Detection detection;
  detection.rules = rules;
  detection.rule = &rules->rules()[0];
  detection.at = clock_.Now() - std::chrono::milliseconds(30);
  telemetry_->OnDetections({detection});
  EXPECT_TRUE(Has(R"(premura_detections_total{rule="page-loop"} 1)"));
  EXPECT_TRUE(Has(R"(premura_event_to_notifier_seconds_bucket{le="0.025"} 0)"));
  EXPECT_TRUE(Has(R"(premura_event_to_notifier_seconds_bucket{le="0.05"} 1)"));
}

TEST_F(TelemetryTest, OnlyTheRulesInForceAreNamed) {
  const auto before = Rules("a");
  const auto after = Rules("b");
  telemetry_->OnRules(*before);
  telemetry_->OnRules(*after);
  EXPECT_FALSE(Has("premura_rules_info{fingerprint=\"" + before->fingerprint() +
                   "\"} 1"));
  EXPECT_TRUE(Has("premura_rules_info{fingerprint=\"" + after->fingerprint() +
                  "\"} 1"));
  EXPECT_TRUE(Has(R"(premura_rules{status="live"} 1)"));
  EXPECT_TRUE(Has(R"(premura_rules{status="disabled"} 0)"));
}

TEST_F(TelemetryTest, DecisionsAndDeliveriesAreCountedByTheirWords) {
  OutreachObserver::Decided decided;
  decided.channel = "email";
  decided.verdict.kind = Verdict::Kind::kSuppress;
  decided.verdict.reason = Reason::kCooldown;
  telemetry_->OnDecided(decided);
  EXPECT_TRUE(Has(
      R"(premura_decisions_total{channel="email",reason="cooldown",verdict="suppress"} 1)"));
  OutreachObserver::Delivered delivered;
  delivered.channel = "ticket:rt";
  delivered.rule = "a";
  delivered.state = "sent";
  delivered.reason = Reason::kDelivered;
  delivered.since_detection = std::chrono::seconds(2);
  telemetry_->OnDelivered(delivered);
  EXPECT_TRUE(Has(
      R"(premura_delivery_changes_total{channel="ticket",reason="delivered",state="sent"} 1)"));
  EXPECT_TRUE(Has(R"(premura_sent_total{channel="ticket",rule="a"} 1)"));
  EXPECT_TRUE(
      Has(R"(premura_delivery_seconds_bucket{channel="ticket",le="2.5"} 1)"));
}

TEST_F(TelemetryTest, NoCustomerBecomesALabel) {
  OutreachObserver::Decided decided;
  decided.customer = "marta@example.com";
  decided.channel = "email";
  telemetry_->OnDecided(decided);
  OutreachObserver::Delivered delivered;
  delivered.customer = "marta@example.com";
  delivered.channel = "email";
  delivered.state = "failed";
  telemetry_->OnDelivered(delivered);
  EXPECT_EQ(telemetry_->Text().find("marta"), std::string::npos);
  EXPECT_EQ(out_.str().find("marta"), std::string::npos);
  EXPECT_NE(out_.str().find("delivery_failed"), std::string::npos);
}

TEST_F(TelemetryTest, DeadLettersAreATroubleUntilAllAreSafe) {
  telemetry_->OnCommitted("product");
  EXPECT_EQ(telemetry_->DeadLetterProblem(), "");
  telemetry_->OnDeadLetterTrouble("no space");
  EXPECT_EQ(telemetry_->DeadLetterProblem(), "no space");
  telemetry_->OnCommitted("product");
  EXPECT_EQ(telemetry_->DeadLetterProblem(), "");
  EXPECT_NE(out_.str().find("dead_letters_back"), std::string::npos);
}

TEST_F(TelemetryTest, TroubleShowsInMetricsAndLog) {
  telemetry_->OnLedger(false, "disk full");
  telemetry_->OnChannel("email", false, "login refused");
  telemetry_->OnDeadLetterTrouble("no space");
  telemetry_->OnBackPressure("product", true);
  telemetry_->OnEnded("product", "offset out of range");
  telemetry_->OnReload(false);
  for (const char* line : {"premura_ledger_healthy 0",
                           R"(premura_channel_usable{channel="email"} 0)",
                           "premura_dead_letter_failures_total 1",
                           R"(premura_backpressure{source="product"} 1)",
                           R"(premura_source_ended{source="product"} 1)",
                           "premura_last_reload_success 0"}) {
    EXPECT_TRUE(Has(line)) << line;
  }
  for (const char* word :
       {"disk full", "login refused", "no space", "offset out of range"}) {
    EXPECT_NE(out_.str().find(word), std::string::npos) << word;
  }
}

TEST_F(TelemetryTest, MemoryIsToldFromWhatTheAllocatorKeeps) {
  telemetry_->OnMemory({3 << 20, 2 << 20, 1 << 20});
  EXPECT_TRUE(Has("process_resident_memory_bytes 3145728"));
  EXPECT_TRUE(Has(R"(premura_heap_bytes{state="used"} 2097152)"));
  EXPECT_TRUE(Has(R"(premura_heap_bytes{state="free"} 1048576)"));
}

TEST_F(TelemetryTest, AChannelThatIsGoneHasNoMetricLeftToAlertOn) {
  telemetry_->OnChannel("ticket:old", false, "no such host");
  ASSERT_TRUE(Has(R"(premura_channel_usable{channel="ticket:old"} 0)"));
  telemetry_->OnChannelGone("ticket:old");
  EXPECT_EQ(telemetry_->Text().find("ticket:old"), std::string::npos);
}

TEST_F(TelemetryTest, ASourceThatIsAwayIsToldAtTheChangeAndOnceAMinute) {
  PipelineHealth pipeline;
  pipeline.sources.resize(1);
  pipeline.sources[0].id = "product";
  SourceHealth& health = pipeline.sources[0].health;
  const auto told = [this](const std::string& word) {
    const std::string text = out_.str();
    int count = 0;
    for (std::size_t at = text.find(word); at != text.npos;
         at = text.find(word, at + 1)) {
      ++count;
    }
    return count;
  };
  health.reachable = false;
  telemetry_->Sample(pipeline, {});
  EXPECT_EQ(told("source_unreachable"), 0) << "nothing is known yet";
  health.problem = "no broker answers";
  for (int second = 0; second < 150; ++second) {
    telemetry_->Sample(pipeline, {});
    clock_.Advance(std::chrono::seconds(1));
  }
  EXPECT_EQ(told("source_unreachable"), 3);
  EXPECT_EQ(told("no broker answers"), 3);
  health.reachable = true;
  telemetry_->Sample(pipeline, {});
  telemetry_->Sample(pipeline, {});
  EXPECT_EQ(told("source_reachable"), 1);
  health.reachable = false;
  telemetry_->Sample(pipeline, {});
  EXPECT_EQ(told("source_unreachable"), 4);
}

TEST_F(TelemetryTest, WhatWaitsForARestartIsShown) {
  EXPECT_TRUE(Has("premura_restart_needed 0"));
  telemetry_->OnRestartNeeded(true);
  EXPECT_TRUE(Has("premura_restart_needed 1"));
}

TEST_F(TelemetryTest, ASilenceThatIsNotBelievedIsToldWhenItBeginsAndEnds) {
  const auto told = [this](const std::string& event) {
    int times = 0;
    const std::string text = out_.str();
    for (auto at = text.find("\"" + event + "\""); at != text.npos;
         at = text.find("\"" + event + "\"", at + 1)) {
      ++times;
    }
    return times;
  };
  EXPECT_TRUE(Has(R"(premura_source_stalled{source="product"} 0)"));
  PipelineHealth pipeline;
  pipeline.sources.resize(1);
  pipeline.sources[0].id = "product";
  pipeline.sources[0].stall = Stall::kOfFew;
  pipeline.cells.resize(2);
  telemetry_->Sample(pipeline, {});
  EXPECT_TRUE(Has(R"(premura_source_stalled{source="product"} 0)"))
      << "a quiet night of a few customers";
  pipeline.sources[0].stall = Stall::kSure;
  telemetry_->Sample(pipeline, {});
  EXPECT_TRUE(Has(R"(premura_source_stalled{source="product"} 1)"))
      << "nobody knows what a few customers do";
  pipeline.sources[0].stall = Stall::kOfFew;
  pipeline.cells[1].guards = true;
  pipeline.cells[1].held = 7;
  for (int i = 0; i < 2; ++i) telemetry_->Sample(pipeline, {});
  EXPECT_TRUE(Has(R"(premura_source_stalled{source="product"} 1)"));
  EXPECT_TRUE(Has("premura_held_timers 7"));
  EXPECT_TRUE(Has("premura_too_many_silent 0"));
  EXPECT_EQ(told("source_stalled"), 1);
  EXPECT_EQ(told("source_flows"), 0);
  pipeline.sources[0].stall = Stall::kNone;
  pipeline.cells[1].too_many = true;
  for (int i = 0; i < 2; ++i) telemetry_->Sample(pipeline, {});
  EXPECT_TRUE(Has(R"(premura_source_stalled{source="product"} 0)"));
  EXPECT_TRUE(Has("premura_too_many_silent 1"));
  EXPECT_EQ(told("source_flows"), 1);
  EXPECT_EQ(told("too_many_silent"), 1);
  pipeline.cells[1] = {};
  for (int i = 0; i < 2; ++i) telemetry_->Sample(pipeline, {});
  EXPECT_TRUE(Has("premura_too_many_silent 0"));
  EXPECT_EQ(told("silence_believed"), 1);
}

TEST_F(TelemetryTest, WhatIsLookedAtIsSampled) {
  PipelineHealth pipeline;
  pipeline.sources.resize(1);
  pipeline.sources[0].id = "product";
  pipeline.sources[0].clock = clock_.Now() - std::chrono::seconds(7);
  pipeline.sources[0].health.lag = 12;
  pipeline.sources[0].remembered = 9;
  CellStoreHealth& store = pipeline.cell_store.emplace();
  store.waiting = 1;
  store.cells = 2;
  store.records = 3;
  store.longest = std::chrono::seconds(4);
  store.kept = 5;
  store.torn = 6;
  store.moved = 7;
  store.fenced = 8;
  pipeline.cells.resize(2);
  pipeline.cells[0].customers = 3;
  pipeline.cells[1].customers = 4;
  pipeline.cells[1].timers = 1;
  pipeline.cells[1].oldest_timer = clock_.Now() - std::chrono::seconds(2);
  OutreachHealth outreach;
  outreach.stop_all.on = true;
  outreach.deliveries["held"] = 5;
  outreach.for_person["held"] = {2, clock_.Now() - std::chrono::hours(3)};
  outreach.oldest_pending = clock_.Now() - std::chrono::minutes(1);
  telemetry_->Sample(pipeline, outreach);
  for (const char* line :
       {R"(premura_watermark_delay_seconds{source="product"} 7)",
        R"(premura_source_lag_records{source="product"} 12)",
        R"(premura_remembered_events{source="product"} 9)",
        R"(premura_source_lag_seconds{source="product"} 7)",
        R"(premura_deliveries_for_person{state="held"} 2)",
        R"(premura_for_person_oldest_seconds{state="held"} 10800)",
        R"(premura_deliveries_for_person{state="unknown"} 0)",
        R"(premura_for_person_oldest_seconds{state="unknown"} 0)",
        R"(premura_source_reachable{source="product"} 1)",
        "premura_restore_waiting 1",
        "premura_restored_partitions 2",
        "premura_restore_records 3",
        "premura_restore_seconds 4",
        "premura_kept_partitions 5",
        "premura_torn 6",
        "premura_group_moved 7",
        "premura_fenced 8",
        "premura_customers 7",
        "premura_timers 1",
        "premura_oldest_due_timer_seconds 2",
        "premura_stop_all 1",
        R"(premura_deliveries{state="held"} 5)",
        "premura_outbox_oldest_seconds 60"}) {
    EXPECT_TRUE(Has(line)) << line;
  }
  pipeline.sources[0].failure = "gone";
  outreach.oldest_pending = {};
  pipeline.sources[0].health.lag = 0;
  telemetry_->Sample(pipeline, outreach);
  EXPECT_TRUE(Has(R"(premura_source_lag_seconds{source="product"} 0)"));
  EXPECT_TRUE(Has(R"(premura_source_reachable{source="product"} 0)"));
  EXPECT_TRUE(Has("premura_outbox_oldest_seconds 0"));
}

// Prometheus' own opinion, where its tool is installed.
TEST_F(TelemetryTest, PromtoolFindsNothingWrong) {
  if (system("command -v promtool > /dev/null") != 0) {
    GTEST_SKIP() << "promtool is not installed";
  }
  TempFolder folder;
  folder.Write("metrics", telemetry_->Text());
  const std::string command = "promtool check metrics < " +
                              folder.Path("metrics") + " > " +
                              folder.Path("out") + " 2>&1";
  EXPECT_EQ(system(command.c_str()), 0) << folder.Read("out");
}

}  // namespace
}  // namespace premura
