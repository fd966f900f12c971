// SPDX-License-Identifier: Apache-2.0

#include "tests/signals/trial.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace premura {

namespace {

constexpr double kSecondsEach = 0.4;

// `customer{g=x}` to its detections, in order.
using ByTrack = std::map<std::string, std::vector<std::string>>;

std::string RuleOf(const Trial& trial) {
  return "  - id: r\n    title: R\n    detect: " + trial.yaml;
}

ByTrack OfEngine(Rig* rig) {
  ByTrack all;
  for (const std::string& told : rig->Told()) {
    const std::string rest = told.substr(2);  // Without "r ".
    const std::size_t end = rest.find(" @");
    all[rest.substr(0, end)].push_back(rest.substr(end + 1));
  }
  return all;
}

// The same of an engine that is written down now and then, and taken up again
// in a process where symbols and rules have other numbers.
std::vector<std::string> OfRestarted(const Trial& trial, const Stream& stream,
                                     Dice* dice) {
  const auto other = RuleList(
      "  - {id: z, title: Z, detect: {event_count: {event: [d, a], where: {g: "
      "1}, gte: 2, within: 1m}}}");
  const auto rules = RuleList(RuleOf(trial), other.get());
  Rig rig(RuleList(RuleOf(trial)));
  for (const StreamEvent& event : stream) {
    if (dice->Chance(0.2)) rig.Save();
    if (dice->Chance(0.1)) {
      rig.Save();
      const std::string before = rig.Standings();
      rig.Restart(rules);
      EXPECT_EQ(rig.Standings(), before);
    }
    rig.Take(event);
  }
  return rig.Json();
}

ByTrack OfReference(const Trial& trial, const Stream& stream,
                    const StreamShape& shape) {
  ByTrack all;
  std::vector<std::string> groups = {""};
  if (trial.grouped) groups = shape.groups;
  for (const std::string& customer : shape.customers) {
    for (const std::string& group : groups) {
      const auto found =
          trial.reference()->Run(stream, [&](const StreamEvent& event) {
            const std::string* g = event.Field("g");
            return event.customer == customer &&
                   (!trial.grouped || (g != nullptr && *g == group));
          });
      const std::string key =
          customer + (trial.grouped ? "{g=\"" + group + "\"}" : "");
      for (const RefDetection& one : found) {
        std::string text = "@" + FormatDuration(Duration(one.at)) + ":";
        for (const std::string& id : one.evidence) text += " " + id;
        all[key].push_back(text);
      }
    }
  }
  return all;
}

StreamShape RandomShape(Dice* dice) {
  StreamShape shape;
  shape.events = 10 + static_cast<std::size_t>(dice->Roll(60));
  shape.longest_step = 1 + dice->Roll(8);
  shape.values = 1 + dice->Roll(4);
  shape.late = dice->Pick<double>({0, 0.05, 0.3});
  shape.latest = 1 + dice->Roll(40);
  shape.lateness = Duration(dice->Pick<int>({0, 0, 5, 30}));
  shape.groups = {"x", "y"};
  if (dice->Chance(0.5)) shape.customers = {"ann"};
  return shape;
}

}  // namespace

std::function<bool(const StreamEvent&)> Named(const std::string& name) {
  return [name](const StreamEvent& event) { return event.name == name; };
}

void Compare(const std::function<Trial(Dice*)>& make) {
  std::size_t detections = 0;
  ForSeeds(kSecondsEach, [&](std::uint64_t seed) {
    Dice dice(seed);
    const StreamShape shape = RandomShape(&dice);
    const Trial trial = make(&dice);
    const Stream stream = RandomStream(shape, &dice);
    const ByTrack expected = OfReference(trial, stream, shape);
    for (const auto& [track, found] : expected) detections += found.size();
    Rig rig(RuleList(RuleOf(trial)));
    rig.Play(stream);
    EXPECT_EQ(OfEngine(&rig), expected) << trial.yaml << "\n"
                                        << Describe(stream);
    EXPECT_EQ(OfRestarted(trial, stream, &dice), rig.Json())
        << trial.yaml << "\n"
        << Describe(stream);
  });
  ExpectMore(detections, 10);
}

Common::Common(Dice* dice)
    : grouped(dice->Chance(0.4)),
      unless(dice->Chance(0.3)),
      ignore_late(dice->Chance(0.2)) {}

std::string Common::Inside() const {
  return std::string(grouped ? ", group_by: [g]" : "") +
         (unless ? ", unless: d" : "");
}

std::string Common::Beside() const {
  return ignore_late ? "\n    late: ignore" : "";
}

std::unique_ptr<RefEvaluator> Common::Dress(
    std::unique_ptr<RefEvaluator> made) const {
  if (unless) made->unless = Named("d");
  made->ignore_late = ignore_late;
  return made;
}

}  // namespace premura
