// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include "notifiers/gsm7.h"
#include "notifiers/template_facts.h"
#include "notifiers/template_names.h"
#include "rules/document.h"

namespace premura {
namespace {

using Kind = TemplateTag::Kind;
using Severity = Diagnostic::Severity;

constexpr int kMostLines = 5000;  // Below its value's beginning, of a tag.

enum class Place { kEmail, kTicket, kSms };

// The text with its tags taken out.
std::string WithoutTags(const ScannedTemplate& scanned, const std::string& text,
                        std::size_t begin, std::size_t end) {
  std::string rest;
  std::size_t at = begin;
  for (const TemplateTag& tag : scanned.tags) {
    if (tag.offset < begin || tag.offset >= end) continue;
    rest += text.substr(at, tag.offset - at);
    at = std::min(end, tag.offset + tag.raw.size());
  }
  return rest + text.substr(at, end - at);
}

bool HasWord(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char c) {
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9');
  });
}

bool Uses(const TemplateText& text, std::initializer_list<const char*> names) {
  return std::any_of(
      text.scanned.tags.begin(), text.scanned.tags.end(), [&](const auto& tag) {
        return tag.kind == Kind::kValue &&
               std::find(names.begin(), names.end(), tag.name) != names.end();
      });
}

class FileReader {
 public:
  FileReader(const std::string& path, Diagnostics* diagnostics)
      : document_(Document::Load(path)), diagnostics_(diagnostics) {}

  // Hands what was found to the caller's list; whether the file can be used.
  bool Finish() {
    Diagnostics found = document_.diagnostics();
    found.insert(found.end(), found_.begin(), found_.end());
    diagnostics_->insert(diagnostics_->end(), found.begin(), found.end());
    return !HasErrors(found);
  }

  Mapping Root() { return document_.root().AsMapping("the template"); }

  TemplateText Text(const Node& node, const char* what, Place place) {
    TemplateText text;
    if (!node) return text;
    text.text = node.AsText(what).value_or("");
    if (text.empty()) return text;
    text.scanned = ScanTemplate(text.text);
    for (const TemplateProblem& problem : text.scanned.problems) {
      Complain(node, text, problem.raw, problem.offset, Severity::kError,
               problem.message, problem.hint);
    }
    JudgeNames(node, text, place);
    return text;
  }

  // Facts that may be missing in a sentence or `subject`.
  void WarnOfHoles(const Node& node, const TemplateText& text,
                   bool subject = false) {
    for (std::size_t i = 0; i < text.scanned.tags.size(); ++i) {
      const TemplateTag& tag = text.scanned.tags[i];
      if (tag.kind != Kind::kValue || !MayBeMissing(tag.name) ||
          JudgeTemplateName(tag.name, true, true) ||
          IsGuarded(text.scanned, i) || IsFallback(text.scanned, tag)) {
        continue;
      }
      const std::size_t begin = text.text.rfind('\n', tag.offset) + 1;
      const std::size_t end =
          std::min(text.text.find('\n', tag.offset), text.text.size());
      const bool sentence =
          subject || HasWord(WithoutTags(text.scanned, text.text, begin, end));
      if (HasAlternative(text.scanned, tag.name, begin, end) || !sentence) {
        continue;
      }
      Complain(
          node, text, tag.raw, tag.offset, Severity::kWarning,
          fmt::format("`{}` may not be known; the words around it would "
                      "stay",
                      tag.name),
          fmt::format("put them into `{{{{#{0}}}}}..{{{{/{0}}}}}`", tag.name));
    }
  }

  void Require(bool holds, const Node& node, const std::string& message,
               const std::string& hint) {
    if (!holds && node) Add(node.position(), Severity::kError, message, hint);
  }
  void Warn(const Node& node, const std::string& message,
            const std::string& hint) {
    Add(node.position(), Severity::kWarning, message, hint);
  }

 private:
  void JudgeNames(const Node& node, const TemplateText& text, Place place) {
    for (const TemplateTag& tag : text.scanned.tags) {
      if (tag.kind == Kind::kClose || tag.kind == Kind::kComment) continue;
      const bool in_evidence = std::any_of(
          tag.inside.begin(), tag.inside.end(), [&](std::size_t open) {
            return text.scanned.tags[open].name == "evidence";
          });
      if (tag.kind == Kind::kValue && tag.name == "evidence") {
        Complain(node, text, tag.raw, tag.offset, Severity::kError,
                 "`evidence` is a list",
                 "write `{{#evidence}}{{time}} {{name}}{{/evidence}}`");
      }
      if (const auto judged = JudgeTemplateName(tag.name, in_evidence,
                                                place == Place::kEmail)) {
        Complain(node, text, tag.raw, tag.offset, Severity::kError,
                 judged->message, judged->hint);
      }
    }
  }

