// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "daemon/rule_test/probe.h"
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
    if (detection.rule->id == id_) found_.push_back({std::move(detection)});
  }
  // As the decider does, of what has not been sent.
  void OnCancellation(Cancellation cancellation) override {
    if (cancellation.rule != id_) return;
    for (Found& one : found_) {
      const Detection& detection = one.detection;
      if (detection.customer == cancellation.customer &&
          detection.at <= cancellation.at &&
          Concerns(cancellation, detection.group)) {
        one.taken_back = true;
      }
    }
  }

  ProbeOutcome Outcome(Timestamp start) const {
    ProbeOutcome outcome;
    for (const Found& one : found_) {
      outcome.fired.push_back(one.detection.at - start);
      if (one.taken_back) outcome.taken_back.push_back(outcome.fired.back());
    }
    return outcome;
  }
  std::optional<Detection> TakeFirst() {
    if (found_.empty()) return std::nullopt;
    return std::move(found_.front().detection);
  }

 private:
  struct Found {
    Detection detection;
    bool taken_back = false;
  };
  const std::string& id_;
  std::vector<Found> found_;
};

// The event as the engine takes it; views `made`.
struct Built {
  Built(const ProbeEvent& made, const Symbols& symbols, Timestamp start) {
    event.customer = made.customer;
    event.time = start + made.at;
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

ProfileChange ChangeOf(const ProbeEvent& made, Timestamp start) {
  ProfileChange change;
  change.customer = made.customer;
  change.time = start + made.at;
  std::string json;
  AppendJsonText(FormatInstant(start + made.date->at), &json);
  change.entries.push_back({made.date->field, std::move(json)});
  return change;
}

void Play(const ProbeCase& probe, const Profile::Values& profile,
          const std::shared_ptr<const RuleSet>& rules, Timestamp start,
          DetectionSink* sink) {
  ProfileStore profiles;
  std::map<std::string, Profile::Values> everybody;
  for (const ProbeEvent& event : probe.events) {
    everybody[event.customer] = profile;
  }
  profiles.ReplaceFileLayer(std::move(everybody));
  const auto engine = NewEngine(rules, &profiles, sink);
  Timestamp clock{};
  for (const ProbeEvent& made : probe.events) {
    clock = std::max(clock, start + made.at);
    if (made.date) {
      engine->Advance(clock);
      engine->Take(ChangeOf(made, start));
      continue;
    }
    Built built(made, rules->symbols(), start);
    built.event.clock = clock;
    engine->Take(built.event);
  }
  if (probe.clock) engine->Advance(std::max(clock, start + *probe.clock));
}

}  // namespace

bool ProbeOutcome::Meets(const ProbeCase& probe) const {
  return fired == probe.expected &&
         (!probe.taken_back || taken_back == *probe.taken_back);
}

ProbeOutcome PlayProbe(const ProbeCase& probe, const RuleProbes& probes,
                       const std::string& id,
                       const std::shared_ptr<const RuleSet>& rules) {
  Listener listener(id);
  Play(probe, probe.fits ? probes.profile : probes.unfit, rules, kStart,
       &listener);
  return listener.Outcome(kStart);
}

std::optional<Detection> MakeUpDetection(
    const RuleProbes& probes, const Rule& rule,
    const std::shared_ptr<const RuleSet>& rules, const std::string& customer,
    Timestamp at) {
  for (ProbeCase probe : probes.cases) {
    if (!probe.fits || probe.expected.empty()) continue;
    for (ProbeEvent& event : probe.events) event.customer = customer;
    Listener listener(rule.id);
    Play(probe, probes.profile, Isolated(*rules, rule),
         at - probe.expected.front(), &listener);
    auto made = listener.TakeFirst();
    if (made) return made;
  }
  return std::nullopt;
}

std::string ToWords(const std::vector<Duration>& fired,
                    const std::optional<std::vector<Duration>>& taken_back) {
  std::string words = fired.empty()       ? "does not fire"
                      : fired.size() == 1 ? "fires"
                      : fired.size() == 2
                          ? "fires twice"
                          : fmt::format("fires {} times", fired.size());
  if (!taken_back || fired.empty()) return words;
  return words + (taken_back->empty() ? ", and stands"
                                      : ", and what waits is taken back");
}

}  // namespace premura
