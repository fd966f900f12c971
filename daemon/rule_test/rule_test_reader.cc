// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "daemon/advice/profile_advice.h"
#include "daemon/config/config_reader.h"
#include "daemon/rule_test/rule_test.h"
#include "daemon/rule_test/rule_test_notation.h"
#include "notifiers/reason.h"
#include "rules/document.h"
#include "rules/printable.h"
#include "rules/reading.h"
#include "rules/value.h"

namespace premura {
namespace {

// A Monday morning, outside the quiet hours of most.
constexpr const char* kStart = "2026-01-05T10:00:00Z";

std::string JsonOf(const Node& node) {
  const std::string text = node.AsText("value").value_or("");
  if (!node.IsQuoted()) return JsonOfText(text);
  std::string json;
  AppendJsonText(text, &json);
  return json;
}

// `{tier: pro, consent: {email: false}}` as flat paths.
void ReadValues(const Node& node, const std::string& prefix,
                Profile::Values* values) {
  for (const auto& [name, value] : node.AsMapping("profile").Entries()) {
    if (value.kind() == Node::Kind::kMapping) {
      ReadValues(value, prefix + name + ".", values);
    } else if (value.kind() == Node::Kind::kSequence) {
      std::string list;
      for (const Node& element : value.AsList(name)) {
        list += (list.empty() ? "" : ",") + JsonOf(element);
      }
      (*values)[prefix + name] = '[' + list + ']';
    } else {
      (*values)[prefix + name] = JsonOf(value);
      const auto text = value.IsNull() ? std::nullopt : value.AsText(name);
      const char* const problem =
          text ? ProblemOfValue(prefix + name, *text, {}) : nullptr;
      if (problem != nullptr) {
        value.Warn(fmt::format("`{}` {}", prefix + name, problem));
      }
    }
  }
}

const std::vector<std::string> kChannels = {"ticket", "email", "sms"};
const std::vector<std::string> kVerbs = {"sent", "held", "not_sent"};

std::vector<std::string> ReasonWords() {
  std::vector<std::string> words;
  for (const Reason reason : AllReasons()) {
    words.emplace_back(ToString(reason));
  }
  return words;
}

// Whether `word` is one of `words`; a mistake if it is not.
bool IsOneOf(const Node& node, const char* what, const std::string& word,
             const std::vector<std::string>& words) {
  if (std::find(words.begin(), words.end(), word) != words.end()) return true;
  const std::string nearest = Nearest(word, words);
  node.Complain(fmt::format("`{}` is no {}", word, what),
                nearest.empty()
                    ? fmt::format("it is one of {}", fmt::join(words, ", "))
                    : fmt::format("did you mean `{}`?", nearest));
  return false;
}

// Of two ways to write a time the one that a difference is told in.
void RewriteUntil(std::vector<std::string>* words) {
  for (std::size_t i = 5; i + 1 < words->size(); ++i) {
    if ((*words)[i] != "until") continue;
    const auto until = ParseOffset((*words)[i + 1]);
    if (until) (*words)[i + 1] = FormatOffset(*until);
  }
}

constexpr std::size_t kFewestWords = 3;  // TIME RULE CUSTOMER

// Words of a decision after these: CHANNEL WHAT REASON ..; each may be left
// out with all that follow it.
bool IsDecision(const Node& node, const std::vector<std::string>& words) {
  const auto is = [&](std::size_t at, const char* what,
                      const std::vector<std::string>& known) {
    return words.size() <= at || IsOneOf(node, what, words[at], known);
  };
  return is(3, "channel", kChannels) &&
         is(4, "word for what became of it", kVerbs) &&
         is(5, "reason", ReasonWords());
}

void ReadLine(const Node& node, const std::string& text, bool decision,
              std::vector<RuleTest::Expected>* lines) {
  auto noted = NotedWords(text);
  if (!noted.ok()) return node.Complain(noted.error().message);
  std::vector<std::string> words = std::move(noted).value();
  const auto at = ParseOffset(words.empty() ? "" : words[0]);
  if (!at || words.size() < kFewestWords) {
    return node.Complain(
        fmt::format("`{}` is nothing that could happen", text),
        decision ? "write `TIME RULE CUSTOMER CHANNEL sent`, or `held` or "
                   "`not_sent` and the reason"
                 : "write `TIME RULE CUSTOMER`, for example "
                   "`9m billing-page-loop anna`");
  }
  if (decision && !IsDecision(node, words)) return;
  words[0] = FormatOffset(*at);
  if (decision) RewriteUntil(&words);
  words[2] = Unquoted(words[2]);
  lines->push_back(
      {fmt::format("{}", fmt::join(words, " ")), words[1], node.position()});
}

// Whether a key is meant to be one of `keys`; that is then what is said.
bool Misspells(const Node& node, const std::vector<std::string>& keys) {
  const auto entries = node.AsMapping("tests").Entries();
  return std::any_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return !Nearest(entry.first, keys).empty();
  });
}

