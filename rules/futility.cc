// SPDX-License-Identifier: Apache-2.0
#include "rules/futility.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/condition_node.h"
#include "rules/mismatch.h"

namespace premura {
namespace {

// What a kind waits for.
struct Parts {
  std::vector<const Pattern*> each;    // An event of every one is needed,
  std::vector<const Pattern*> one_of;  // and of one of these.
  // The event that makes the detection is one of these; none: the clock may.
  std::vector<const Pattern*> last;
};

struct PartsOf {
  Parts operator()(const EventCountSpec& s) const {
    return Counted(s.event, s.bound);
  }
  Parts operator()(const ValueCountSpec& s) const {
    return Counted(s.event, s.bound);
  }
  Parts operator()(const FlappingSpec& s) const {
    if (s.field) return {{&s.event}, {}, {&s.event}};
    return {{&s.turned_on, &s.turned_off}, {}, {&s.turned_on, &s.turned_off}};
  }
  Parts operator()(const ChangeSpec& s) const {
    return {{&s.event}, {}, {&s.event}};
  }
  Parts operator()(const NewTermSpec& s) const {
    return {{&s.event}, {}, {&s.event}};
  }
  Parts operator()(const SequenceSpec& s) const {
    Parts parts;
    for (const SequenceSpec::Step& step : s.steps) {
      if (!step.negative && !step.optional) parts.each.push_back(&step.event);
    }
    const bool by_event = !s.steps.empty() && !s.steps.back().negative;
    if (by_event) parts.last = {&s.steps.back().event};
    return parts;
  }
  Parts operator()(const TemporalSpec& s) const {
    Parts parts;
    for (const Pattern& item : s.all) parts.each.push_back(&item);
    parts.last = parts.each;
    return parts;
  }
  Parts operator()(const AbsenceSpec& s) const { return {{&s.after}, {}, {}}; }
  Parts operator()(const SilenceSpec& s) const { return {{&s.event}, {}, {}}; }
  Parts operator()(const RatioSpec& s) const {
    Parts parts{{&s.over}, {}, {}};
    if (!s.hold) parts.last = {&s.over};
    return parts;
  }
  Parts operator()(const AggregateSpec& s) const {
    Parts parts{{&s.event}, {}, {}};
    if (!s.hold) parts.last = {&s.event};
    return parts;
  }
  Parts operator()(const SpikeSpec& s) const {
    Parts parts{{&s.event}, {}, {}};
    if (!s.hold && !s.down) parts.last = {&s.event};
    return parts;
  }
  Parts operator()(const ScoreSpec& s) const {
    Parts parts;
    for (const ScoreSpec::Signal& signal : s.signals) {
      parts.one_of.push_back(&signal.event);
    }
    parts.last = parts.one_of;
    return parts;
  }
  Parts operator()(const DeadlineSpec&) const { return {}; }

