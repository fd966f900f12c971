// SPDX-License-Identifier: Apache-2.0
#include "notifiers/standing_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "notifiers/json_parts.h"
#include "notifiers/json_writer.h"
#include "notifiers/standing_words.h"

namespace premura {
namespace {

using Phase = Standing::Phase;
using Sentences = std::vector<std::string>;

const char* ToString(Phase phase) {
  switch (phase) {
    case Phase::kIdle:
      return "idle";
    case Phase::kUnderWay:
      return "under_way";
    case Phase::kTimed:
      return "timed";
    case Phase::kLearning:
      return "learning";
    case Phase::kSpent:
      return "spent";
    case Phase::kBlocked:
      return "blocked";
  }
  return "";
}

std::string MismatchToJson(const Mismatch& mismatch) {
  return JsonObject([&](Members& members) {
    members.Text("wanted", mismatch.wanted);
    members.Raw("found", JsonObjectOf(mismatch.found));
  });
}

std::string MissToJson(const Miss& miss) {
  return JsonObject([&](Members& members) {
    members.Text("event", miss.event);
    members.Time("at", miss.at);
    if (miss.mismatch) members.Raw("condition", MismatchToJson(*miss.mismatch));
    if (!miss.lacks.empty()) members.Text("lacks", miss.lacks);
  });
}

// Why what is due does not fire yet.
std::string WhyHeld(const TrackStanding& track, const LocalTimes& times) {
  if (!track.held) return "";
  std::string words = track.stalled
                          ? "; held: the source is quiet"
                          : "; held: far more customers than usual are silent";
  const bool by_clock = track.held_until != Timestamp::min() &&
                        track.held_until != Timestamp::max();
  return by_clock ? words + ", until " + times.At(track.held_until) : words;
}

class RuleTeller {
 public:
  RuleTeller(const CustomerStanding& all, const LocalTimes& times)
      : symbols_(all.rules->symbols()), times_(times) {}

  StandingReport::Rule Tell(const Rule& rule,
                            const RuleStanding* standing) const {
    StandingReport::Rule told{
        rule.id, rule.title, ToString(rule.status), true, true, {}, {}, ""};
    if (standing == nullptr) {
      told.now.push_back("is disabled, and sees nothing");
    } else {
      TellNow(rule, *standing, &told);
    }
    told.json = Json(rule, standing, told);
    return told;
  }

 private:
  void TellNow(const Rule& rule, const RuleStanding& standing,
               StandingReport::Rule* told) const {
    if (standing.not_for) {
      told->for_customer = false;
      told->now.push_back("is not for this customer: " +
                          InWords(*standing.not_for));
    }
    for (const TrackStanding& track : standing.tracks) {
      told->idle = told->idle && track.standing.phase == Phase::kIdle;
      if (!told->for_customer) continue;  // Whatever is counted fires nothing.
      std::string group;
      for (const auto& [path, json] : track.group) {
        group += fmt::format("{} {}: ", path, json);
      }
      told->now.push_back(group +
                          InWords(rule, symbols_, track.standing, times_) +
                          WhyHeld(track, times_));
    }
    if (standing.tracks.empty() && told->for_customer) {
      told->now.push_back("remembers nothing of any group");
    }
    if (standing.groups_untold > 0 && told->for_customer) {
      told->now.push_back(
          fmt::format("and {} groups more", standing.groups_untold));
    }
    for (const Miss& miss : standing.misses) {
      told->passed_over.push_back(InWords(miss, times_));
    }
    told->idle = told->idle && standing.misses.empty();
  }

  std::string Json(const Rule& rule, const RuleStanding* standing,
                   const StandingReport::Rule& told) const {
    return JsonObject([&](Members& members) {
      members.Text("rule", rule.id);
      members.Text("title", rule.title);
      members.Text("kind", rule.detect.kind);
      members.Text("status", told.status);
      members.Flag("idle", told.idle);
      members.Raw("now", JsonList(told.now, JsonText));
      members.Raw("passed_over", JsonList(told.passed_over, JsonText));
      if (standing != nullptr) {
        members.Flag("for_customer", !standing->not_for);
        if (standing->not_for) {
          members.Raw("not_for", MismatchToJson(*standing->not_for));
        }
        members.Raw("groups", JsonList(standing->tracks,
                                       [this](const TrackStanding& one) {
                                         return TrackToJson(one);
                                       }));
        members.Raw("misses", JsonList(standing->misses, MissToJson));
      }
    });
  }

  std::string NamesOf(const std::vector<const Pattern*>& patterns) const {
    Sentences names;
    for (const Pattern* pattern : patterns) {
      for (const SymbolId id : pattern->names) {
        names.push_back(symbols_.names.Text(id));
      }
    }
    return JsonList(names, JsonText);
  }

