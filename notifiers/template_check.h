// SPDX-License-Identifier: Apache-2.0
// Whether a template goes with the configured sender. Pure function.

#pragma once

#include <string>

#include "notifiers/template_file.h"
#include "notifiers/templates.h"
#include "rules/diagnostic.h"

namespace premura {

// Adds what is wrong with writing `part` of `file` as this sender; `standard`
// is nullptr where nothing is put below. `where`: the rule's position.
void CheckTemplateFor(const TemplateFile& file, const TemplateFile::Part& part,
                      const std::string& channel, const StandardTexts* standard,
                      const SenderFacts& sender, const SourcePosition& where,
                      Diagnostics* found);

}  // namespace premura