 private:
  static Parts Counted(const Pattern& event, const CountBound& bound) {
    Parts parts{{&event}, {}, {}};
    if (bound.op == CountBound::Op::kGte) parts.last = {&event};
    return parts;
  }
};

// Whether every event that `inner` means is one that `outer` means. A pattern
// without names means no detections; what two conditions share is not known,
// unless they say the same.
bool Covers(const Pattern& outer, const Pattern& inner) {
  if (!outer.where.always() && ToText(outer.where) != ToText(inner.where)) {
    return false;
  }
  if (outer.names.empty()) return inner.names.empty();
  return !inner.names.empty() &&
         std::all_of(inner.names.begin(), inner.names.end(), [&](SymbolId id) {
           return std::find(outer.names.begin(), outer.names.end(), id) !=
                  outer.names.end();
         });
}

bool IsSame(const Literal& a, const Literal& b) {
  if (a.number && b.number) return Compare(*a.number, *b.number) == 0;
  return a.kind != Literal::Kind::kField && a.folded == b.folded;
}

// Whether both ask of a field for one value, and for the same.
bool AreOneValue(const Condition& a, const Condition& b) {
  const auto of = [](const Condition& condition) {
    std::vector<Literal> literals;
    if (condition.always()) return literals;
    for (const auto& way : condition.root()->Ways(true)) {
      for (const auto& term : way) {
        const auto& written = term.predicate->literals;
        literals.insert(literals.end(), written.begin(), written.end());
      }
    }
    return literals;
  };
  const std::vector<Literal> all = of(a);
  const std::vector<Literal> others = of(b);
  const auto is_first = [&](const Literal& l) { return IsSame(l, all[0]); };
  return !all.empty() && !others.empty() &&
         std::all_of(all.begin(), all.end(), is_first) &&
         std::all_of(others.begin(), others.end(), is_first);
}

bool AreDisjoint(const Pattern& a, const Pattern& b) {
  if (a.names.empty() || b.names.empty()) return false;
  return std::none_of(a.names.begin(), a.names.end(), [&](SymbolId id) {
    return std::find(b.names.begin(), b.names.end(), id) != b.names.end();
  });
}

class Checker {
 public:
  Checker(Mapping mapping, const Rule& rule)
      : mapping_(std::move(mapping)), rule_(rule) {
    if (!rule.detect.kind.empty()) {
      parts_ = std::visit(PartsOf(), rule.detect.spec);
      kind_ = mapping_.MappingOf("detect").MappingOf(rule.detect.kind);
    }
  }

  void Check() {
    CheckUnless();
    CheckCancelOn();
    const KindSpec& spec = rule_.detect.spec;
    if (const auto* ratio = std::get_if<RatioSpec>(&spec)) CheckShare(*ratio);
    if (const auto* change = std::get_if<ChangeSpec>(&spec)) {
      CheckEnds(*change);
    }
    if (const auto* flapping = std::get_if<FlappingSpec>(&spec)) {
      CheckToggle(*flapping);
    }
    if (const auto* sequence = std::get_if<SequenceSpec>(&spec)) {
      CheckBetween(*sequence);
    }
    CheckGroups();
    CheckValues();
  }

 private:
  // A `not` between steps, of what the next step takes.
  void CheckBetween(const SequenceSpec& sequence) {
    const auto& steps = sequence.steps;
    const auto nodes = kind_.Get("steps").AsList("steps");
    for (std::size_t i = 1; i + 1 < steps.size(); ++i) {
      const bool between =
          steps[i].negative && !steps[i + 1].negative &&
          std::any_of(steps.begin(), steps.begin() + i,
                      [](const auto& s) { return !s.negative; });
      if (!between || !Covers(steps[i + 1].event, steps[i].event)) continue;
      nodes[i].Warn(
          "this `not` stops nothing: its events are those of the step after "
          "it, and the step goes first",
          "give the step or the `not` its `where`");
    }
  }

  // A field that tells groups apart is the same all over a group.
  void CheckGroups() {
    std::vector<FieldRef> fields;
    const KindSpec& spec = rule_.detect.spec;
    if (const auto* count = std::get_if<ValueCountSpec>(&spec)) {
      const bool many =
          count->bound.op == CountBound::Op::kGte && count->bound.count > 1;
      if (many) fields = count->fields;
    } else if (const auto* change = std::get_if<ChangeSpec>(&spec)) {
      fields = change->fields;
    } else if (const auto* flapping = std::get_if<FlappingSpec>(&spec)) {
      if (flapping->field) fields = {*flapping->field};
    }
    const auto groups = [this](const FieldRef& field) {
      const auto& all = rule_.detect.group_by;
      return std::any_of(all.begin(), all.end(), [&](const FieldRef& other) {
        return other.root == field.root && other.symbol == field.symbol;
      });
    };
    if (fields.empty() || !std::all_of(fields.begin(), fields.end(), groups)) {
      return;
    }
    WarnInKind("group_by",
               "this rule never fires: within a group `field` is always the "
               "same",
               "leave it out of `group_by`");
  }

