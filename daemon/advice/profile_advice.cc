// SPDX-License-Identifier: Apache-2.0
#include "daemon/advice/profile_advice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "notifiers/mail_address.h"
#include "notifiers/phone.h"
#include "notifiers/template_file.h"
#include "rules/condition.h"
#include "rules/document.h"
#include "rules/fold.h"
#include "signals/profile_date.h"
#include "signals/zones.h"

namespace premura {
namespace {

constexpr int kMost = 10;

// The text of a JSON scalar; of one with escapes, nothing.
std::string TextOf(const std::string& json) {
  if (json.find('\\') != json.npos) return {};
  if (json.size() < 2 || json.front() != '"') return json;
  return json.substr(1, json.size() - 2);
}

bool SaysYesOrNo(const std::string& text) {
  constexpr std::array<std::string_view, 6> kWords = {"true",  "yes", "1",
                                                      "false", "no",  "0"};
  return std::count(kWords.begin(), kWords.end(), FoldCase(text)) > 0;
}

// What is looked at in everybody's profile, beside consents.
constexpr std::array<std::string_view, 12> kKeys = {
    "name",    "first_name", "role",  "tier",  "locale", "timezone",
    "country", "email",      "phone", "owner", "phase",  "account"};

// A key without what people write in one way or the other: `E-mail`.
std::string Bare(std::string_view key) {
  std::string bare;
  for (const char c : FoldCase(key)) {
    if (c != '-' && c != '_' && c != ' ') bare += c;
  }
  return bare;
}

// Whether a key is another spelling of a known one: `Phone Number`.
bool MeansKey(const std::string& key, std::string_view known) {
  const std::string bare = Bare(key);
  const std::string wanted = Bare(known);
  return bare == wanted || (known == "phone" && bare == "phonenumber") ||
         (known == "email" && bare == "emailaddress");
}

// The first line that names both; 0 if there is none.
int LineOf(const std::string& text, const std::string& customer,
           const std::string& value) {
  int number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line(text.data() + at, end - at);
    const std::size_t found = line.find(customer);
    if (found != line.npos && line.find(value) != line.npos) return number;
    at = end + 1;
  }
  return 0;
}

Diagnostic Warning(const std::string& path, int line, std::string message) {
  Diagnostic warning;
  warning.severity = Diagnostic::Severity::kWarning;
  warning.where = {.file = path, .line = line, .column = line > 0 ? 1 : 0};
  warning.message = std::move(message);
  return warning;
}

// Where `key` first stands.
void Underline(std::string_view text, std::string_view key,
               SourcePosition* where) {
  const std::size_t at = text.find(key);
  if (at == text.npos) return;
  const std::string_view before = text.substr(0, at);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  where->line = static_cast<int>(lines) + 1;
  where->column = static_cast<int>(at - (before.rfind('\n') + 1)) + 1;
  where->length = static_cast<int>(key.size());
}

// Whoever is right about a key has it too, so a file with both is let be.
void WarnOfKeys(const std::string& path,
                const std::map<std::string, Profile::Values>& customers,
                Diagnostics* diagnostics) {
  std::set<std::string> keys;
  for (const auto& [customer, values] : customers) {
    for (const auto& [key, json] : values) keys.insert(key);
  }
  for (const std::string_view known : kKeys) {
    if (keys.contains(std::string(known))) continue;
    for (const std::string& key : keys) {
      if (!MeansKey(key, known)) continue;
      diagnostics->push_back(Warning(
          path, 0, fmt::format("there is `{}`, and no `{}`", key, known)));
      const Result<std::string> text = ReadFile(path, kLargestShown);
      if (text.ok()) Underline(text.value(), key, &diagnostics->back().where);
      diagnostics->back().hint = fmt::format("did you mean `{}`?", known);
    }
  }
}

}  // namespace

const char* ProblemOfValue(const std::string& path, const std::string& text,
                           const std::set<std::string>& dates) {
  if (text.empty()) return nullptr;
  if (dates.contains(path) && !ReadProfileDate(Value::Text(text))) {
    return "is no date, so no deadline comes of it: write one like 2026-01-31";
  }
  if (path.starts_with("consent.") && !SaysYesOrNo(text)) {
    return "is neither true nor false, and counts as refused";
  }
  if ((path == "timezone" || path == "account.timezone") &&
      !IsKnownZone(text)) {
    return "is no time zone: write one like Europe/Rome";
  }
  if ((path == "country" || path == "account.country") && !IsCountry(text)) {
    return "is no country of ISO 3166: write one like IT";
  }
  if (path == "locale" && !ParseLocale(text)) {
    return "is no language: write one like it or it-CH";
  }
  if (path == "phone" && !ParsePhone(text)) {
    return "is not a number in international form (+39...)";
  }
  if (path == "email" && !IsMailAddress(text)) {
    return "is not one email address";
  }
  return nullptr;
}

std::set<std::string> DateFields(const RuleSet& rules) {
  std::set<std::string> fields;
  for (const Rule& rule : rules.rules()) {
    const auto* const deadline = std::get_if<DeadlineSpec>(&rule.detect.spec);
    if (deadline != nullptr) fields.insert(deadline->field);
  }
  return fields;
}

void WarnOfProfiles(const std::string& path,
                    const std::map<std::string, Profile::Values>& customers,
                    const std::set<std::string>& dates,
                    Diagnostics* diagnostics) {
  WarnOfKeys(path, customers, diagnostics);
  int count = 0;
  std::string text;
  for (const auto& [customer, values] : customers) {
    for (const auto& [key, json] : values) {
      const std::string value = TextOf(json);
      const char* const problem = ProblemOfValue(key, value, dates);
      if (problem == nullptr || ++count > kMost) continue;
      if (count == 1) {
        Result<std::string> read = ReadFile(path, kLargestShown);
        if (read.ok()) text = std::move(read).value();
      }
      diagnostics->push_back(Warning(
          path, LineOf(text, customer, value),
          fmt::format("`{}` of customer `{}` {}", key, customer, problem)));
    }
  }
  if (count <= kMost) return;
  diagnostics->push_back(Warning(
      path, 0, fmt::format("{} more values like these", count - kMost)));
}

}  // namespace premura
