// SPDX-License-Identifier: Apache-2.0
// TemplateWords: what {{done}} and the codes of reasons, channels, levels and
// phases are called in one language: `_words.<locale>.yaml`.
//
//   done:
//     sent: "{{channel}} sent {{time}}"
//   words:
//     quiet_hours: quiet hours
//
// A language without such a file has the English phrases, and a code without a
// word is said as it stands, with spaces.

#pragma once

#include <map>
#include <optional>
#include <string>

#include "notifiers/template_file.h"
#include "notifiers/templates.h"
#include "rules/diagnostic.h"

namespace premura {

class TemplateWords {
 public:
  TemplateWords();  // The English phrases.

  // nullopt if the file cannot be used; `diagnostics` says why.
  static std::optional<TemplateWords> Read(const std::string& path,
                                           Diagnostics* diagnostics);

  // "quiet hours" of "quiet_hours".
  std::string Of(const std::string& code) const;
  // "email sent 2026-11-20 09:55"; `time` is the step's, as it is to be shown.
  std::string Tell(const DoneStep& step, const std::string& time) const;

 private:
  std::map<DoneStep::What, TemplateText> phrases_;
  std::map<std::string, std::string> words_;
};

}  // namespace premura