  void CheckShare(const RatioSpec& ratio) {
    constexpr const char* kHint = "`of` chooses among the events of `over`";
    if (AreDisjoint(ratio.of, ratio.over)) {
      WarnInKind("of", "no event of `over` is one of `of`: the share is 0",
                 kHint);
    } else if (Covers(ratio.of, ratio.over)) {
      WarnInKind("of", "every event of `over` is one of `of`: the share is 1",
                 kHint);
    }
  }

  void CheckEnds(const ChangeSpec& change) {
    if (!AreOneValue(change.from, change.to)) return;
    WarnInKind("to",
               "this rule fires only at other spellings: `from` and `to` are "
               "one value",
               "a change is from one value to another");
  }

  // What is both turns on.
  void CheckToggle(const FlappingSpec& flapping) {
    if (flapping.field || !Covers(flapping.turned_on, flapping.turned_off)) {
      return;
    }
    WarnInKind("turned_off",
               "this rule never fires: what turns off is an event of "
               "`turned_on` too, and that goes first",
               "name different events, or give each its `where`");
  }

  void CheckUnless() {
    if (!rule_.detect.unless) return;
    const auto taken = [&](const Pattern* part) {
      return Covers(*rule_.detect.unless, *part);
    };
    const bool never =
        std::any_of(parts_.each.begin(), parts_.each.end(), taken) ||
        (!parts_.one_of.empty() &&
         std::all_of(parts_.one_of.begin(), parts_.one_of.end(), taken));
    if (!never) return;
    WarnInKind("unless",
               "this rule never fires: an event of `unless` counts for "
               "nothing else, and it takes such an event to complete it",
               "leave them out of `unless`, or give it a `where`");
  }

  void CheckCancelOn() {
    const auto cancelled = [&](const Pattern* part) {
      return std::any_of(
          rule_.cancel_on.begin(), rule_.cancel_on.end(),
          [&](const Pattern& cancel) { return Covers(cancel, *part); });
    };
    if (parts_.last.empty() ||
        !std::all_of(parts_.last.begin(), parts_.last.end(), cancelled)) {
      return;
    }
    mapping_.KeyNode("cancel_on")
        .Warn(
            "`cancel_on` takes back all that this rule decides: the event that "
            "completes it is one of them",
            "name what shows that there is nothing to do any more");
  }

  // Fields of which `where` allows fewer values than are asked for.
  void CheckValues() {
    const KindSpec& spec = rule_.detect.spec;
    if (const auto* count = std::get_if<ValueCountSpec>(&spec)) {
      if (count->bound.op == CountBound::Op::kGte) {
        CheckValues(count->event, count->fields, count->bound.count, "gte");
      }
    } else if (const auto* change = std::get_if<ChangeSpec>(&spec)) {
      CheckValues(change->event, change->fields, 2, "field");
    } else if (const auto* flapping = std::get_if<FlappingSpec>(&spec)) {
      if (flapping->field) {
        CheckValues(flapping->event, {*flapping->field}, 2, "field");
      }
    }
  }

  void CheckValues(const Pattern& event, const std::vector<FieldRef>& fields,
                   int needed, const char* key) {
    std::size_t most = 1;
    for (const FieldRef& field : fields) {
      const auto values = event.where.MostValues(field);
      if (!values) return;
      most *= *values;
    }
    if (fields.empty() || most >= static_cast<std::size_t>(needed)) return;
    WarnInKind(
        key,
        fmt::format("this rule fires only at other spellings: `where` leaves "
                    "{} {}, and it takes {}",
                    most, most == 1 ? "value" : "values", needed),
        "as `pro` and `Pro` are of one value, and 500 and \"500\"");
  }

  void WarnInKind(const char* key, std::string message, std::string hint) {
    kind_.KeyNode(key).Warn(std::move(message), std::move(hint));
  }

  Mapping mapping_;
  const Rule& rule_;
  Mapping kind_;
  Parts parts_;
};

}  // namespace

void WarnOfFutility(Mapping mapping, const Rule& rule) {
  Checker(std::move(mapping), rule).Check();
}

}  // namespace premura
