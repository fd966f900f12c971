// SPDX-License-Identifier: Apache-2.0
// One template file, read strictly and checked as far as it can be without the
// configuration.

#pragma once

#include <map>
#include <optional>
#include <string>

#include "notifiers/template_scan.h"
#include "rules/diagnostic.h"

namespace premura {

struct TemplateText {
  std::string text;
  ScannedTemplate scanned;
  bool empty() const { return text.empty(); }
};

// `<name>.<locale>.yaml`
struct TemplateFile {
  struct Part {
    TemplateText subject;  // Empty of sms.
    TemplateText text;
    TemplateText html;  // May be empty.
    SourcePosition position;
  };
  std::string name;
  std::string locale;
  TemplateText why;
  std::map<std::string, Part> parts;  // By channel: email, ticket, sms.
};

// `_standard.<locale>.yaml`
struct StandardTexts {
  std::string locale;
  TemplateText signature;
  SourcePosition signature_position;
  TemplateText footer;
  SourcePosition footer_position;
  std::string date_format;
};

// "it-CH" of "it_ch"; nullopt if it is no such thing.
std::optional<std::string> ParseLocale(const std::string& text);

// nullopt if the file cannot be used; `diagnostics` says why.
std::optional<TemplateFile> ReadTemplateFile(const std::string& path,
                                             const std::string& name,
                                             const std::string& locale,
                                             Diagnostics* diagnostics);
std::optional<StandardTexts> ReadStandardTexts(const std::string& path,
                                               const std::string& locale,
                                               Diagnostics* diagnostics);

}  // namespace premura
