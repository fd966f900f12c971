// SPDX-License-Identifier: Apache-2.0
// NewOutreach(): the thread around the core.

#include <gmock/gmock.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>

#include "notifiers/ledger.h"
#include "tests/notifiers/support/outreach_world.h"

namespace premura {
namespace {

constexpr char kRules[] = R"(
  - id: loop
    title: Keeps coming back
    detect: {event_count: {event: page_viewed, gte: 2, within: 5m}}
    actions: [{email: {template: help}}]
)";

class CountingObserver final : public OutreachObserver {
 public:
  void OnDecided(const Decided&) override {}
  void OnDelivered(const Delivered& one) override {
    const std::lock_guard lock(mutex);
    ++states[one.state];
    changed.notify_all();
  }
  void OnLedger(bool, const std::string&) override {}
  void OnChannel(const std::string&, bool, const std::string&) override {}

  bool WaitFor(const std::string& state, int count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(30),
                            [&] { return states[state] >= count; });
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int> states;
};

// Gives its world a thread; the world's own core is not opened.
class ThreadedOutreachTest : public testing::Test, protected OutreachWorld {
 protected:
  void StartThread() {
    LoadRules(kRules);
    OutreachOptions options;
    options.ledger = address();
    auto ledger = Ledger::Open(address(), Ledger::Access::kWrite);
    ASSERT_TRUE(ledger.ok()) << ledger.error().message;
    Remember(ledger.value().get());
    auto opened =
        NewOutreach(options, settings, &profiles, &clock_, &counting_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    outreach_ = std::move(opened).value();
    ASSERT_TRUE(outreach_->RestoreProfiles(&profiles).ok());
  }

  SystemClock clock_;
  CountingObserver counting_;
  std::unique_ptr<Outreach> outreach_;
};

TEST_F(ThreadedOutreachTest, TakesFromManyThreadsAndDelivers) {
  StartThread();
  std::vector<ShardOutput> outputs(40);
  for (ShardOutput& output : outputs) {
    output.detections.push_back(Detect("loop", "acme"));
  }
  std::atomic<int> made_durable{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 10; ++i) {
        outreach_->Submit(std::move(outputs[std::size_t(t) * 10 + i]),
                          [&] { ++made_durable; });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(counting_.WaitFor("sent", 40));
  EXPECT_EQ(made_durable, 40);
  EXPECT_TRUE(outreach_->Health().ledger_ok);
  outreach_->Use(settings);
  outreach_->Stop(std::chrono::seconds(5));
  EXPECT_EQ(email->TotalArrived(), 40);
  EXPECT_EQ(Count("deliveries"), 40);
}

TEST_F(ThreadedOutreachTest, WritesWhatCameBeforeItStops) {
  StartThread();
  std::atomic<int> made_durable{0};
  for (int i = 0; i < 100; ++i) {
    ShardOutput output;
    output.detections.push_back(Detect("loop", "acme"));
    outreach_->Submit(std::move(output), [&] { ++made_durable; });
  }
  outreach_->Stop(std::chrono::seconds(30));
  EXPECT_EQ(made_durable, 100);
  EXPECT_EQ(Count("detections"), 100);
}

TEST_F(ThreadedOutreachTest, SeesStopAllThrownByAnotherWithinASecond) {
  StartThread();
  SetStopAll(true);
  const auto thrown = std::chrono::steady_clock::now();
  while (!outreach_->Health().stop_all.on) {
    ASSERT_LT(std::chrono::steady_clock::now() - thrown,
              std::chrono::seconds(10));
    std::this_thread::yield();
  }
  ShardOutput output;
  output.detections.push_back(Detect("loop", "acme"));
  outreach_->Submit(std::move(output), nullptr);
  SetStopAll(false);
  EXPECT_TRUE(counting_.WaitFor("sent", 1));
}

// Once somebody has moved the state away it has none, and begins.
TEST_F(ThreadedOutreachTest, ANewLedgerBesideAStateThatIsNotIsRefused) {
  LoadRules(kRules);
  OutreachOptions options;
  options.ledger = address();
  options.instance = "one";
  const auto problem = [&](bool has_state) -> std::string {
    options.has_state = has_state;
    const auto opened =
        NewOutreach(options, settings, &profiles, &clock_, &counting_);
    return opened.ok() ? "" : opened.error().message;
  };
  for (int tries = 0; tries < 2; ++tries) {
    EXPECT_EQ(
        problem(true),
        "ledger: it is new, and what is in `state.dir` is not: who was "
        "contacted, who opted out and whether stop-all is on was in another "
        "one. Bring that back; or, to begin without it, move what is in "
        "`state.dir` away");
  }
  EXPECT_EQ(problem(false), "");
  EXPECT_EQ(problem(true), "");
  // Of several that share it, one may be missing in a copy from yesterday.
  options.instance = "two";
  EXPECT_EQ(problem(true), "");
}

TEST_F(ThreadedOutreachTest, SaysWhyItCannotStart) {
  OutreachOptions options;
  const std::string folder = testing::TempDir();
  options.ledger = "sqlite:" + folder;
  const auto opened =
      NewOutreach(options, settings, &profiles, &clock_, &counting_);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().message,
            "ledger: " + folder + ": cannot open: Is a directory");
}

}  // namespace
}  // namespace premura