  std::string TrackToJson(const TrackStanding& track) const {
    const Standing& is = track.standing;
    return JsonObject([&](Members& members) {
      members.Raw("group", JsonObjectOf(track.group));
      members.Text("phase", ToString(is.phase));
      if (is.measure != Standing::Measure::kNone) {
        members.Raw("have", fmt::format("{}", is.have));
        members.Raw("need", fmt::format("{}", is.need));
      }
      members.Raw("waits_for", NamesOf(is.awaits));
      members.Raw("undone_by", NamesOf(is.against));
      if (is.more > 0) members.Number("more", is.more);
      const auto time = [&members](const char* name, Timestamp at) {
        if (at != Timestamp::min() && at != Timestamp::max()) {
          members.Time(name, at);
        }
      };
      time("before", is.until);
      time("not_before", is.from);
      time("fires_at", is.fires_at);
      if (track.held)
        members.Text("held", track.stalled ? "stalled" : "too_many");
      if (track.held) time("held_until", track.held_until);
      time("since", is.since);
      time("seen", track.newest);
      members.Time("fired", track.fired);
    });
  }

  const Symbols& symbols_;
  const LocalTimes& times_;
};

bool IsSeen(const CustomerStanding& standing) {
  if (standing.looked_at > 0) return true;
  for (const RuleStanding& rule : standing.standings) {
    for (const TrackStanding& track : rule.tracks) {
      if (track.newest != Timestamp::min()) return true;
    }
  }
  return false;
}

using Parts = std::map<std::string, std::string>;

Result<Parts> PartsOf(std::string_view json) {
  auto members = JsonMembers(json);
  if (!members.ok()) return members.error();
  return Parts(members.value().begin(), members.value().end());
}

Result<Sentences> ParseSentences(const std::string& json) {
  auto elements = JsonElements(json);
  if (!elements.ok()) return elements.error();
  Sentences sentences;
  for (const std::string& element : elements.value()) {
    auto text = JsonString(element);
    if (!text.ok()) return text.error();
    sentences.push_back(std::move(text).value());
  }
  return sentences;
}

Status ParseText(const Parts& parts, const char* name, std::string* into) {
  const auto part = parts.find(name);
  if (part == parts.end()) return Error{fmt::format("`{}` is missing", name)};
  auto text = JsonString(part->second);
  if (!text.ok()) return text.error().WithContext(name);
  *into = std::move(text).value();
  return {};
}

Result<StandingReport::Rule> ParseRule(const std::string& json) {
  auto parts = PartsOf(json);
  if (!parts.ok()) return parts.error();
  StandingReport::Rule rule;
  rule.json = json;
  for (const auto& [name, into] :
       {std::pair{"rule", &rule.id}, std::pair{"title", &rule.title},
        std::pair{"status", &rule.status}}) {
    Status status = ParseText(parts.value(), name, into);
    if (!status.ok()) return status.error();
  }
  for (const auto& [name, into] :
       {std::pair{"now", &rule.now},
        std::pair{"passed_over", &rule.passed_over}}) {
    auto sentences = ParseSentences(parts.value()[name]);
    if (!sentences.ok()) return sentences.error().WithContext(name);
    *into = std::move(sentences).value();
  }
  rule.idle = parts.value()["idle"] == "true";
  rule.for_customer = parts.value()["for_customer"] != "false";
  return rule;
}

}  // namespace

StandingReport MakeStandingReport(const CustomerStanding& standing,
                                  const std::string& zone,
                                  const std::string& only) {
  StandingReport report;
  report.customer = standing.customer;
  report.zone = zone;
  report.clock = std::max(standing.clock, Timestamp{});
  report.events_looked_at = standing.looked_at;
  report.seen = IsSeen(standing);
  const LocalTimes times(zone, report.clock);
  const RuleTeller teller(standing, times);
  for (const Rule& rule : standing.rules->rules()) {
    if (!only.empty() && rule.id != only) continue;
    const auto own = std::find_if(
        standing.standings.begin(), standing.standings.end(),
        [&rule](const RuleStanding& one) { return one.rule == &rule; });
    report.rules.push_back(
        teller.Tell(rule, own == standing.standings.end() ? nullptr : &*own));
  }
  return report;
}

std::string ToJson(const StandingReport& report) {
  std::string json;
  Members members(&json);
  members.Text("customer", report.customer);
  members.Text("zone", report.zone);
  members.Time("clock", report.clock);
  members.Flag("seen", report.seen);
  members.Number("events_looked_at", report.events_looked_at);
  members.Raw("rules", JsonList(report.rules,
                                [](const auto& rule) { return rule.json; }));
  members.Close();
  json.push_back('\n');
  return json;
}

Result<StandingReport> ParseStandingReport(std::string_view json) {
  auto parts = PartsOf(json);
  if (!parts.ok()) return parts.error();
  StandingReport report;
  std::string clock;
  for (const auto& [name, into] :
       {std::pair{"customer", &report.customer},
        std::pair{"zone", &report.zone}, std::pair{"clock", &clock}}) {
    Status status = ParseText(parts.value(), name, into);
    if (!status.ok()) return status.error();
  }
  report.clock = ParseInstant(clock).value_or(Timestamp{});
  report.events_looked_at = static_cast<std::size_t>(
      std::strtoull(parts.value()["events_looked_at"].c_str(), nullptr, 10));
  report.seen = parts.value()["seen"] == "true";
  auto rules = JsonElements(parts.value()["rules"]);
  if (!rules.ok()) return rules.error().WithContext("rules");
  for (const std::string& one : rules.value()) {
    auto rule = ParseRule(one);
    if (!rule.ok()) return rule.error().WithContext("rules");
    report.rules.push_back(std::move(rule).value());
  }
  return report;
}

}  // namespace premura
