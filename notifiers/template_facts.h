// SPDX-License-Identifier: Apache-2.0
// What a template's names stand for in one message: text that is known, one
// line each, without control characters. Pure functions.

#pragma once

#include <map>
#include <string>
#include <vector>

#include "notifiers/template_scan.h"
#include "notifiers/templates.h"

namespace premura {

class TemplateWords;

struct TemplateFacts {
  using Texts = std::map<std::string, std::string, std::less<>>;
  Texts texts;                  // Only those known, none empty.
  std::vector<Texts> evidence;  // The newest events: time, date, name, details.
};

// Facts for the names in `tags`, and evidence. `date_format`: %d, %m and %Y.
// REQUIRES: record, profile and sender are given.
TemplateFacts GatherFacts(const RenderInput& input,
                          const std::vector<TemplateTag>& tags,
                          const std::string& date_format,
                          const TemplateWords& words);

// The sender's own word for "name", "phone", ..; empty if unknown. Not `extra`.
std::string SenderText(const SenderFacts& sender, const std::string& what);

// "2026-11-20" as "20/11/2026".
std::string FormatDate(const std::string& iso, const std::string& format);
// Whether `format` asks for nothing else than %d, %m and %Y.
bool IsDateFormat(const std::string& format);

}  // namespace premura
