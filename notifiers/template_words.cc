// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "notifiers/reason.h"
#include "notifiers/template_render.h"
#include "rules/document.h"

namespace premura {
namespace {

using What = DoneStep::What;

struct Phrase {
  What what;
  const char* key;
  const char* english;
};

constexpr std::array<Phrase, 6> kPhrases = {{
    {What::kSent, "sent", "{{channel}} sent {{time}}"},
    {What::kFollows, "follows", "{{channel}} follows"},
    {What::kOnItsWay, "on_its_way", "{{channel}} on its way"},
    {What::kHeld, "held",
     "{{channel}} held{{#time}} until {{time}}{{/time}}: {{reason}}"},
    {What::kNotSent, "not_sent", "{{channel}} not sent: {{reason}}"},
    {What::kPerhapsSent, "perhaps_sent", "{{channel}} perhaps sent"},
}};

const std::vector<std::string> kFacts = {"channel", "time", "reason"};

// What may have a word.
const std::vector<std::string>& Codes() {
  static const std::vector<std::string> codes = [] {
    std::vector<std::string> all = {
        "email",  "sms",      "ticket",   "informational", "low",    "medium",
        "high",   "critical", "plan",     "explore",       "choose", "buy",
        "set_up", "use",      "maintain", "renew"};
    for (const Reason reason : AllReasons()) all.emplace_back(ToString(reason));
    return all;
  }();
  return codes;
}

bool IsAmong(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string DidYouMean(const std::string& name,
                       const std::vector<std::string>& known) {
  const std::string nearest = Nearest(name, known);
  return nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest);
}

TemplateText Scan(std::string text) {
  TemplateText scanned;
  scanned.scanned = ScanTemplate(text);
  scanned.text = std::move(text);
  return scanned;
}

TemplateText ReadPhrase(const Node& node, const char* key) {
  TemplateText phrase = Scan(node.AsText(key).value_or(""));
  for (const TemplateProblem& problem : phrase.scanned.problems) {
    node.Complain(problem.message, problem.hint);
  }
  for (const TemplateTag& tag : phrase.scanned.tags) {
    if (tag.kind == TemplateTag::Kind::kComment || IsAmong(kFacts, tag.name)) {
      continue;
    }
    node.Complain(fmt::format("`{}` knows no `{}`", key, tag.name),
                  "it knows `channel`, `time` and `reason`");
  }
  return phrase;
}

}  // namespace

TemplateWords::TemplateWords() {
  for (const Phrase& one : kPhrases) phrases_[one.what] = Scan(one.english);
}

std::optional<TemplateWords> TemplateWords::Read(const std::string& path,
                                                 Diagnostics* diagnostics) {
  const Document document = Document::Load(path);
  TemplateWords read;
  if (Mapping root = document.root().AsMapping("the words")) {
    if (Mapping done = root.Require("done").AsMapping("done")) {
      for (const Phrase& one : kPhrases) {
        const Node node = done.Require(one.key);
        if (node) read.phrases_[one.what] = ReadPhrase(node, one.key);
      }
      done.RejectOtherKeys("in `done`");
    }
    Mapping words = root.MappingOf("words");
    for (const auto& [code, node] : words.Entries()) {
      if (!IsAmong(Codes(), code)) {
        words.ComplainAtKey(code, fmt::format("there is no code `{}`", code),
                            DidYouMean(code, Codes()));
      }
      read.words_[code] = node.AsText(code).value_or("");
    }
    root.RejectOtherKeys("in the words");
  }
  const Diagnostics found = document.diagnostics();
  diagnostics->insert(diagnostics->end(), found.begin(), found.end());
  if (HasErrors(found)) return std::nullopt;
  return read;
}

std::string TemplateWords::Of(const std::string& code) const {
  const auto found = words_.find(code);
  if (found != words_.end()) return found->second;
  std::string words = code;
  std::replace(words.begin(), words.end(), '_', ' ');
  return words;
}

std::string TemplateWords::Tell(const DoneStep& step,
                                const std::string& time) const {
  TemplateFacts facts;
  facts.texts["channel"] = Of(step.channel);
  if (!time.empty()) facts.texts["time"] = time;
  if (step.reason != Reason::kNone) {
    facts.texts["reason"] = Of(std::string(ToString(step.reason)));
  }
  const TemplateText& phrase = phrases_.at(step.what);
  // It was read without a mistake, so it can be rendered.
  return RenderTemplate(phrase.text, phrase.scanned, facts, RenderMode{})
      .value();
}

}  // namespace premura