class TestReader {
 public:
  explicit TestReader(Timestamp start) { test_.start = start; }

  RuleTest Read(const Node& node) {
    Mapping mapping = node.AsMapping("tests");
    test_.position = node.position();
    test_.name = mapping.RequireText("name").value_or("");
    if (Printable(test_.name) != test_.name) {
      mapping.Get("name").Complain("`name` has a control character in it",
                                   "write it on one line, or with `>-`");
    }
    for (const auto& [customer, values] :
         mapping.MappingOf("profiles").Entries()) {
      ReadValues(values, "", &test_.profiles[customer]);
    }
    for (const Node& event : mapping.Require("events").AsList("events")) {
      ReadStep(event);
    }
    test_.detections =
        ReadExpected(mapping.Get("detections"), "detections", false);
    test_.decisions = ReadExpected(mapping.Get("decisions"), "decisions", true);
    if (mapping && !test_.detections && !test_.decisions &&
        !Misspells(node, {"detections", "decisions"})) {
      node.Complain("a test says what is expected",
                    "write `detections:` or `decisions:`; `[]` for none");
    }
    mapping.RejectOtherKeys("in a test");
    return std::move(test_);
  }

 private:
  void ReadStep(const Node& node) {
    if (node.kind() == Node::Kind::kMapping) {
      Mapping mapping = node.AsMapping("events");
      if (IsEvent(node)) {
        return node.Complain("an event is one text, and `: ` makes none of it",
                             "write FIELD=VALUE, or quote the whole line");
      }
      const auto by = ReadSpan(mapping.Require("advance"), "advance");
      mapping.RejectOtherKeys("in `events`");
      newest_ += by.value_or(Duration(0));
      test_.steps.push_back({"", "", test_.start + newest_, node.position()});
      return;
    }
    const auto text = node.AsText("events");
    if (!text) return;
    auto events = ReadNotedEvents(*text, test_.start);
    if (!events.ok()) return node.Complain(events.error().message);
    for (NotedEvent& event : events.value()) {
      newest_ = std::max(newest_, event.at);
      test_.steps.push_back({std::move(event.name), std::move(event.record),
                             test_.start + event.at, node.position()});
    }
  }

  // "0m anna viewed page: /a" is a mapping to YAML.
  static bool IsEvent(const Node& node) {
    const auto entries = node.AsMapping("events").Entries();
    if (entries.size() != 1) return false;
    const std::string& key = entries[0].first;
    return ParseDuration(key.substr(0, key.find_first_of(" .:"))).has_value();
  }

  std::optional<std::vector<RuleTest::Expected>> ReadExpected(const Node& node,
                                                              const char* what,
                                                              bool decisions) {
    if (!node) return std::nullopt;
    std::vector<RuleTest::Expected> lines;
    for (const Node& element : node.AsList(what)) {
      if (const auto text = element.AsText(what)) {
        ReadLine(element, *text, decisions, &lines);
      }
    }
    return lines;
  }

