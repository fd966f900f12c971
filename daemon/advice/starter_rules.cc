// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/starter_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/config/yaml_writer.h"
#include "daemon/terminal/text_table.h"
#include "rules/field_reader.h"
#include "rules/printable.h"
#include "rules/reading.h"
#include "signals/name_words.h"

namespace premura {
namespace {

// The events that a rule can name.
using Names = std::map<std::string, const NameSurvey*>;
using Named = Names::value_type;

// Beginnings of words.
constexpr std::string_view kFailing[] = {"fail",  "error",  "den",     "declin",
                                         "refus", "reject", "timeout", "crash"};
constexpr std::string_view kGoingWell[] = {"succe", "complet", "paid", "finish",
                                           "resol"};
constexpr std::string_view kBeginning[] = {"start",   "begin",   "begun",
                                           "request", "initiat", "open"};
constexpr std::string_view kEnding[] = {
    "finish", "complet", "succe", "fail",  "cancel", "abandon", "end",
    "stop",   "done",    "abort", "close", "sent",   "resol",   "withdr"};

bool BeginsWithOneOf(const std::string& word,
                     std::span<const std::string_view> beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view b) { return word.starts_with(b); });
}

// What an event is about: its words without the one that says how it goes;
// nothing if it has no such word.
std::vector<std::string> Subject(const std::string& name,
                                 std::span<const std::string_view> going) {
  std::vector<std::string> words = WordsOf(name);
  const auto found = std::find_if(
      words.begin(), words.end(),
      [&](const std::string& word) { return BeginsWithOneOf(word, going); });
  if (found == words.end()) return {};
  words.erase(found);
  return words;
}

std::string IdOf(const std::string& name, std::string_view what) {
  std::string id;
  for (const std::string& word : WordsOf(name)) id += word + "-";
  if (id.empty()) id = "event-";
  constexpr std::size_t kLongest = 40;
  if (id.size() > kLongest) id = id.substr(0, kLongest) + "-";
  return id + std::string(what);
}

bool IsAlmostAlwaysThere(const NameSurvey& name, const FieldSurvey& field) {
  return field.present * 20 >= name.count * 19;
}

// Who does it, not what it is done to: grouped by that, a rule counts what it
// counts anyhow.
bool IsWhoDoesIt(const std::string& path, const FieldSurvey& field) {
  constexpr std::string_view kWho[] = {
      "account",      "anonymous",    "company", "customer", "group",    "org",
      "organization", "organisation", "tenant",  "user",     "workspace"};
  if (field.own > 0 && field.own == field.present) return true;
  const auto words = WordsOf(path);
  return field.nature == FieldNature::kId && words.size() > 1 &&
         std::find(std::begin(kWho), std::end(kWho), words[words.size() - 2]) !=
             std::end(kWho);
}

// Of the customer who has the most of them.
std::uint64_t MostOfOne(const NameSurvey& name) {
  const auto counts = name.customers.Counts();
  return counts.empty() ? 0 : counts.back();
}

// Too many in too short a time.
struct Pace {
  std::uint64_t gte;
  const char* within;
};
// The first that finds somebody and not everybody is taken.
constexpr Pace kOfFailures[] = {{3, "15m"}, {3, "1h"}, {3, "1d"},
                                {2, "15m"}, {2, "1h"}, {2, "1d"}};
constexpr Pace kOfVisits[] = {{5, "15m"}, {10, "15m"}, {20, "15m"}, {50, "15m"},
                              {5, "1h"},  {5, "1d"},   {3, "15m"},  {3, "1h"},
                              {3, "1d"},  {2, "15m"},  {2, "1h"},   {2, "1d"}};

// A rule that counts, but for how many in how long.
struct Counting {
  std::string id;
  std::string title;
  const Named* event = nullptr;
  std::vector<std::string> unless;
  std::span<const Pace> paces;
};

class Starter {
 public:
  Starter(const Survey& survey, const StarterTrial& trial)
      : trial_(trial), span_(survey.last - survey.first) {
    for (const auto& [name, events] : survey.names) {
      if (IsEventName(name)) names_.emplace(name, &events);
    }
  }

  std::string Write() {
    if (names_.empty()) return "";
    yaml_.Plain("version", "1");
    yaml_.Begin("rules");
    const bool failures = WriteFailures();
    const bool unfinished = WriteUnfinished();
    if (!failures && !unfinished && !WriteCommonest()) return "";
    yaml_.End();
    return yaml_.text();
  }

