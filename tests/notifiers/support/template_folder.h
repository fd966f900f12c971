// SPDX-License-Identifier: Apache-2.0
// TemplateSetTest: a folder of templates, loaded, checked and rendered.

#pragma once

#include <gtest/gtest.h>

#include "notifiers/templates.h"
#include "tests/notifiers/examples.h"
#include "tests/support/temp_folder.h"

namespace premura {

inline constexpr const char* kStandard =
    "signature: |\n"
    "  {{sender.name}}{{#sender.hours}}, {{sender.hours}}{{/sender.hours}}\n"
    "footer: |\n"
    "  {{why}} Enough? {{#sender.stop_url}}{{sender.stop_url}} or "
    "{{/sender.stop_url}}answer STOP.\n";

inline constexpr const char* kFull =
    "why: You get this because {{count}} things happened.\n"
    "email:\n"
    "  subject: Can we help?\n"
    "  text: |\n"
    "    Hello{{#customer.first_name}} {{customer.first_name}}"
    "{{/customer.first_name}},\n"
    "\n"
    "    {{article_url}}\n"
    "\n"
    "    at {{case.time}} on {{case.date}}.\n"
    "ticket:\n"
    "  subject: '{{rule.title}}: {{customer.id}}'\n"
    "  text: |\n"
    "    Who: {{customer.name}}, {{customer.role}}\n"
    "    Phone: {{customer.phone}}\n"
    "    Saw {{count}}{{#earlier}}, {{earlier}} before{{/earlier}}:\n"
    "    {{#evidence}}\n"
    "      {{time}} {{name}} {{details}}\n"
    "    {{/evidence}}\n"
    "    Did: {{done}}{{^done}}nothing yet{{/done}}\n"
    "    {{#ticket.id}}\n"
    "    Ticket {{ticket.id}}\n"
    "    {{/ticket.id}}\n"
    "    Last page {{event.page}}, reason {{event.reason}}, from "
    "{{group.d.ip}}\n"
    "sms: '{{sender.organisation}}: trouble? Call {{sender.phone}}. STOP to "
    "opt out'\n";

inline SenderFacts Sender() {
  SenderFacts sender;
  sender.organisation = "Example";
  sender.name = "Anna Rossi";
  sender.phone = "02 1234567";
  sender.help_url = "https://example.com/help";
  return sender;
}

class TemplateSetTest : public ::testing::Test {
 protected:
  TemplateSetTest() { folder_.Write("_standard.en.yaml", kStandard); }

  std::shared_ptr<const TemplateSet> Load() {
    diagnostics_.clear();
    const std::string folders[] = {folder_.path()};
    return TemplateSet::Load(folders, "en", &diagnostics_);
  }

  // Loads a set with one template and answers what is said of it:
  // "line:column: message [hint]".
  std::vector<std::string> Said(const std::string& yaml) {
    folder_.Write("t.en.yaml", yaml);
    Load();
    SortDiagnostics(&diagnostics_);
    std::vector<std::string> said;
    for (const Diagnostic& d : diagnostics_) {
      const bool error = d.severity == Diagnostic::Severity::kError;
      said.push_back(
          std::to_string(d.where.line) + ":" + std::to_string(d.where.column) +
          (error ? ": " : ": warning: ") + d.message + " [" + d.hint + "]");
    }
    return said;
  }

  RenderInput Input() {
    RenderInput input;
    input.record = &record_;
    input.profile = &profile_;
    input.sender = &sender_;
    input.locale = "en";
    input.timezone = "Europe/Rome";
    return input;
  }

  TempFolder folder_;
  Diagnostics diagnostics_;
  CaseRecord record_ = ExampleRecord();
  SenderFacts sender_ = Sender();
  Profile profile_{{{"name", "\"Marta Bianchi\""}, {"role", "\"owner\""}}, {}};
};

}  // namespace premura
