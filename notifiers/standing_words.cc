// SPDX-License-Identifier: Apache-2.0
#include "notifiers/standing_words.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/readable_duration.h"

namespace premura {
namespace {

using Measure = Standing::Measure;
using Phase = Standing::Phase;

std::string Join(const std::vector<std::string>& parts, const char* between) {
  return fmt::format("{}", fmt::join(parts, between));
}

// Six digits are enough to read.
std::string Number(double number) { return fmt::format("{:.6g}", number); }

const char* Beyond(Bound::Op op) {
  switch (op) {
    case Bound::Op::kGt:
      return "above ";
    case Bound::Op::kGte:
      return "at least ";
    case Bound::Op::kLt:
      return "below ";
    case Bound::Op::kLte:
      return "at most ";
  }
  return "";
}

const char* NameOf(AggregateSpec::Fn fn) {
  static constexpr const char* kNames[] = {"sum", "avg", "min", "max",
                                           "p50", "p95", "p99"};
  return kNames[static_cast<std::size_t>(fn)];
}

class Sentence {
 public:
  Sentence(const Rule& rule, const Symbols& symbols, const Standing& standing,
           const LocalTimes& times)
      : spec_(rule.detect.spec), symbols_(symbols), is_(standing), t_(times) {}

  std::string Say() const {
    switch (is_.phase) {
      case Phase::kIdle:
        return Idle();
      case Phase::kUnderWay:
        return Counted() + MoreOf();
      case Phase::kTimed:
        return Timed();
      case Phase::kLearning:
        return fmt::format("{}; fires on nothing before {}", Counted(),
                           t_.At(is_.from));
      case Phase::kSpent:
        return Spent();
      case Phase::kBlocked:
        return fmt::format(
            "what must not come before did; waits for {}, not "
            "before {}",
            Awaited(), t_.At(is_.from));
    }
    return "";
  }

 private:
  template <typename Spec>
  const Spec* As() const {
    return std::get_if<Spec>(&spec_);
  }

  std::string Name(const Pattern& pattern) const {
    std::vector<std::string> names;
    for (const SymbolId id : pattern.names) {
      names.push_back(symbols_.names.Text(id));
    }
    std::string name = names.empty() ? "any event" : Join(names, " or ");
    if (pattern.where.always()) return name;
    return fmt::format("{} ({})", name, ToText(pattern.where));
  }
  std::string Any(const std::vector<const Pattern*>& patterns) const {
    std::vector<std::string> names;
    for (const Pattern* pattern : patterns) {
      std::string name = Name(*pattern);
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(std::move(name));
      }
    }
    return Join(names, " or ");
  }
  std::string Awaited() const { return Any(is_.awaits); }
  std::string Unless() const {
    return is_.against.empty()
               ? ""
               : fmt::format(" unless {} comes before", Any(is_.against));
  }
  std::string Before() const {
    return is_.until == Timestamp::max() ? "" : " before " + t_.At(is_.until);
  }

  std::string Idle() const {
    if (const auto* spec = As<DeadlineSpec>()) {
      return fmt::format("the profile has no {} ahead", spec->field);
    }
    if (As<ChangeSpec>() != nullptr) {
      return fmt::format("waits for {}; the next only tells what it is",
                         Awaited());
    }
    if (is_.more > 1 && is_.measure != Measure::kShare) return Counted();
    return fmt::format("waits for {}{}", Awaited(),
                       is_.more == 1 ? ", the next fires it" : "");
  }

  // What would make it fire.
  std::string MoreOf() const {
    std::string words;
    if (is_.hold) {
      words =
          fmt::format("; has to stay so for {}", ReadableDuration(*is_.hold));
    } else if (is_.beyond) {
      words = "; beyond the bound since it fired: has to come back first";
    } else if (is_.number) {
      words = fmt::format("; a number {}{}{} fires it", Beyond(is_.number->op),
                          Number(is_.number->limit), Before());
    } else if (is_.more > 0 && is_.measure != Measure::kSteps) {
      words = fmt::format("; {}{} {} it", Missing(), Before(),
                          is_.more == 1 ? "fires" : "fire");
    } else if (is_.until != Timestamp::max() && IsWindow()) {
      words = fmt::format("; the oldest leaves at {}", t_.At(is_.until));
    }
    return words;
  }