 private:
  const Named* Commonest(std::span<const std::string_view> going) const {
    const Named* best = nullptr;
    for (const Named& named : names_) {
      if (!going.empty() && Subject(named.first, going).empty()) continue;
      if (best == nullptr || named.second->count > best->second->count) {
        best = &named;
      }
    }
    return best;
  }

  // The events about `subject` that go one of these ways.
  std::vector<std::string> About(
      const std::vector<std::string>& subject,
      std::span<const std::string_view> going) const {
    std::vector<std::string> names;
    for (const Named& named : names_) {
      if (Subject(named.first, going) == subject) names.push_back(named.first);
    }
    return names;
  }

  static void Begin(const std::string& id, const std::string& title,
                    const std::string& why, YamlWriter* yaml) {
    yaml->BeginElement();
    yaml->Plain("id", id);
    yaml->Text("title", Printable(title));
    yaml->Text("description", why);
    yaml->Plain("status", "simulation");
    yaml->Plain("level", "low");
    yaml->Begin("detect");
  }
  static void End(YamlWriter* yaml) {
    yaml->End();
    yaml->Plain("cooldown", "7d");
    yaml->EndElement();
  }

  // A field that tells a few things apart: which action, which page.
  static std::string Grouping(const NameSurvey& name) {
    constexpr std::size_t kMost = 50;
    const auto text = static_cast<std::size_t>(Value::Kind::kText);
    for (const auto& [path, field] : name.fields) {
      const std::uint64_t different = field.different.Count();
      if (field.nature == FieldNature::kOrdinary && !IsWhoDoesIt(path, field) &&
          different >= 2 && different <= kMost &&
          field.kinds[text] == field.present &&
          IsAlmostAlwaysThere(name, field) && !WrittenProperty(path).empty()) {
        return WrittenProperty(path);
      }
    }
    return "";
  }

  static void Write(const Counting& counting, const Pace& pace,
                    const std::string& id, const std::string& why,
                    YamlWriter* yaml) {
    Begin(id, counting.title, why, yaml);
    yaml->Begin("event_count");
    yaml->Text("event", counting.event->first);
    yaml->Text("group_by", Grouping(*counting.event->second));
    yaml->Plain("gte", std::to_string(pace.gte));
    yaml->Plain("within", pace.within);
    if (!counting.unless.empty()) {
      yaml->Begin("unless");
      yaml->Texts("event", counting.unless);
      yaml->End();
    }
    yaml->End();
    End(yaml);
  }

