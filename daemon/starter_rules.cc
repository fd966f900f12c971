// SPDX-License-Identifier: Apache-2.0
#include "daemon/starter_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "daemon/yaml_writer.h"
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

// As many as `most`, or as the customer has who has the most of them.
std::uint64_t AtMost(std::uint64_t most, const NameSurvey& name) {
  const auto counts = name.customers.Counts();
  return counts.empty() ? 0 : std::min(most, counts.back());
}

class Starter {
 public:
  explicit Starter(const Survey& survey) {
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

  void Begin(const std::string& id, const std::string& title,
             const std::string& why) {
    yaml_.BeginElement();
    yaml_.Plain("id", id);
    yaml_.Text("title", Printable(title));
    yaml_.Text("description", why);
    yaml_.Plain("status", "simulation");
    yaml_.Plain("level", "low");
    yaml_.Begin("detect");
  }
  void End() {
    yaml_.End();
    yaml_.Plain("cooldown", "7d");
    yaml_.EndElement();
  }

  // A field that tells a few things apart: which action, which page.
  static std::string Grouping(const NameSurvey& name) {
    constexpr std::size_t kMost = 50;
    const auto text = static_cast<std::size_t>(Value::Kind::kText);
    for (const auto& [path, field] : name.fields) {
      const std::uint64_t different = field.different.Count();
      if (field.nature == FieldNature::kOrdinary && different >= 2 &&
          different <= kMost && field.kinds[text] == field.present &&
          IsAlmostAlwaysThere(name, field) && !WrittenProperty(path).empty()) {
        return WrittenProperty(path);
      }
    }
    return "";
  }

  bool WriteFailures() {
    const Named* const failing = Commonest(kFailing);
    if (failing == nullptr) return false;
    const std::uint64_t least = AtMost(3, *failing->second);
    if (least < 2) return false;  // It could fire for nobody here.
    const auto well = About(Subject(failing->first, kFailing), kGoingWell);
    Begin(IdOf(failing->first, "again"),
          fmt::format("{} again and again", failing->first),
          fmt::format("Seen: {}, at customers: {}.", failing->second->count,
                      failing->second->customers.Count()));
    yaml_.Begin("event_count");
    yaml_.Text("event", failing->first);
    yaml_.Text("group_by", Grouping(*failing->second));
    yaml_.Plain("gte", std::to_string(least));
    yaml_.Plain("within", "15m");
    if (!well.empty()) {
      yaml_.Begin("unless");
      yaml_.Texts("event", well);
      yaml_.End();
    }
    yaml_.End();
    End();
    return true;
  }

  // The id that both the beginning and all ends carry.
  std::string Shared(const NameSurvey& begun,
                     const std::vector<std::string>& ends) const {
    for (const auto& entry : begun.fields) {
      const std::string& path = entry.first;
      if (entry.second.nature != FieldNature::kId ||
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
    Begin(IdOf(best->first, "not-finished"),
          fmt::format("{} and then nothing", best->first),
          fmt::format("Begun: {}, by customers: {}.", best->second->count,
                      best->second->customers.Count()));
    yaml_.Begin("absence");
    yaml_.Text("after", best->first);
    yaml_.Texts("without", ends);
    yaml_.Text("group_by", Shared(*best->second, ends));
    yaml_.Plain("for", "1h");
    yaml_.End();
    End();
    return true;
  }

  bool WriteCommonest() {
    const Named* const common = Commonest({});
    const std::uint64_t least = AtMost(5, *common->second);
    if (least < 2) return false;
    Begin(IdOf(common->first, "loop"),
          fmt::format("Comes back to {}", common->first),
          fmt::format("Seen: {}, at customers: {}.", common->second->count,
                      common->second->customers.Count()));
    yaml_.Begin("event_count");
    yaml_.Text("event", common->first);
    yaml_.Text("group_by", Grouping(*common->second));
    yaml_.Plain("gte", std::to_string(least));
    yaml_.Plain("within", "15m");
    yaml_.End();
    End();
    Begin(IdOf(common->first, "no-more"),
          fmt::format("{} no more", common->first),
          "Was active, and has been silent for two weeks.");
    yaml_.Begin("silence");
    yaml_.Text("event", common->first);
    yaml_.Plain("for", "14d");
    yaml_.Plain("min_events", std::to_string(least));
    yaml_.End();
    End();
    return true;
  }

  Names names_;
  YamlWriter yaml_;
};

}  // namespace

std::string StarterRules(const Survey& survey) {
  return Starter(survey).Write();
}

}  // namespace premura
