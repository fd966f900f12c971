// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "daemon/probe.h"
#include "rules/isolated.h"
#include "signals/engine.h"

namespace premura {
namespace {

constexpr std::string_view kDetection = "detection:";
constexpr Timestamp kStart{std::chrono::seconds(1767607200)};

class Listener final : public DetectionSink {
 public:
  explicit Listener(const std::string& id) : id_(id) {}
  void OnDetection(Detection detection) override {
    if (detection.rule->id == id_) fired.push_back(detection.at - kStart);
  }
  void OnCancellation(Cancellation) override {}

  std::vector<Duration> fired;

 private:
  const std::string& id_;
};

// The event as the engine takes it; views `made`.
struct Built {
  Built(const ProbeEvent& made, const Symbols& symbols) {
    event.customer = made.customer;
    event.time = kStart + made.at;
    for (const auto& [field, value] : made.facts.all()) {
      if (!value.value().present() || field.step > 0) continue;
      if (field.root == FieldRef::Root::kName) name = value.value().text();
      if (field.root == FieldRef::Root::kId) event.id = value.value().text();
      if (field.root == FieldRef::Root::kProperty) {
        fields.push_back({field.symbol, value.value()});
      }
    }
    if (name.starts_with(kDetection)) {
      name = StandInName(name.substr(kDetection.size()));
    }
    event.name = name;
    event.name_id = symbols.names.Find(name);
    event.fields = fields;
  }
  Built(const Built&) = delete;

  std::string name;
  std::vector<EventField> fields;
  Event event;
};

ProfileChange ChangeOf(const ProbeEvent& made) {
  ProfileChange change;
  change.customer = made.customer;
  change.time = kStart + made.at;
  std::string json;
  AppendJsonText(FormatInstant(kStart + made.date->at), &json);
  change.entries.push_back({made.date->field, std::move(json)});
  return change;
}

}  // namespace

std::vector<Duration> PlayProbe(const ProbeCase& probe,
                                const RuleProbes& probes, const std::string& id,
                                const std::shared_ptr<const RuleSet>& rules) {
  ProfileStore profiles;
  const Profile::Values& profile = probe.fits ? probes.profile : probes.unfit;
  std::map<std::string, Profile::Values> everybody;
  for (const ProbeEvent& event : probe.events) {
    everybody[event.customer] = profile;
  }
  profiles.ReplaceFileLayer(std::move(everybody));
  Listener listener(id);
  const auto engine = NewEngine(rules, &profiles, &listener);
  Timestamp clock{};
  for (const ProbeEvent& made : probe.events) {
    clock = std::max(clock, kStart + made.at);
    if (made.date) {
      engine->Advance(clock);
      engine->Take(ChangeOf(made));
      continue;
    }
    Built built(made, rules->symbols());
    built.event.clock = clock;
    engine->Take(built.event);
  }
  if (probe.clock) engine->Advance(std::max(clock, kStart + *probe.clock));
  return listener.fired;
}

std::string ToWords(const std::vector<Duration>& fired) {
  switch (fired.size()) {
    case 0:
      return "does not fire";
    case 1:
      return "fires";
    case 2:
      return "fires twice";
    default:
      return fmt::format("fires {} times", fired.size());
  }
}

}  // namespace premura
