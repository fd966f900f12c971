// SPDX-License-Identifier: Apache-2.0
// An SMS's text, as plain and as short as it has to be. Pure function.

#pragma once

#include <string>

#include "notifiers/template_facts.h"
#include "notifiers/template_file.h"
#include "rules/result.h"

namespace premura {

// One long name in another alphabet must not make a dozen SMS, each of which
// costs: beyond six segments facts are cut, then it is an error.
Result<std::string> RenderSms(const TemplateText& text, TemplateFacts facts);

}  // namespace premura
