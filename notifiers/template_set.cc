// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

#include "notifiers/template_check.h"
#include "notifiers/template_facts.h"
#include "notifiers/template_file.h"
#include "notifiers/template_html.h"
#include "notifiers/template_names.h"
#include "notifiers/template_render.h"
#include "notifiers/template_sms.h"
#include "notifiers/template_words.h"
#include "notifiers/templates.h"
#include "notifiers/text.h"
#include "rules/hidden.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSubjectLimit = 200;

std::string LanguageOf(const std::string& locale) {
  return locale.substr(0, locale.find('-'));
}

// The names and locales to try, in order.
std::vector<std::string> Chain(const std::string& wanted,
                               const std::string& fallback) {
  std::vector<std::string> chain;
  for (const std::string& text : {wanted, fallback}) {
    const std::optional<std::string> locale = ParseLocale(text);
    if (!locale) continue;
    chain.push_back(*locale);
    chain.push_back(LanguageOf(*locale));
  }
  return chain;
}

// Of the locale's own language; nullptr if there is none.
template <typename T>
const T* OfLanguage(const std::map<std::string, T>& all,
                    const std::string& locale) {
  for (const std::string& wanted : {locale, LanguageOf(locale)}) {
    const auto found = all.find(wanted);
    if (found != all.end()) return &found->second;
  }
  return nullptr;
}

// "templates/billing-help.en.yaml" without what makes a file of it.
std::string WithoutFile(const std::string& name) {
  const fs::path path(name);
  const bool yaml = path.extension() == ".yaml" || path.extension() == ".yml";
  std::string stem = (yaml ? path.stem() : path.filename()).string();
  const std::size_t dot = stem.rfind('.');
  if (dot != stem.npos && ParseLocale(stem.substr(dot + 1))) stem.resize(dot);
  return stem;
}

class LoadedTemplates final : public TemplateSet {
 public:
  explicit LoadedTemplates(std::string default_locale)
      : default_locale_(std::move(default_locale)) {}

  void LoadFolder(const std::string& folder, Diagnostics* diagnostics);
  void CheckStandards(Diagnostics* diagnostics) const;

  bool Has(const std::string& name, const std::string& channel) const override {
    return !Locales(name, channel).empty();
  }
  std::vector<std::string> Names() const override;
  std::vector<std::string> Locales(const std::string& name,
                                   const std::string& channel) const override;
  std::vector<std::string> EventProperties() const override;
  std::vector<std::string> Facts(const std::string& name,
                                 const std::string& channel) const override;
  Diagnostics Check(const std::string& name, const std::string& channel,
                    const SenderFacts& sender,
                    const SourcePosition& where) const override;
  Result<Rendered> Render(const std::string& name, const std::string& channel,
                          const RenderInput& input) const override;

 private:
  void LoadFile(const fs::path& path, Diagnostics* diagnostics);
  const TemplateFile* Choose(const std::string& name,
                             const std::string& channel,
                             const std::string& locale) const;
  const StandardTexts* StandardOf(const std::string& locale) const {
    return OfLanguage(standards_, locale);
  }
  const TemplateWords& WordsOf(const std::string& locale) const {
    const TemplateWords* const words = OfLanguage(words_, locale);
    return words == nullptr ? english_ : *words;
  }
  Status RenderEmail(const TemplateFile& file, const RenderInput& input,
                     Rendered* rendered) const;

  const std::string default_locale_;
  std::map<std::string, std::map<std::string, TemplateFile>> files_;
  std::map<std::string, StandardTexts> standards_;
  std::map<std::string, TemplateWords> words_;
  const TemplateWords english_;
  std::set<std::string> broken_;  // Names with a file that cannot be used.
};

void AddError(const std::string& file, std::string message, std::string hint,
              Diagnostics* diagnostics) {
  Diagnostic error;
  error.where.file = file;
  error.message = std::move(message);
  error.hint = std::move(hint);
  diagnostics->push_back(std::move(error));
}

void LoadedTemplates::LoadFolder(const std::string& folder,
                                 Diagnostics* diagnostics) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string extension = entry->path().extension().string();
    const bool yaml = extension == ".yaml" || extension == ".yml";
    if (yaml && !IsHidden(entry->path().string())) {
      paths.push_back(entry->path());
    }
  }
  if (error) {
    return AddError(folder,
                    "cannot read the template folder: " + error.message(), "",
                    diagnostics);
  }
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) LoadFile(path, diagnostics);
}

