// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/success.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "signals/event_facts.h"

namespace premura {
namespace {

using RuleIndex = std::uint32_t;

struct Reached {
  RuleIndex rule = 0;  // Into the rules that name one.
  Timestamp at{};
};

// The first detection by a rule.
struct Start {
  RuleIndex rule = 0;
  Timestamp at{};
  // What completed it cannot be its success; where the clock made it, an event
  // of that very instant came after.
  bool by_event = false;
};

// What is known of one customer.
struct Course {
  std::optional<Timestamp> first;  // Event that is shown.
  std::vector<Reached> successes;  // Their order is not known.
  std::vector<Start> starts;       // At most one of each rule.
};

// Names of a texts' map are looked up without a copy.
struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

class SuccessCounterImpl final : public SuccessCounter {
 public:
  SuccessCounterImpl(std::shared_ptr<const RuleSet> rules,
                     const ProfileStore* profiles,
                     std::optional<Timestamp> from,
                     std::optional<Timestamp> until)
      : set_(std::move(rules)),
        profiles_(profiles),
        from_(from.value_or(Timestamp::min())),
        end_(until.value_or(Timestamp::min())) {
    for (const Rule& rule : set_->rules()) {
      if (rule.success && rule.status != RuleStatus::kDisabled) {
        rules_.push_back(&rule);
      }
    }
  }

  bool WantsEvents() const override { return true; }
  void OnEvent(const Event& event) override {
    if (event.time < from_) return;
    end_ = std::max(end_, event.time);
    Course& course = CourseOf(event.customer);
    course.first = std::min(course.first.value_or(event.time), event.time);
    AddSuccesses(event, false, &course);
  }

  void OnDetection(const Detection& detection) override {
    Course& course = CourseOf(detection.customer);
    AddStart(detection, &course);
    // The group's fields are the properties of a detection as an event.
    const Profile group(
        Profile::Values(detection.group.begin(), detection.group.end()), {});
    std::vector<EventField> fields;
    for (const auto& [path, json] : detection.group) {
      const SymbolId property = set_->symbols().properties.Find(path);
      if (property != 0) fields.push_back({property, group.Get(path)});
    }
    Event event;
    event.name_id = detection.rule->detection_name;
    event.name = set_->symbols().names.Text(event.name_id);
    event.id = detection.id;
    event.customer = detection.customer;
    event.time = detection.at;
    event.fields = fields;
    AddSuccesses(event, true, &course);
  }

  void OnContact(const SimulatedContact&) override {}

  std::vector<SuccessFigures> Figures() const override {
    std::vector<SuccessFigures> all;
    for (RuleIndex i = 0; i < rules_.size(); ++i) all.push_back(FiguresOf(i));
    return all;
  }

 private:
  Course& CourseOf(std::string_view customer) {
    const auto found = customers_.find(customer);
    if (found != customers_.end()) return found->second;
    return customers_.try_emplace(std::string(customer)).first->second;
  }

  void AddSuccesses(const Event& event, bool detection, Course* course) {
    const EventFacts facts(event, set_->symbols(), *profiles_);
    for (RuleIndex i = 0; i < rules_.size(); ++i) {
      const Pattern& wanted = rules_[i]->success->event;
      const bool named =
          wanted.names.empty()
              ? !detection
              : std::find(wanted.names.begin(), wanted.names.end(),
                          event.name_id) != wanted.names.end();
      if (named && wanted.where.Matches(facts)) {
        course->successes.push_back({i, event.time});
      }
    }
  }

  void AddStart(const Detection& detection, Course* course) {
    const auto found = std::find_if(
        rules_.begin(), rules_.end(),
        [&](const Rule* rule) { return rule->id == detection.rule->id; });
    if (found == rules_.end()) return;
    const Start start = {static_cast<RuleIndex>(found - rules_.begin()),
                         detection.at,
                         !detection.evidence.empty() &&
                             detection.evidence.back().at == detection.at};
    for (Start& known : course->starts) {
      if (known.rule != start.rule) continue;
      if (std::tie(start.at, start.by_event) <
          std::tie(known.at, known.by_event)) {
        known = start;
      }
      return;
    }
    course->starts.push_back(start);
  }

  // nullopt: not within the rule's time.
  std::optional<Duration> TimeToSuccess(const Course& course,
                                        const Start& start) const {
    std::optional<Duration> least;
    for (const Reached& success : course.successes) {
      if (success.rule != start.rule) continue;
      const Duration taken = success.at - start.at;
      if (taken < Duration(start.by_event ? 1 : 0)) continue;
      if (taken >= rules_[start.rule]->success->within) continue;
      if (!least || taken < *least) least = taken;
    }
    return least;
  }

  SuccessFigures FiguresOf(RuleIndex index) const {
    SuccessFigures figures;
    figures.rule = rules_[index]->id;
    figures.within = rules_[index]->success->within;
    std::vector<Duration> taken;
    for (const auto& [customer, course] : customers_) {
      if (course.first) {
        Count(course, {index, *course.first, false}, &figures.all_customers);
      }
      for (const Start& start : course.starts) {
        if (start.rule != index) continue;
        ++figures.found;
        if (const auto reached = Count(course, start, &figures.in_trouble)) {
          taken.push_back(*reached);
        }
      }
    }
    figures.open = figures.found - figures.in_trouble.whole;
    figures.lift = RatioOf(figures.in_trouble, figures.all_customers);
    std::sort(taken.begin(), taken.end());
    figures.median = QuantileOf(taken, 0.5);
    figures.p90 = QuantileOf(taken, 0.9);
    return figures;
  }

  // Adds the customer, if the time was over when the events ended.
  std::optional<Duration> Count(const Course& course, const Start& start,
                                Share* in_trouble) const {
    if (start.at + rules_[start.rule]->success->within > end_) {
      return std::nullopt;
    }
    ++in_trouble->whole;
    const auto reached = TimeToSuccess(course, start);
    if (!reached) ++in_trouble->part;
    return reached;
  }

  const std::shared_ptr<const RuleSet> set_;
  const ProfileStore* const profiles_;
  const Timestamp from_;
  Timestamp end_;  // Of what is known.
  std::vector<const Rule*> rules_;
  std::unordered_map<std::string, Course, Hash, std::equal_to<>> customers_;
};

}  // namespace

std::unique_ptr<SuccessCounter> NewSuccessCounter(
    std::shared_ptr<const RuleSet> rules, const ProfileStore* profiles,
    std::optional<Timestamp> from, std::optional<Timestamp> until) {
  return std::make_unique<SuccessCounterImpl>(std::move(rules), profiles, from,
                                              until);
}

}  // namespace premura