  // Of what so many more are needed: not any event carries every kind on.
  std::string Missing() const {
    if (const auto* spec = As<ChangeSpec>()) {
      const std::string to =
          spec->to.always() ? "" : fmt::format(" ({})", ToText(spec->to));
      return fmt::format("{} with another value of {}{}", Name(spec->event),
                         Paths(spec->fields), to);
    }
    if (const auto* spec = As<NewTermSpec>()) {
      return fmt::format("{} with a value of {} not seen within {}",
                         Name(spec->event), spec->field.path,
                         ReadableDuration(spec->remember));
    }
    if (const auto* spec = As<RatioSpec>()) {
      const bool rises =
          spec->bound.op == Bound::Op::kGt || spec->bound.op == Bound::Op::kGte;
      return fmt::format(
          "{} more{} that {} {}{}", is_.more, is_.more == 1 ? "" : " in a row",
          is_.more == 1 ? "is" : "are", rises ? "" : "not ", Name(spec->of));
    }
    const bool others = is_.measure == Measure::kValues;
    return fmt::format("{} more{}", is_.more,
                       others && is_.more == 1 ? " such value"
                       : others                ? " such values"
                                               : "");
  }

  bool IsWindow() const {
    return is_.measure != Measure::kNone && is_.measure != Measure::kSteps;
  }

  std::string Counted() const {
    switch (is_.measure) {
      case Measure::kNone:
        return Changed();
      case Measure::kEvents:
      case Measure::kValues:
        return Seen();
      case Measure::kFlips:
        return fmt::format("{} of {} changes of state within {}", is_.have,
                           is_.need,
                           ReadableDuration(As<FlappingSpec>()->within));
      case Measure::kSteps:
        return Stepped();
      case Measure::kItems:
        return fmt::format("{} of {}, in any order; waits for {}", is_.have,
                           is_.need, Awaited());
      case Measure::kShare:
        return Shared();
      case Measure::kFigure:
        return Figured();
      case Measure::kScore:
        return fmt::format(
            "the score is {} of {}{}", Number(is_.have), Number(is_.need),
            is_.awaits.empty() ? "" : "; waits for " + Awaited());
      case Measure::kRate:
        return Rated();
    }
    return "";
  }

  std::string Changed() const {
    if (is_.since == Timestamp::min()) return "waits for " + Awaited();
    const std::string before =
        "the value before is that of " + t_.At(is_.since);
    if (!is_.from_unmet) return before;
    return fmt::format("{}, which is none that `from` means; waits for {} ({})",
                       before, Awaited(), ToText(As<ChangeSpec>()->from));
  }

  std::string Seen() const {
    if (const auto* spec = As<SilenceSpec>()) {
      return fmt::format("{} of {} {} before silence counts", is_.have,
                         is_.need, Name(spec->event));
    }
    if (const auto* spec = As<NewTermSpec>()) {
      return fmt::format("knows {} value{} of {}", is_.have,
                         is_.have == 1 ? "" : "s", spec->field.path);
    }
    if (const auto* spec = As<ValueCountSpec>()) {
      return fmt::format("{} of {} different values of {} in {} within {}",
                         is_.have, is_.need, Paths(spec->fields),
                         Name(spec->event), ReadableDuration(spec->within));
    }
    const auto* spec = As<EventCountSpec>();
    return fmt::format("{} of {} {} within {}", is_.have, is_.need,
                       Name(spec->event), ReadableDuration(spec->within));
  }

  static std::string Paths(const std::vector<FieldRef>& fields) {
    std::vector<std::string> paths;
    for (const FieldRef& field : fields) paths.push_back(field.path);
    return Join(paths, ", ");
  }

  std::string Stepped() const {
    std::string words =
        fmt::format("{} of {} steps since {}; waits for {}{}{}", is_.have,
                    is_.need, t_.At(is_.since), Awaited(),
                    is_.until == Timestamp::max() ? "" : Before(),
                    is_.more == 1 ? ", which fires it" : "");
    if (!is_.against.empty()) words += "; " + Any(is_.against) + " ends it";
    if (is_.next) words += "; so does any other event";
    return words;
  }

