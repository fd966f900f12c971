// SPDX-License-Identifier: Apache-2.0
// kainjow's mustache writes nothing for a fact that is missing. To know which
// lines lost all their facts, marks that no fact can hold are written beside
// each tag and taken out again line by line.
#include "notifiers/template_render.h"

#include <fmt/format.h>

#include <kainjow/mustache.hpp>
#include <string_view>
#include <vector>

namespace premura {
namespace {

namespace mustache = kainjow::mustache;
using Kind = TemplateTag::Kind;

constexpr char kMissing = '\x01';
constexpr char kPresent = '\x02';
constexpr char kTag = '\x03';
constexpr std::string_view kMarks = "\x01\x02\x03";

// No person reads more, and no mail or ticket should hold it.
constexpr std::size_t kMostBytes = 256 * 1024;

// What is written for a tag.
std::string Marked(const ScannedTemplate& scanned, const TemplateTag& tag) {
  switch (tag.kind) {
    case Kind::kValue:
      return fmt::format(
          "{0}{{{{#{1}}}}}{2}{{{{/{1}}}}}{{{{^{1}}}}}{3}{{{{/{1}}}}}", tag.raw,
          tag.name, kPresent, kMissing);
    case Kind::kSection:
    case Kind::kInverted:
      return tag.raw + kPresent;
    case Kind::kClose: {
      const bool inverted = scanned.tags[tag.opened_by].kind == Kind::kInverted;
      return fmt::format("{0}{1}{{{{{2}{3}}}}}{4}{{{{/{3}}}}}", tag.raw, kTag,
                         inverted ? '#' : '^', tag.name, kMissing);
    }
    case Kind::kComment:
      break;
  }
  return std::string(1, kTag);
}

std::string MarkUp(const std::string& text, const ScannedTemplate& scanned) {
  std::string marked;
  std::size_t at = 0;
  for (const TemplateTag& tag : scanned.tags) {
    marked += text.substr(at, tag.offset - at);
    marked += Marked(scanned, tag);
    at = tag.offset + tag.raw.size();
  }
  return marked + text.substr(at);
}

// Dotted names are one name here, not a path into objects.
class Context final : public mustache::basic_context<std::string> {
 public:
  explicit Context(const TemplateFacts& facts) {
    for (const auto& [name, text] : facts.texts) facts_.emplace(name, text);
    if (facts.evidence.empty()) return;
    mustache::data list{mustache::data::type::list};
    for (const TemplateFacts::Texts& event : facts.evidence) {
      mustache::data item;
      for (const auto& [name, text] : event) item.set(name, text);
      list.push_back(item);
    }
    facts_.emplace("evidence", std::move(list));
  }

  void push(const mustache::data* data) override { stack_.push_back(data); }
  void pop() override { stack_.pop_back(); }

  const mustache::data* get(const std::string& name) const override {
    for (auto item = stack_.rbegin(); item != stack_.rend(); ++item) {
      if (const mustache::data* found = (*item)->get(name)) return found;
    }
    const auto found = facts_.find(name);
    return found == facts_.end() ? nullptr : &found->second;
  }
  const mustache::data* get_partial(const std::string&) const override {
    return nullptr;
  }

 private:
  std::map<std::string, mustache::data> facts_;
  std::vector<const mustache::data*> stack_;
};

// The line without marks; nullopt if it is to be left out.
std::optional<std::string> Unmark(std::string_view line, bool drop_labels) {
  std::string plain;
  bool missing = false;
  bool present = false;
  bool tag = false;
  for (const char c : line) {
    missing |= c == kMissing;
    present |= c == kPresent;
    tag |= c == kTag;
    if (kMarks.find(c) == std::string_view::npos) plain += c;
  }
  const bool blank = plain.find_first_not_of(" \t\r") == std::string::npos;
  if (blank && (missing || present || tag)) return std::nullopt;
  if (drop_labels && missing && !present) return std::nullopt;
  const std::size_t end = plain.find_last_not_of(" \t\r");
  return plain.substr(0, end == std::string::npos ? 0 : end + 1);
}

std::string UnmarkAll(std::string_view text, bool drop_labels) {
  std::string plain;
  bool after_empty = true;  // Empty lines at the beginning go, too.
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto line = Unmark(text.substr(0, end), drop_labels);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line || (line->empty() && after_empty)) continue;
    after_empty = line->empty();
    plain += *line + "\n";
  }
  while (plain.ends_with('\n')) plain.pop_back();
  return plain;
}

std::string Unescaped(const std::string& text) { return text; }

}  // namespace

Result<std::string> RenderTemplate(const std::string& text,
                                   const ScannedTemplate& scanned,
                                   const TemplateFacts& facts,
                                   RenderMode mode) {
  try {
    mustache::mustache parsed(MarkUp(text, scanned));
    if (!parsed.is_valid()) return Error{parsed.error_message()};
    if (!mode.html) parsed.set_custom_escape(Unescaped);
    Context context(facts);
    std::string rendered = UnmarkAll(parsed.render(context), mode.drop_labels);
    if (rendered.size() > kMostBytes) {
      return Error{fmt::format("the text is longer than {} bytes", kMostBytes)};
    }
    return rendered;
  } catch (const std::exception& exception) {
    return Error{exception.what()};
  }
}

}  // namespace premura
