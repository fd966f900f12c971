// SPDX-License-Identifier: Apache-2.0
// CliTest: a folder with rules, templates and a configuration, and `premura` as
// a person runs it there.

#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "tests/daemon/command_line.h"
#include "tests/support/temp_folder.h"

namespace premura {

inline bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

inline constexpr const char* kRule = R"(version: 1
rules:
  - id: many-failures
    title: Fails again and again
    detect:
      event_count: {event: failed, gte: 3, within: 10m}
    actions:
      - ticket: {template: failures}
)";

inline constexpr const char* kTemplate = R"(ticket:
  subject: "{{rule.title}}"
  text: |
    Who: {{customer.id}}
)";

// A folder with rules, templates and a configuration that writes to files.
class CliTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_.Write("rules/a.yaml", kRule);
    folder_.Write("rules/templates/failures.en.yaml", kTemplate);
    folder_.Write("events.jsonl", Event("a", 0) + Event("b", 1) +
                                      Event("a", 2) + Event("a", 3) +
                                      Event("b", 20));
    folder_.Write("e", "");
    folder_.Write("premura.yaml", R"(
sources: [{file: {path: events.jsonl}}]
rules: [rules]
templates: [rules/templates]
state: {dir: state}
tickets: {desk: {type: file, directory: out}}
http: {admin: {listen: "127.0.0.1:0"}}
)");
  }

  static std::string Event(const std::string& customer, int minute) {
    std::ostringstream line;
    line << R"({"customer":")" << customer
         << R"(","event":"failed","ts":"2026-01-01T00:)"
         << (minute < 10 ? "0" : "") << minute << R"(:00Z"})" << '\n';
    return line.str();
  }

  Ran Backtest(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"backtest",
                                          "--rules",
                                          folder_.Path("rules"),
                                          "--events",
                                          folder_.Path("events.jsonl"),
                                          "--output",
                                          "jsonl",
                                          "--detections-only"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Premura(std::move(arguments));
  }

  TempFolder folder_;
};

}  // namespace premura
