// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "rules/kinds/kind.h"

namespace premura {
namespace {

constexpr int kMaxTimes = 1'000;
constexpr std::size_t kMaxSteps = 50;
constexpr std::size_t kMaxNames = 32;

using Step = SequenceSpec::Step;

// Reads `steps` and checks what each place in them allows.
class StepsReader {
 public:
  explicit StepsReader(Reading* reading) : reading_(reading) {}

  std::vector<Step> Read(const Node& list) {
    nodes_ = list.AsList("steps");
    if (nodes_.size() > kMaxSteps) {
      list.Complain(fmt::format("a sequence has at most {} steps", kMaxSteps));
      return {};
    }
    for (const Node& node : nodes_) steps_.push_back(ReadStep(node));
    if (list.kind() == Node::Kind::kSequence) CheckPlaces(list);
    return steps_;
  }

 private:
  Step ReadStep(const Node& node) {
    if (node.kind() != Node::Kind::kMapping) {
      Step step;
      step.event = ReadPattern(node, "steps", reading_);
      return step;
    }
    Mapping mapping = node.AsMapping("steps");
    Step step = IsNegative(mapping) ? ReadNot(mapping) : ReadPositive(mapping);
    mapping.RejectOtherKeys("in a step of " + reading_->rule);
    return step;
  }

  static bool IsNegative(const Mapping& mapping) {
    return mapping.Has("not") && !mapping.Has("event") &&
           !mapping.Has("where") && !mapping.Has("times") &&
           !mapping.Has("optional") && !mapping.Has("as") &&
           !mapping.Has("next");
  }

  Step ReadNot(Mapping mapping) {
    Step step;
    step.negative = true;
    step.event = ReadPattern(mapping.Get("not"), "not", reading_);
    step.wait = ReadSpan(mapping.Get("for"), "for");
    return step;
  }

  Step ReadPositive(Mapping mapping) {
    Step step;
    step.event = ReadPatternKeys(mapping, reading_);
    step.times =
        static_cast<int>(mapping.Int("times", 1, kMaxTimes).value_or(1));
    step.optional = mapping.Bool("optional").value_or(false);
    step.next = mapping.Bool("next").value_or(false);
    if (const Node inside = mapping.Get("not")) {
      step.not_between = ReadPattern(inside, "not", reading_);
    }
    if (mapping.Has("for")) {
      mapping.Get("for");
      mapping.ComplainAtKey("for", "`for` belongs to a `not`",
                            "how long a sequence may take is its `within`");
    }
    ReadName(mapping, &step);
    return step;
  }

  void ReadName(Mapping mapping, Step* step) {
    const Node node = mapping.Get("as");
    const auto name = node.AsText("as");
    if (!name) return;
    auto& names = reading_->steps;
    if (step->times > 1 || step->optional) {
      node.Complain("a step with `as` happens exactly once",
                    "remove `times` and `optional`, or `as`");
    } else if (!IsName(*name)) {
      node.Complain(fmt::format("`{}` is no name for a step", *name),
                    "letters, digits and _, a letter first");
    } else if (std::find(names.begin(), names.end(), *name) != names.end()) {
      node.Complain(fmt::format("the step name `{}` is already taken", *name));
    } else if (names.size() == kMaxNames) {
      node.Complain(fmt::format("at most {} steps have names", kMaxNames));
    } else {
      names.push_back(*name);
      step->as = *name;
    }
  }

  static bool IsName(const std::string& name) {
    const auto letter = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && letter(name[0]) &&
           std::all_of(name.begin(), name.end(), [&](char c) {
             return letter(c) || (c >= '0' && c <= '9');
           });
  }

  void CheckPlaces(const Node& list) {
    const auto positive = [](const Step& step) { return !step.negative; };
    const auto first = std::find_if(steps_.begin(), steps_.end(), positive);
    if (first == steps_.end()) {
      list.Complain("a sequence needs a step that is no `not`");
      return;
    }
    first_ = static_cast<std::size_t>(first - steps_.begin());
    last_ = steps_.size() - 1;
    while (steps_[last_].negative) --last_;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (steps_[i].negative) {
        CheckNot(i);
      } else {
        CheckPositive(i);
      }
    }
  }

  void CheckNot(std::size_t i) {
    Mapping mapping = nodes_[i].AsMapping("steps");
    const bool between = i > first_ && i < last_;
    if (between && mapping.Has("for")) {
      mapping.ComplainAtKey("for", "`for` says nothing between steps",
                            "a `not` there holds until the next step");
    } else if (!between && !mapping.Has("for")) {
      nodes_[i].Complain(
          fmt::format("`for` is missing in the `not` that {} the sequence",
                      i < first_ ? "begins" : "ends"),
          "say how long it must not happen, for example `for: 1h`");
    }
  }

  void CheckPositive(std::size_t i) {
    const Step& step = steps_[i];
    if (step.optional && (i == first_ || i == last_)) {
      nodes_[i].Complain(
          fmt::format("a sequence cannot {} with an optional step",
                      i == first_ ? "begin" : "end"),
          "without it the sequence is the same");
    }
    if (step.next && i == first_) {
      nodes_[i].Warn("`next` says nothing in the first step");
    }
    if (step.not_between && i == first_ && step.times == 1) {
      nodes_[i].Warn("this `not` says nothing",
                     "the first step opens the sequence; a step `not` with "
                     "`for` looks at what was before");
    }
    if (!step.next || i == first_) return;
    std::size_t before = i - 1;
    while (steps_[before].negative) --before;
    if (steps_[before].optional) {
      nodes_[i].Complain("`next` may not follow an optional step");
    }
  }

  Reading* const reading_;
  std::vector<Node> nodes_;
  std::vector<Step> steps_;
  std::size_t first_ = 0;  // The first and last that are no `not`.
  std::size_t last_ = 0;
};

bool LooksBack(const Step& step) {
  return step.event.where.LooksBack() ||
         (step.not_between && step.not_between->where.LooksBack());
}

KindSpec Read(Mapping mapping, Reading* reading) {
  SequenceSpec spec;
  const Node steps = mapping.Require("steps");
  spec.steps = StepsReader(reading).Read(steps);
  int positives = 0;
  for (const Step& step : spec.steps) {
    if (!step.negative) positives += step.times;
  }
  if (positives > kMaxTimes) {
    steps.Complain(
        fmt::format("a sequence has at most {} steps, those of `times` counted",
                    kMaxTimes));
  }
  const Node within =
      positives > 1 ? mapping.Require("within") : mapping.Get("within");
  spec.within = ReadSpan(within, "within");
  spec.looks_back =
      std::any_of(spec.steps.begin(), spec.steps.end(), LooksBack);
  reading->steps.clear();
  return spec;
}

constexpr const char* kSchema = R"(
  "description": "Events one after the other, with what must not happen between, before or after.",
  "properties": {
    "within": {"$ref": "#/$defs/span"},
    "steps": {
      "type": "array", "minItems": 1, "maxItems": 50,
      "items": {"$ref": "#/$defs/step"}
    },
    "group_by": {"$ref": "#/$defs/fields"},
    "unless": {"$ref": "#/$defs/pattern"}
  },
  "required": ["steps"])";

}  // namespace

const Kind kSequence = {"sequence", Read, kSchema};

}  // namespace premura