  // How many customers it finds at each pace; 0 where it was not tried.
  std::vector<std::size_t> Found(const Counting& counting) const {
    const std::uint64_t most = MostOfOne(*counting.event->second);
    const auto id = [](std::size_t i) { return fmt::format("try-{}", i); };
    YamlWriter yaml;
    yaml.Plain("version", "1");
    yaml.Begin("rules");
    bool any = false;
    for (std::size_t i = 0; i < counting.paces.size(); ++i) {
      if (counting.paces[i].gte > most) continue;
      Write(counting, counting.paces[i], id(i), "", &yaml);
      any = true;
    }
    yaml.End();
    std::vector<std::size_t> found(counting.paces.size());
    if (!any) return found;
    const auto by_rule = trial_(yaml.text());
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto rule = by_rule.find(id(i));
      if (rule != by_rule.end()) found[i] = rule->second;
    }
    return found;
  }

  // False if it would find nobody.
  bool WriteAtItsPace(const Counting& counting) {
    const NameSurvey& events = *counting.event->second;
    std::string why = fmt::format("Seen: {}, at customers: {}.", events.count,
                                  events.customers.Count());
    if (!trial_) {
      const Pace pace = {std::min(counting.paces[0].gte, MostOfOne(events)),
                         counting.paces[0].within};
      if (pace.gte < 2) return false;
      Write(counting, pace, counting.id, why, &yaml_);
      return true;
    }
    const std::vector<std::size_t> found = Found(counting);
    std::size_t best = found.size();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (found[i] == 0) continue;
      if (best == found.size() || found[i] < found[best]) best = i;
      if (found[i] * 2 <= events.customers.Count()) break;
    }
    if (best == found.size()) return false;
    why += fmt::format(" In these events it finds {}.",
                       Counted(found[best], "customer"));
    Write(counting, counting.paces[best], counting.id, why, &yaml_);
    return true;
  }

  // A rule that counts nothing. False if it would find nobody.
  bool WriteIfItFinds(
      std::string why,
      const std::function<void(const std::string& why, YamlWriter*)>& write) {
    if (trial_) {
      YamlWriter yaml;
      yaml.Plain("version", "1");
      yaml.Begin("rules");
      write(why, &yaml);
      yaml.End();
      const auto found = trial_(yaml.text());
      if (found.empty() || found.begin()->second == 0) return false;
      why += fmt::format(" In these events it finds {}.",
                         Counted(found.begin()->second, "customer"));
    }
    write(why, &yaml_);
    return true;
  }

  bool WriteFailures() {
    const Named* const failing = Commonest(kFailing);
    if (failing == nullptr) return false;
    return WriteAtItsPace({IdOf(failing->first, "again"),
                           failing->first + " again and again", failing,
                           About(Subject(failing->first, kFailing), kGoingWell),
                           kOfFailures});
  }

  // The id that both the beginning and all ends carry.
  std::string Shared(const NameSurvey& begun,
                     const std::vector<std::string>& ends) const {
    for (const auto& entry : begun.fields) {
      const std::string& path = entry.first;
      if (entry.second.nature != FieldNature::kId ||
          IsWhoDoesIt(path, entry.second) ||
          !IsAlmostAlwaysThere(begun, entry.second) ||
          WrittenProperty(path).empty()) {
        continue;
      }
      const bool all =
          std::all_of(ends.begin(), ends.end(), [&](const std::string& end) {
            const NameSurvey& name = *names_.at(end);
            const auto found = name.fields.find(path);
            return found != name.fields.end() &&
                   IsAlmostAlwaysThere(name, found->second);
          });
      if (all) return WrittenProperty(path);
    }
    return "";
  }

  bool WriteUnfinished() {
    const Named* best = nullptr;
    std::vector<std::string> ends;
    for (const Named& named : names_) {
      const auto subject = Subject(named.first, kBeginning);
      if (subject.empty()) continue;
      auto found = About(subject, kEnding);
      if (found.empty()) continue;
      if (best != nullptr && best->second->count >= named.second->count) {
        continue;
      }
      best = &named;
      ends = std::move(found);
    }
    if (best == nullptr) return false;
    return WriteIfItFinds(
        fmt::format("Begun: {}, by customers: {}.", best->second->count,
                    best->second->customers.Count()),
        [&](const std::string& why, YamlWriter* yaml) {
          Begin(IdOf(best->first, "not-finished"),
                fmt::format("{} and then nothing", best->first), why, yaml);
          yaml->Begin("absence");
          yaml->Text("after", best->first);
          yaml->Texts("without", ends);
          yaml->Text("group_by", Shared(*best->second, ends));
          yaml->Plain("for", "1h");
          yaml->End();
          End(yaml);
        });
  }

  bool WriteCommonest() {
    const Named* const common = Commonest({});
    const bool loop = WriteAtItsPace({IdOf(common->first, "loop"),
                                      "Comes back to " + common->first,
                                      common,
                                      {},
                                      kOfVisits});
    const std::uint64_t least =
        std::min<std::uint64_t>(5, MostOfOne(*common->second));
    if (least < 2 || span_ < kSilence) return loop;
    const bool silence = WriteIfItFinds(
        "Was active, and has been silent for two weeks.",
        [&](const std::string& why, YamlWriter* yaml) {
          Begin(IdOf(common->first, "no-more"),
                fmt::format("{} no more", common->first), why, yaml);
          yaml->Begin("silence");
          yaml->Text("event", common->first);
          yaml->Plain("for", "14d");
          yaml->Plain("min_events", std::to_string(least));
          yaml->End();
          End(yaml);
        });
    return loop || silence;
  }

  static constexpr Duration kSilence = std::chrono::days(14);

  const StarterTrial& trial_;
  const Duration span_;  // Of all events.
  Names names_;
  YamlWriter yaml_;
};

}  // namespace

std::string StarterRules(const Survey& survey, const StarterTrial& trial) {
  return Starter(survey, trial).Write();
}

}  // namespace premura