  // Written for want of something else, so with holes in mind.
  static bool IsFallback(const ScannedTemplate& scanned,
                         const TemplateTag& tag) {
    return std::any_of(tag.inside.begin(), tag.inside.end(),
                       [&](std::size_t open) {
                         return scanned.tags[open].kind == Kind::kInverted;
                       });
  }

  static bool HasAlternative(const ScannedTemplate& scanned,
                             const std::string& name, std::size_t begin,
                             std::size_t end) {
    return std::any_of(
        scanned.tags.begin(), scanned.tags.end(), [&](const auto& tag) {
          return tag.kind == Kind::kInverted && tag.name == name &&
                 tag.offset >= begin && tag.offset < end;
        });
  }

  void Complain(const Node& node, const TemplateText& text,
                const std::string& raw, std::size_t offset, Severity severity,
                std::string message, std::string hint) {
    int earlier = 0;  // Which of the same tags it is.
    for (std::size_t at = text.text.find(raw); at < offset;
         at = text.text.find(raw, at + 1)) {
      ++earlier;
    }
    Add(Locate(node.position(), raw, earlier), severity, std::move(message),
        std::move(hint));
  }

  // YAML folds and unquotes, so the tag is looked for in the source.
  SourcePosition Locate(SourcePosition where, const std::string& raw,
                        int earlier) const {
    std::size_t from = static_cast<std::size_t>(std::max(0, where.column - 1));
    for (int line = where.line; line < where.line + kMostLines; ++line) {
      const std::string source = document_.Line(line);
      for (std::size_t at = source.find(raw, from); at != std::string::npos;
           at = source.find(raw, at + 1)) {
        if (earlier-- > 0) continue;
        return {where.file, line, static_cast<int>(at) + 1,
                static_cast<int>(raw.size())};
      }
      from = 0;
    }
    return where;
  }

  void Add(const SourcePosition& where, Severity severity, std::string message,
           std::string hint) {
    found_.push_back({severity, where, std::move(message), std::move(hint),
                      document_.Line(where.line)});
  }

  Document document_;
  Diagnostics* const diagnostics_;
  Diagnostics found_;
};

void ReadEmail(FileReader* reader, Mapping* root, TemplateFile* file) {
  Mapping email = root->MappingOf("email");
  if (!email) return;
  TemplateFile::Part part;
  part.position = email.node().position();
  const Node subject = email.Require("subject");
  const Node text = email.Require("text");
  part.subject = reader->Text(subject, "subject", Place::kEmail);
  part.text = reader->Text(text, "text", Place::kEmail);
  part.html = reader->Text(email.Get("html"), "html", Place::kEmail);
  reader->WarnOfHoles(subject, part.subject, true);
  reader->WarnOfHoles(text, part.text);
  if (email.Get("why")) {
    email.ComplainAtKey("why",
                        "`why` stands at the top of the file, not in "
                        "`email`");
  }
  email.RejectOtherKeys("in `email`");
  const Node why = root->Get("why");
  file->why = reader->Text(why, "why", Place::kEmail);
  reader->Require(!file->why.empty() || email.Has("why"), email.node(),
                  "an email must say why it came: `why` is missing",
                  "add `why: You get this mail because ..`");
  file->parts["email"] = std::move(part);
}

void ReadTicket(FileReader* reader, Mapping* root, TemplateFile* file) {
  Mapping ticket = root->MappingOf("ticket");
  if (!ticket) return;
  TemplateFile::Part part;
  part.position = ticket.node().position();
  const Node subject = ticket.Require("subject");
  part.subject = reader->Text(subject, "subject", Place::kTicket);
  part.text = reader->Text(ticket.Require("text"), "text", Place::kTicket);
  reader->WarnOfHoles(subject, part.subject, true);
  ticket.RejectOtherKeys("in `ticket`");
  file->parts["ticket"] = std::move(part);
}

