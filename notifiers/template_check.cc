// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "notifiers/gsm7.h"
#include "notifiers/template_facts.h"
#include "notifiers/template_render.h"

namespace premura {
namespace {

using Kind = TemplateTag::Kind;

constexpr std::string_view kSender = "sender.";
const char* const kFields[] = {"organisation", "name",     "phone",   "hours",
                               "address",      "help_url", "stop_url"};

bool IsField(const std::string& what) {
  return std::find(std::begin(kFields), std::end(kFields), what) !=
         std::end(kFields);
}

std::string NearestField(const std::string& what, const SenderFacts& sender) {
  std::vector<std::string> known(std::begin(kFields), std::end(kFields));
  for (const auto& [name, text] : sender.extra) known.push_back(name);
  return Nearest(what, known);
}

// The sender's words that `text` needs and does not get, each once.
std::set<std::string> Missing(const TemplateText& text,
                              const SenderFacts& sender) {
  std::set<std::string> missing;
  for (std::size_t i = 0; i < text.scanned.tags.size(); ++i) {
    const TemplateTag& tag = text.scanned.tags[i];
    if (tag.kind == Kind::kClose || !tag.name.starts_with(kSender)) continue;
    const std::string what = tag.name.substr(kSender.size());
    if (sender.extra.contains(what)) continue;
    if (sender.extra_unknown && !IsField(what) &&
        NearestField(what, sender).empty()) {
      continue;
    }
    const bool needed = tag.kind == Kind::kValue && !IsGuarded(text.scanned, i);
    if (!IsField(what) || (needed && SenderText(sender, what).empty())) {
      missing.insert(what);
    }
  }
  return missing;
}

std::string HintFor(const std::string& what, const SenderFacts& sender) {
  const std::string nearest = IsField(what) ? "" : NearestField(what, sender);
  if (!nearest.empty())
    return fmt::format("did you mean `sender.{}`?", nearest);
  return fmt::format("add `{}` to `{}` in the configuration", what,
                     IsField(what) ? "sender" : "sender.extra");
}

// Facts of ordinary length.
TemplateFacts ExampleFacts(const TemplateText& text,
                           const SenderFacts& sender) {
  const std::map<std::string, std::string> examples = {
      {"customer.first_name", "Alexandra"},
      {"customer.name", "Alexandra Rossi"},
      {"count", "4"},
      {"earlier", ""},
      {"cause", "3ds_timeout"},
      {"span", "11 min"},
      {"case.date", "2026-11-20"},
      {"case.time", "09:52"},
      {"article_url", sender.help_url + "/card-confirmation"},
      {"ticket.tag", "[example.com #4711]"},
      {"ticket.id", "4711"}};
  TemplateFacts facts;
  for (const TemplateTag& tag : text.scanned.tags) {
    const auto example = examples.find(tag.name);
    std::string value = "example text";
    if (example != examples.end()) value = example->second;
    if (tag.name.starts_with(kSender)) {
      const std::string what = tag.name.substr(kSender.size());
      const auto extra = sender.extra.find(what);
      value = extra == sender.extra.end() ? SenderText(sender, what)
                                          : extra->second;
    }
    if (!value.empty()) facts.texts[tag.name] = std::move(value);
  }
  return facts;
}

void CheckLength(const TemplateFile& file, const TemplateText& text,
                 const SenderFacts& sender, const SourcePosition& where,
                 Diagnostics* found) {
  const Result<std::string> example = RenderTemplate(
      text.text, text.scanned, ExampleFacts(text, sender), RenderMode{});
  if (!example.ok()) return;
  const SmsShape shape = MeasureSms(TransliterateForSms(example.value()));
  if (shape.segments <= 1) return;
  found->push_back(
      {Diagnostic::Severity::kWarning, where,
       fmt::format("template `{}` ({}) makes {} SMS of {} characters with "
                   "example facts",
                   file.name, file.locale, shape.segments, shape.units),
       fmt::format("one SMS holds {}", shape.gsm7 ? 160 : 70), ""});
}

// `who`: whose text it is.
void Complain(const std::string& who, const std::set<std::string>& missing,
              const SenderFacts& sender, const SourcePosition& where,
              Diagnostics* found) {
  for (const std::string& what : missing) {
    found->push_back({Diagnostic::Severity::kError, where,
                      fmt::format("{} needs `sender.{}`, which the "
                                  "configuration does not give",
                                  who, what),
                      HintFor(what, sender), ""});
  }
}

// They are of all templates, so what they lack is said once, and there.
void CheckStandard(const StandardTexts& standard, const SenderFacts& sender,
                   Diagnostics* found) {
  for (const auto& [text, name, where] :
       {std::tuple(&standard.signature, "signature",
                   &standard.signature_position),
        std::tuple(&standard.footer, "footer", &standard.footer_position)}) {
    Complain(fmt::format("`{}` ({})", name, standard.locale),
             Missing(*text, sender), sender, *where, found);
  }
}

}  // namespace

void CheckTemplateFor(const TemplateFile& file, const TemplateFile::Part& part,
                      const std::string& channel, const StandardTexts* standard,
                      const SenderFacts& sender, const SourcePosition& where,
                      Diagnostics* found) {
  std::set<std::string> missing;
  const auto look = [&](const TemplateText& text) {
    missing.merge(Missing(text, sender));
  };
  look(part.subject);
  look(part.text);
  look(part.html);
  if (standard != nullptr) {
    look(file.why);
    CheckStandard(*standard, sender, found);
  }
  Complain(fmt::format("template `{}` ({})", file.name, file.locale), missing,
           sender, where, found);
  if (channel == "sms") CheckLength(file, part.text, sender, where, found);
}

}  // namespace premura
