// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace premura {
namespace {

// Nobody nests deeper, and each tag knows all the sections around it.
constexpr std::size_t kMaxDepth = 64;

using Kind = TemplateTag::Kind;

std::string_view Trim(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  ScannedTemplate Run() {
    std::size_t at = 0;
    while (!stopped_ && (at = text_.find("{{", at)) != std::string_view::npos) {
      const std::size_t end = text_.find("}}", at + 2);
      if (end == std::string_view::npos) {
        Complain(std::string(text_.substr(at, 2)), at, "this tag is not closed",
                 "close it with `}}`");
        break;
      }
      Take(at, end);
      at = end + 2;
    }
    for (const std::size_t open : open_) {
      const TemplateTag& tag = result_.tags[open];
      Complain(tag.raw, tag.offset,
               fmt::format("section `{}` is not closed", tag.name),
               fmt::format("close it with `{{{{/{}}}}}`", tag.name));
    }
    return std::move(result_);
  }

 private:
  void Complain(std::string raw, std::size_t offset, std::string message,
                std::string hint) {
    result_.problems.push_back(
        {std::move(raw), offset, std::move(message), std::move(hint)});
  }

  void Stop() {
    stopped_ = true;
    open_.clear();
  }

  void Take(std::size_t at, std::size_t end) {
    TemplateTag tag;
    tag.offset = at;
    tag.raw = text_.substr(at, end + 2 - at);
    const std::string_view inner = Trim(text_.substr(at + 2, end - at - 2));
    const char sign = inner.empty() ? '\0' : inner.front();
    if (std::string_view("{&>=").find(sign) != std::string_view::npos &&
        sign != '\0') {
      return Complain(tag.raw, at, Forbidden(sign),
                      "write `{{name}}`, `{{#name}}..{{/name}}` or "
                      "`{{^name}}..{{/name}}`");
    }
    tag.kind = sign == '#'   ? Kind::kSection
               : sign == '^' ? Kind::kInverted
               : sign == '/' ? Kind::kClose
               : sign == '!' ? Kind::kComment
                             : Kind::kValue;
    tag.name = Trim(tag.kind == Kind::kValue ? inner : inner.substr(1));
    if (tag.name.empty() && tag.kind != Kind::kComment) {
      return Complain(tag.raw, at, "this tag names nothing", "");
    }
    tag.inside = open_;
    Nest(std::move(tag));
  }

  static std::string Forbidden(char sign) {
    if (sign == '>') return "templates do not include others";
    if (sign == '=') return "the signs `{{` and `}}` cannot be changed";
    return "values are always escaped where needed";
  }

  void Nest(TemplateTag tag) {
    const std::size_t number = result_.tags.size();
    if (tag.kind == Kind::kClose) {
      if (open_.empty()) {
        return Complain(tag.raw, tag.offset,
                        fmt::format("no section `{}` is open", tag.name), "");
      }
      tag.opened_by = open_.back();
      tag.inside.pop_back();
      const std::string& opened = result_.tags[open_.back()].name;
      if (opened != tag.name) {
        Complain(
            tag.raw, tag.offset,
            fmt::format("this closes `{}`, but `{}` is open", tag.name, opened),
            fmt::format("write `{{{{/{}}}}}`", opened));
      }
      open_.pop_back();
    }
    if (tag.kind == Kind::kSection || tag.kind == Kind::kInverted) {
      if (IsGuarded(tag.name, tag.inside)) {
        Complain(tag.raw, tag.offset,
                 fmt::format("section `{}` stands in itself", tag.name),
                 "leave the inner one out");
      }
      if (open_.size() == kMaxDepth) {
        Complain(tag.raw, tag.offset, "sections are nested too deeply",
                 fmt::format("at most {} levels", kMaxDepth));
        return Stop();
      }
      open_.push_back(number);
    }
    result_.tags.push_back(std::move(tag));
  }

  // A list in itself would be written as often as its length squared.
  bool IsGuarded(const std::string& name,
                 const std::vector<std::size_t>& inside) const {
    return std::any_of(inside.begin(), inside.end(), [&](std::size_t open) {
      const TemplateTag& section = result_.tags[open];
      return section.kind == Kind::kSection && section.name == name;
    });
  }

  const std::string_view text_;
  ScannedTemplate result_;
  std::vector<std::size_t> open_;
  bool stopped_ = false;  // What follows would be noise.
};

}  // namespace

ScannedTemplate ScanTemplate(std::string_view text) {
  return Scanner(text).Run();
}

bool IsGuarded(const ScannedTemplate& scanned, std::size_t tag) {
  const TemplateTag& self = scanned.tags[tag];
  return std::any_of(
      self.inside.begin(), self.inside.end(), [&](std::size_t open) {
        const TemplateTag& section = scanned.tags[open];
        return section.kind == Kind::kSection && section.name == self.name;
      });
}

}  // namespace premura
