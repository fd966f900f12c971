// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "daemon/config_reader.h"
#include "daemon/rule_test.h"
#include "daemon/rule_test_notation.h"
#include "rules/document.h"
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
    }
  }
}

class TestReader {
 public:
  explicit TestReader(Timestamp start) { test_.start = start; }

  RuleTest Read(const Node& node) {
    Mapping mapping = node.AsMapping("tests");
    test_.position = node.position();
    test_.name = mapping.RequireText("name").value_or("");
    for (const auto& [customer, values] :
         mapping.MappingOf("profiles").Entries()) {
      ReadValues(values, "", &test_.profiles[customer]);
    }
    for (const Node& event : mapping.Require("events").AsList("events")) {
      ReadStep(event);
    }
    test_.detections = ReadExpected(mapping.Get("detections"), 3);
    test_.decisions = ReadExpected(mapping.Get("decisions"), 5);
    if (mapping && !test_.detections && !test_.decisions) {
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
      const auto by = ReadSpan(mapping.Require("advance"), "advance");
      mapping.RejectOtherKeys("in `events`");
      newest_ += by.value_or(Duration(0));
      test_.steps.push_back({"", test_.start + newest_, node.position()});
      return;
    }
    const auto text = node.AsText("events");
    if (!text) return;
    auto events = ReadNotedEvents(*text, test_.start);
    if (!events.ok()) return node.Complain(events.error().message);
    for (NotedEvent& event : events.value()) {
      newest_ = std::max(newest_, event.at);
      test_.steps.push_back(
          {std::move(event.record), test_.start + event.at, node.position()});
    }
  }

  // Lines of at least so many words, the first of which is a time.
  static std::optional<std::vector<std::string>> ReadExpected(
      const Node& node, std::size_t words) {
    if (!node) return std::nullopt;
    std::vector<std::string> lines;
    for (const Node& element : node.AsList("expected")) {
      const auto text = element.AsText("expected");
      if (!text) continue;
      const auto at = ParseDuration(text->substr(0, text->find(' ')));
      const auto spaces = std::count(text->begin(), text->end(), ' ');
      if (!at || static_cast<std::size_t>(spaces) + 1 < words) {
        element.Complain(
            fmt::format("`{}` is nothing that could happen", *text),
            words == 3
                ? "write `TIME RULE CUSTOMER`, for example "
                  "`9m billing-page-loop anna`"
                : "write `TIME RULE CUSTOMER CHANNEL sent`, or `held` or "
                  "`not_sent` and the reason");
        continue;
      }
      lines.push_back(FormatDuration(*at) + text->substr(text->find(' ')));
    }
    return lines;
  }

  RuleTest test_;
  Duration newest_{};
};

}  // namespace

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
      if (const auto at = ParseInstant(*text)) {
        start = *at;
      } else {
        root.ComplainAtKey("start", "`start` is no instant",
                           "write 2026-01-31T10:00:00Z");
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
