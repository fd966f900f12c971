// SPDX-License-Identifier: Apache-2.0
// One mustache text with its facts put in. Pure function.

#pragma once

#include <string>

#include "notifiers/template_facts.h"
#include "notifiers/template_scan.h"
#include "rules/result.h"

namespace premura {

struct RenderMode {
  bool html = false;
  // Leaves out lines with a label too, if none of their facts is known.
  bool drop_labels = false;
};

// Lines that hold only tags are left out if nothing came of them; runs of empty
// lines become one; no line end at the end.
Result<std::string> RenderTemplate(const std::string& text,
                                   const ScannedTemplate& scanned,
                                   const TemplateFacts& facts, RenderMode mode);

}  // namespace premura
