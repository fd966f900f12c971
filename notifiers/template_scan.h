// SPDX-License-Identifier: Apache-2.0
// The tags of a mustache text, each with its place, and what is wrong with
// them. The mustache library itself names no tags and finds few mistakes.
// Pure functions.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

struct TemplateTag {
  enum class Kind { kValue, kSection, kInverted, kClose, kComment };
  Kind kind = Kind::kValue;
  std::string name;  // "customer.first_name"
  std::string raw;   // "{{#customer.first_name}}"
  std::size_t offset = 0;
  // The sections open around it, outermost first, as their tags' numbers.
  std::vector<std::size_t> inside;
  // Of kClose: the number of the tag that it closes.
  std::size_t opened_by = 0;
};

struct TemplateProblem {
  std::string raw;  // What the caret should underline.
  std::size_t offset = 0;
  std::string message;
  std::string hint;
};

struct ScannedTemplate {
  std::vector<TemplateTag> tags;  // In order.
  std::vector<TemplateProblem> problems;
};

ScannedTemplate ScanTemplate(std::string_view text);

// Whether tag number `tag` stands in a section `{{#name}}` of its own name.
bool IsGuarded(const ScannedTemplate& scanned, std::size_t tag);

}  // namespace premura