  RuleTest test_;
  Duration newest_{};
};

// A day is its midnight in UTC.
std::optional<Timestamp> ReadStart(const std::string& text) {
  if (const auto day = ParseDate(text)) return Timestamp(*day);
  return ParseInstant(text);
}

void WarnOfEvents(const RuleTest& test, const RuleSet& rules,
                  Diagnostics* diagnostics) {
  std::set<std::string> asked;
  for (const Rule& rule : rules.rules()) {
    for (const Mention& mention : rule.mentions) {
      if (mention.what == Mention::What::kEvent) asked.insert(mention.text);
    }
  }
  const std::vector<std::string> names(asked.begin(), asked.end());
  for (const RuleTest::Step& step : test.steps) {
    if (step.record.empty() || !asked.insert(step.event).second) continue;
    const std::string nearest = Nearest(step.event, names);
    if (nearest.empty()) continue;
    diagnostics->push_back(
        {Diagnostic::Severity::kWarning, step.position,
         fmt::format("no rule asks for the event `{}`", step.event),
         fmt::format("did you mean `{}`?", nearest), ""});
  }
}

}  // namespace

void CheckExpected(const RuleTestFile& file, const RuleSet& rules,
                   Diagnostics* diagnostics) {
  std::vector<std::string> ids;
  for (const Rule& rule : rules.rules()) ids.push_back(rule.id);
  for (const RuleTest& test : file.tests) {
    WarnOfEvents(test, rules, diagnostics);
    for (const auto* lines : {&test.detections, &test.decisions}) {
      if (!*lines) continue;
      for (const RuleTest::Expected& line : **lines) {
        if (rules.Find(line.rule) != nullptr) continue;
        const std::string nearest = Nearest(line.rule, ids);
        Diagnostic diagnostic;
        diagnostic.where = line.position;
        diagnostic.message = fmt::format("there is no rule `{}`", line.rule);
        if (!nearest.empty()) {
          diagnostic.hint = fmt::format("did you mean `{}`?", nearest);
        }
        diagnostics->push_back(std::move(diagnostic));
      }
    }
  }
}

std::optional<RuleTestFile> ReadRuleTests(const std::string& path,
                                          Diagnostics* diagnostics) {
  const Document document = Document::Load(path);
  RuleTestFile file;
  file.path = path;
  Mapping root = document.root().AsMapping("a file of tests");
  if (root) {
    const std::string folder = std::filesystem::path(path).parent_path();
    ConfigOptions options;
    Config config;
    ConfigReader reader(folder.empty() ? "." : folder, &options, &config);
    root.RequireInt("version", 1, 1);
    file.rules = reader.Paths(&root, "rules");
    if (file.rules.empty()) file.rules = {reader.Absolute(".")};
    ReadRestraint(&root, &reader);
    file.restraint = config.restraint;
    config.self_preservation.enabled = bool(root.Get("self_preservation"));
    ReadSelfPreservation(&root, &reader);
    file.self_preservation = config.self_preservation;
    Timestamp start = ParseInstant(kStart).value();
    if (const auto text = root.Text("start")) {
      if (const auto at = ReadStart(*text)) {
        start = *at;
      } else {
        root.ComplainAtKey(
            "start", "`start` is no instant",
            "write 2026-01-31T10:00:00Z, or 2026-01-31 for midnight UTC");
      }
    }
    for (const Node& node : root.Require("tests").AsList("tests")) {
      file.tests.push_back(TestReader(start).Read(node));
    }
    root.RejectOtherKeys("in a file of tests");
  }
  Diagnostics found = document.diagnostics();
  const bool good = !HasErrors(found);
  diagnostics->insert(diagnostics->end(), found.begin(), found.end());
  if (!good) return std::nullopt;
  return file;
}

}  // namespace premura