void LoadedTemplates::LoadFile(const fs::path& path, Diagnostics* diagnostics) {
  const std::string stem = path.stem().string();
  const std::size_t dot = stem.rfind('.');
  const std::string name = stem.substr(0, dot);
  const auto locale = dot == std::string::npos
                          ? std::nullopt
                          : ParseLocale(stem.substr(dot + 1));
  if (!locale || name.empty()) {
    return AddError(
        path.string(), "a template's file name ends in its language",
        fmt::format("name it `{}.en.yaml`", name.empty() ? "name" : name),
        diagnostics);
  }
  if (name == "_standard") {
    auto texts = ReadStandardTexts(path.string(), *locale, diagnostics);
    if (texts) standards_[*locale] = *std::move(texts);
    return;
  }
  if (name == "_words") {
    auto words = TemplateWords::Read(path.string(), diagnostics);
    if (words) words_[*locale] = *std::move(words);
    return;
  }
  auto file = ReadTemplateFile(path.string(), name, *locale, diagnostics);
  if (file) {
    files_[name][*locale] = *std::move(file);
  } else {
    broken_.insert(name);
  }
}

void LoadedTemplates::CheckStandards(Diagnostics* diagnostics) const {
  for (const auto& [name, locales] : files_) {
    for (const auto& [locale, file] : locales) {
      const auto email = file.parts.find("email");
      if (email == file.parts.end() || StandardOf(locale) != nullptr) continue;
      Diagnostic error;
      error.where = email->second.position;
      error.message = fmt::format(
          "nothing says in `{}` how to reach a person and how to stop emails",
          locale);
      error.hint =
          fmt::format("add `_standard.{}.yaml` with `signature` and `footer`",
                      LanguageOf(locale));
      diagnostics->push_back(std::move(error));
    }
  }
}

std::vector<std::string> LoadedTemplates::Names() const {
  std::vector<std::string> names;
  for (const auto& [name, locales] : files_) names.push_back(name);
  return names;
}

std::vector<std::string> LoadedTemplates::Locales(
    const std::string& name, const std::string& channel) const {
  std::vector<std::string> found;
  const auto locales = files_.find(name);
  if (locales == files_.end()) return found;
  for (const auto& [locale, file] : locales->second) {
    if (file.parts.contains(channel)) found.push_back(locale);
  }
  return found;
}

std::vector<std::string> LoadedTemplates::Facts(
    const std::string& name, const std::string& channel) const {
  std::set<std::string> facts;
  const auto file = files_.find(name);
  if (file == files_.end()) return {};
  for (const auto& [locale, texts] : file->second) {
    const auto part = texts.parts.find(channel);
    if (part == texts.parts.end()) continue;
    for (const TemplateText* text :
         {&part->second.subject, &part->second.text, &part->second.html}) {
      for (const TemplateTag& tag : text->scanned.tags) facts.insert(tag.name);
    }
  }
  return {facts.begin(), facts.end()};
}

std::vector<std::string> LoadedTemplates::EventProperties() const {
  std::set<std::string> properties;
  const auto add = [&](const TemplateText& text) {
    for (const TemplateTag& tag : text.scanned.tags) {
      if (auto path = EventPropertyOf(tag.name)) properties.insert(*path);
    }
  };
  for (const auto& [name, locales] : files_) {
    for (const auto& [locale, file] : locales) {
      add(file.why);
      for (const auto& [channel, part] : file.parts) {
        add(part.subject);
        add(part.text);
        add(part.html);
      }
    }
  }
  for (const auto& [locale, texts] : standards_) {
    add(texts.signature);
    add(texts.footer);
  }
  return {properties.begin(), properties.end()};
}

const TemplateFile* LoadedTemplates::Choose(const std::string& name,
                                            const std::string& channel,
                                            const std::string& locale) const {
  const std::vector<std::string> there = Locales(name, channel);
  if (there.empty()) return nullptr;
  for (const std::string& wanted : Chain(locale, default_locale_)) {
    if (std::find(there.begin(), there.end(), wanted) != there.end()) {
      return &files_.at(name).at(wanted);
    }
  }
  return &files_.at(name).at(there.front());
}

