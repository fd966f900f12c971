// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_sms.h"

#include <fmt/format.h>

#include "notifiers/gsm7.h"
#include "notifiers/template_render.h"
#include "notifiers/text.h"

namespace premura {
namespace {

constexpr int kMostSegments = 6;
// Of a fact, in characters; tried in turn.
constexpr std::size_t kCuts[] = {200, 60, 20};

// What customers and events say; our own words and addresses stay whole.
void CutFacts(std::size_t characters, TemplateFacts* facts) {
  const auto cut = [&](std::string* text) {
    *text = std::string(CutCharacters(*text, characters));
  };
  for (auto& [name, text] : facts->texts) {
    if (!name.starts_with("sender.") && name != "article_url") cut(&text);
  }
  for (TemplateFacts::Texts& event : facts->evidence) {
    for (auto& [name, text] : event) cut(&text);
  }
}

}  // namespace

Result<std::string> RenderSms(const TemplateText& text, TemplateFacts facts) {
  int segments = 0;
  for (const std::size_t characters : kCuts) {
    CutFacts(characters, &facts);
    const Result<std::string> result =
        RenderTemplate(text.text, text.scanned, facts, RenderMode{});
    if (!result.ok()) return result.error();
    std::string sms = TransliterateForSms(result.value());
    segments = MeasureSms(sms).segments;
    if (segments <= kMostSegments) return sms;
  }
  return Error{
      fmt::format("it would be {} SMS, more than {}", segments, kMostSegments)};
}

}  // namespace premura
