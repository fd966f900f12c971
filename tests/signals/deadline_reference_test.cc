// SPDX-License-Identifier: Apache-2.0
// deadline against an evaluator that goes through time instant by instant, with
// no timer, over random streams of dates that are told, moved and taken back.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/signals/stream.h"

namespace premura {
namespace {

using Found = std::map<std::string, std::vector<long>>;

struct Plan {
  bool before = false;
  long distance = 1;
  bool unless = false;
  Stream stream;
};

// What one customer's profile and events say, from the rule's words.
class Reference {
 public:
  Reference(const Plan& plan, std::string customer)
      : plan_(plan), customer_(std::move(customer)) {}

  std::vector<long> Run() {
    for (const StreamEvent& event : plan_.stream) {
      const long time = event.time.count();
      const long clock = event.clock.count();
      PassUpTo(clock);
      if (event.customer != customer_) continue;
      if (event.name == "profile") {
        PassUpTo(time);
        Say(event, std::max(time, clock));
      } else if (event.name == "paid" && plan_.unless) {
        PassUpTo(time);
        done_ = true;
      }
      PassUpTo(clock);
    }
    return found_;
  }

 private:
  // Instants that are over come never again.
  void PassUpTo(long end) {
    for (; next_ <= end; ++next_) {
      if (!date_ || done_ || Due() != next_) continue;
      found_.push_back(next_);
      done_ = true;
    }
  }

  // What is due now is not past yet.
  void Say(const StreamEvent& event, long now) {
    const std::string* text = event.Field("end");
    if (text == nullptr) return;
    std::optional<long> date;
    if (*text != "null") {
      date = (ParseInstant(*text).value() - kStart).count();
    }
    if (date == date_) return;  // It has not moved.
    done_ = false;
    date_ = date;
    next_ = now;
  }

  long Due() const {
    return *date_ + (plan_.before ? -plan_.distance : plan_.distance);
  }

  const Plan& plan_;
  const std::string customer_;
  std::optional<long> date_;
  bool done_ = false;
  long next_ = 0;
  std::vector<long> found_;
};

Plan RandomPlan(Dice* dice) {
  Plan plan;
  plan.before = dice->Chance(0.5);
  plan.distance = 1 + dice->Roll(20);
  plan.unless = dice->Chance(0.6);
  StreamShape shape;
  shape.events = 10 + static_cast<std::size_t>(dice->Roll(60));
  shape.names = {"profile", "profile", "paid", "other"};
  shape.longest_step = 1 + dice->Roll(8);
  shape.late = dice->Pick<double>({0, 0.05, 0.3});
  shape.latest = 1 + dice->Roll(40);
  shape.lateness = Duration(dice->Pick<int>({0, 0, 5, 30}));
  plan.stream = RandomStream(shape, dice);
  for (StreamEvent& event : plan.stream) {
    event.fields.clear();
    if (event.name != "profile") continue;
    if (dice->Chance(0.15)) {
      event.fields.emplace_back("end", "null");
    } else if (dice->Chance(0.2)) {
      event.fields.emplace_back("name", "ann");
    } else {
      // A few instants near by, so that dates meet each other, and events.
      const long near = event.time.count() + 5 * (dice->Roll(16) - 5);
      event.fields.emplace_back("end", FormatInstant(kStart + Duration(near)));
    }
  }
  return plan;
}

std::string Rule(const Plan& plan) {
  return fmt::format(
      "  - {{id: r, title: R, detect: {{deadline: {{field: end, {}: "
      "{}ms{}}}}}}}\n",
      plan.before ? "before" : "after", plan.distance,
      plan.unless ? ", unless: paid" : "");
}

void Add(Rig* rig, Found* found) {
  for (const Detection& detection : rig->Detections()) {
    EXPECT_TRUE(detection.evidence.empty());
    (*found)[detection.customer].push_back((detection.at - kStart).count());
  }
}

TEST(DeadlineReference, AgreesOverRandomStreams) {
  std::size_t detections = 0;
  ForSeeds(1.0, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Plan plan = RandomPlan(&dice);
    Found expected;
    for (const char* customer : {"ann", "bob"}) {
      const std::vector<long> found = Reference(plan, customer).Run();
      detections += found.size();
      if (!found.empty()) expected[customer] = found;
    }
    Rig rig(RuleList(Rule(plan)));
    rig.Play(plan.stream);
    Found found;
    Add(&rig, &found);
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
  });
  EXPECT_GT(detections, 100U);
}

// In batches, and with each customer in an engine of their own, that is told
// of the others' events as moves of the clock only.
TEST(DeadlineReference, DoesNotDependOnBatchesAndShards) {
  ForSeeds(0.5, [&](std::uint64_t seed) {
    Dice dice(seed);
    const Plan plan = RandomPlan(&dice);
    const auto rules = RuleList(Rule(plan));
    Rig one(rules);
    one.Play(plan.stream);
    Found expected;
    Add(&one, &expected);
    Rig batched(rules);
    batched.PlayBatch(plan.stream);
    Found found;
    Add(&batched, &found);
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
    found.clear();
    for (const char* customer : {"ann", "bob"}) {
      Rig shard(rules);
      for (StreamEvent event : plan.stream) {
        if (event.customer != customer) event.name.clear();
        shard.Take(event);
      }
      Add(&shard, &found);
    }
    EXPECT_EQ(found, expected) << Rule(plan) << Describe(plan.stream);
  });
}

}  // namespace
}  // namespace premura