Diagnostics LoadedTemplates::Check(const std::string& name,
                                   const std::string& channel,
                                   const SenderFacts& sender,
                                   const SourcePosition& where) const {
  const auto complain = [&](std::string message, std::string hint) {
    return Diagnostics{{Diagnostic::Severity::kError, where, std::move(message),
                        std::move(hint), ""}};
  };
  const auto locales = files_.find(name);
  // What is wrong with its file has been said.
  if (!Has(name, channel) && broken_.contains(name)) return {};
  if (locales == files_.end()) {
    const std::string nearest = Nearest(WithoutFile(name), Names());
    return complain(
        fmt::format("there is no template `{}`", name),
        nearest.empty() ? "" : fmt::format("did you mean `{}`?", nearest));
  }
  if (!Has(name, channel)) {
    return complain(
        fmt::format("template `{}` has no part `{}`", name, channel),
        fmt::format("add `{}:` to {}.{}.yaml", channel, name,
                    locales->second.begin()->first));
  }
  Diagnostics found;
  for (const auto& [locale, file] : locales->second) {
    const auto part = file.parts.find(channel);
    if (part == file.parts.end()) continue;
    CheckTemplateFor(file, part->second, channel,
                     channel == "email" ? StandardOf(locale) : nullptr, sender,
                     where, &found);
  }
  return found;
}

Status LoadedTemplates::RenderEmail(const TemplateFile& file,
                                    const RenderInput& input,
                                    Rendered* rendered) const {
  const StandardTexts* standard = StandardOf(file.locale);
  if (standard == nullptr) {
    return Error{fmt::format("no standard texts in `{}`", file.locale)};
  }
  const TemplateFile::Part& part = file.parts.at("email");
  std::string why;
  std::vector<std::string> texts;
  std::vector<std::string> own = UrlsOf(*input.sender);
  for (const TemplateText* text :
       {&file.why, &part.subject, &part.text, &standard->signature,
        &standard->footer, &part.html}) {
    TemplateFacts facts = GatherFacts(
        input, text->scanned.tags, standard->date_format, WordsOf(file.locale));
    if (!why.empty()) facts.texts["why"] = why;
    const bool html = text == &part.html;
    Result<std::string> result =
        RenderTemplate(text->text, text->scanned, facts, {html, false});
    if (!result.ok()) return result.error();
    if (text == &file.why) why = OneLine(result.value());
    texts.push_back(std::move(result).value());
    std::ranges::move(UrlsIn(text->text), std::back_inserter(own));
  }
  rendered->subject = texts[1];
  rendered->text =
      fmt::format("{}\n\n{}\n\n{}\n", texts[2], texts[3], texts[4]);
  const std::string body =
      part.html.empty() ? HtmlFromText(texts[2], own) : texts[5] + "\n";
  rendered->html = HtmlDocument(file.locale, body + HtmlFromText(texts[3], own),
                                texts[4], own);
  return {};
}

// Ticket and SMS.
Status RenderPlain(const TemplateFile::Part& part, const RenderInput& input,
                   const std::string& date_format, const TemplateWords& words,
                   bool ticket, Rendered* rendered) {
  for (const auto& [text, out] : {std::pair(&part.subject, &rendered->subject),
                                  std::pair(&part.text, &rendered->text)}) {
    const TemplateFacts facts =
        GatherFacts(input, text->scanned.tags, date_format, words);
    const bool drop_labels = ticket && text == &part.text;
    Result<std::string> result =
        ticket ? RenderTemplate(text->text, text->scanned, facts,
                                {false, drop_labels})
               : RenderSms(*text, facts);
    if (!result.ok()) return result.error();
    *out = std::move(result).value();
  }
  if (ticket) rendered->text += '\n';
  return {};
}

Result<Rendered> LoadedTemplates::Render(const std::string& name,
                                         const std::string& channel,
                                         const RenderInput& input) const {
  const TemplateFile* file = Choose(name, channel, input.locale);
  if (file == nullptr) {
    return Error{
        fmt::format("there is no template `{}` for {}", name, channel)};
  }
  Rendered rendered;
  rendered.locale = file->locale;
  const StandardTexts* standard = StandardOf(file->locale);
  const Status status =
      channel == "email"
          ? RenderEmail(*file, input, &rendered)
          : RenderPlain(file->parts.at(channel), input,
                        standard != nullptr ? standard->date_format : "",
                        WordsOf(file->locale), channel == "ticket", &rendered);
  if (!status.ok()) {
    return status.error().WithContext(fmt::format("template `{}`", name));
  }
  const std::string subject = OneLine(rendered.subject);
  rendered.subject = CutCharacters(subject, kSubjectLimit);
  return rendered;
}

}  // namespace

std::shared_ptr<const TemplateSet> TemplateSet::Load(
    std::span<const std::string> folders, const std::string& default_locale,
    Diagnostics* diagnostics) {
  auto set = std::make_shared<LoadedTemplates>(default_locale);
  for (const std::string& folder : folders) {
    set->LoadFolder(folder, diagnostics);
  }
  set->CheckStandards(diagnostics);
  return set;
}

}  // namespace premura