void WarnOfCostlyCharacters(FileReader* reader, const Node& node,
                            const TemplateText& text) {
  const std::string words =
      WithoutTags(text.scanned, text.text, 0, text.text.size());
  const SmsShape shape = MeasureSms(TransliterateForSms(words));
  std::string names;
  for (const std::string& character : shape.foreign) {
    names += (names.empty() ? "" : ", ") + NameCharacter(character);
  }
  if (names.empty()) return;
  reader->Warn(node,
               fmt::format("not in the SMS alphabet: {}; one SMS then holds 70 "
                           "characters instead of 160",
                           names),
               "write it without, if the language allows");
}

void ReadSms(FileReader* reader, Mapping* root, TemplateFile* file) {
  const Node node = root->Get("sms");
  if (!node) return;
  TemplateFile::Part part;
  part.position = node.position();
  part.text = reader->Text(node, "sms", Place::kSms);
  if (part.text.empty()) return;
  reader->WarnOfHoles(node, part.text);
  reader->Require(part.text.text.find("STOP") != std::string::npos, node,
                  "an SMS must say how to stop it: the word STOP is missing",
                  "end it with `STOP to opt out`");
  reader->Require(
      Uses(part.text, {"sender.phone", "sender.address", "article_url"}), node,
      "an SMS must say where to turn to",
      "use `{{sender.phone}}`, `{{sender.address}}` or `{{article_url}}`");
  WarnOfCostlyCharacters(reader, node, part.text);
  file->parts["sms"] = std::move(part);
}

}  // namespace

std::optional<std::string> ParseLocale(const std::string& text) {
  const std::size_t split = text.find_first_of("-_");
  std::string language = text.substr(0, split);
  const auto letters = [](const std::string& word) {
    return std::all_of(word.begin(), word.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    });
  };
  if (language.size() < 2 || language.size() > 3 || !letters(language)) {
    return std::nullopt;
  }
  for (char& c : language) c = static_cast<char>(c | 0x20);
  if (split == std::string::npos) return language;
  std::string region = text.substr(split + 1);
  if (region.size() != 2 || !letters(region)) return std::nullopt;
  for (char& c : region) c = static_cast<char>(c & ~0x20);
  return language + "-" + region;
}

std::optional<TemplateFile> ReadTemplateFile(const std::string& path,
                                             const std::string& name,
                                             const std::string& locale,
                                             Diagnostics* diagnostics) {
  FileReader reader(path, diagnostics);
  TemplateFile file;
  file.name = name;
  file.locale = locale;
  if (Mapping root = reader.Root()) {
    ReadEmail(&reader, &root, &file);
    ReadTicket(&reader, &root, &file);
    ReadSms(&reader, &root, &file);
    root.Get("why");  // Allowed without an email.
    root.RejectOtherKeys("in a template");
    reader.Require(!file.parts.empty(), root.node(),
                   "a template needs one of `email`, `ticket`, `sms`", "");
  }
  if (!reader.Finish()) return std::nullopt;
  return file;
}

std::optional<StandardTexts> ReadStandardTexts(const std::string& path,
                                               const std::string& locale,
                                               Diagnostics* diagnostics) {
  FileReader reader(path, diagnostics);
  StandardTexts texts;
  texts.locale = locale;
  if (Mapping root = reader.Root()) {
    const Node signature = root.Require("signature");
    const Node footer = root.Require("footer");
    texts.signature_position = signature.position();
    texts.footer_position = footer.position();
    const Node date = root.Get("date");
    texts.signature = reader.Text(signature, "signature", Place::kEmail);
    texts.footer = reader.Text(footer, "footer", Place::kEmail);
    if (date) texts.date_format = date.AsText("date").value_or("");
    root.RejectOtherKeys("in the standard texts");
    reader.Require(Uses(texts.signature,
                        {"sender.name", "sender.phone", "sender.address"}),
                   signature, "`signature` must say how to reach a person",
                   "use `{{sender.name}}`, `{{sender.phone}}` or "
                   "`{{sender.address}}`");
    reader.Require(Uses(texts.footer, {"why"}), footer,
                   "`footer` must say why the mail came", "use `{{why}}`");
    reader.Require(Uses(texts.footer, {"sender.stop_url"}) ||
                       texts.footer.text.find("STOP") != std::string::npos,
                   footer, "`footer` must say how to stop such mails",
                   "use `{{sender.stop_url}}` or the word STOP");
    reader.Require(IsDateFormat(texts.date_format), date,
                   "`date` may hold %d, %m and %Y only", "");
  }
  if (!reader.Finish()) return std::nullopt;
  return texts;
}

}  // namespace premura