  std::string TooFew(const char* what) const {
    if (is_.events >= is_.min_events) return "";
    return fmt::format(", {} of {} {} that it takes", is_.events,
                       is_.min_events, what);
  }

  std::string Shared() const {
    const auto* spec = As<RatioSpec>();
    const double share = is_.total == 0 ? 0 : is_.have / is_.total;
    return fmt::format("{} of {} {} are {} ({} %), fires when {}{} %{}",
                       is_.have, is_.total, Name(spec->over), Name(spec->of),
                       Number(100 * share), Beyond(spec->bound.op),
                       Number(100 * is_.need), TooFew("events"));
  }

  std::string Figured() const {
    const auto* spec = As<AggregateSpec>();
    if (is_.events == 0) {
      return fmt::format("no {} within {}", spec->field.path,
                         ReadableDuration(spec->within));
    }
    return fmt::format("{} of {} is {}, fires when {}{}{}", NameOf(spec->fn),
                       spec->field.path, Number(is_.have),
                       Beyond(spec->bound.op), Number(is_.need),
                       TooFew("numbers"));
  }

  std::string Rated() const {
    if (is_.since == Timestamp::min() && is_.phase == Phase::kIdle)
      return Idle();
    return fmt::format("{} {} where {} are usual, fires when {}{}{}", is_.have,
                       Awaited(), Number(is_.total),
                       Beyond(is_.reversed ? Bound::Op::kLte : Bound::Op::kGte),
                       Number(is_.need), TooFew("events before"));
  }

  std::string Timed() const {
    const std::string at = t_.At(is_.fires_at);
    if (const auto* spec = As<DeadlineSpec>()) {
      return fmt::format("fires at {}, {} {} {}", at,
                         ReadableDuration(spec->distance),
                         spec->before ? "before" : "after", spec->field);
    }
    if (const auto* spec = As<AbsenceSpec>()) {
      return fmt::format("{} at {}; fires at {}{}", Name(spec->after),
                         t_.At(is_.since), at, Unless());
    }
    if (As<SilenceSpec>() != nullptr) {
      return fmt::format("silent since {}; fires at {}{}", t_.At(is_.since), at,
                         Unless());
    }
    if (As<SequenceSpec>() != nullptr) {
      return fmt::format("all {} steps, the last at {}; fires at {}{}",
                         is_.need, t_.At(is_.since), at, Unless());
    }
    return fmt::format("{}; fires at {}{}", Counted(), at,
                       is_.reversed ? " unless more come" : " if it stays so");
  }

  std::string Spent() const {
    if (const auto* spec = As<DeadlineSpec>()) {
      return fmt::format(
          "has fired, or `unless` came; fires again when {} moves",
          spec->field);
    }
    if (is_.measure == Measure::kScore) {
      return fmt::format(
          "has fired; the score is {}, and low enough to fire "
          "again from {}",
          Number(is_.have), t_.At(is_.from));
    }
    return fmt::format(
        "is watched again once there are enough: {}; {} "
        "more{}",
        Counted(), is_.more, Before());
  }

  const KindSpec& spec_;
  const Symbols& symbols_;
  const Standing& is_;
  const LocalTimes& t_;
};

}  // namespace

std::string InWords(const Rule& rule, const Symbols& symbols,
                    const Standing& standing, const LocalTimes& times) {
  return Sentence(rule, symbols, standing, times).Say();
}

std::string InWords(const Mismatch& mismatch) {
  std::string words = "wanted " + mismatch.wanted;
  for (const auto& [path, json] : mismatch.found) {
    words += fmt::format(", {} is {}", path, json.empty() ? "not there" : json);
  }
  return words;
}

std::string InWords(const Miss& miss, const LocalTimes& times) {
  const std::string what =
      miss.mismatch ? InWords(*miss.mismatch)
                    : fmt::format("{} is {}", miss.lacks,
                                  miss.no_number ? "no number" : "not there");
  return fmt::format("{} at {}: {}", miss.event, times.At(miss.at), what);
}

}  // namespace premura
