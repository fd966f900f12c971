// SPDX-License-Identifier: Apache-2.0
#include "rules/rule_parameter.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/document.h"
#include "rules/number.h"
#include "rules/time.h"

namespace premura {
namespace {

struct Scalar {
  std::string path;
  Node node;
  std::string text;
};

// What can be turned up and down.
bool IsTunable(std::string_view text) {
  if (text.ends_with('%')) text.remove_suffix(1);
  return ParseNumber(text).has_value() || ParseDuration(text).has_value();
}

void AddScalars(const Node& node, const std::string& path,
                std::vector<Scalar>* into) {
  const auto below = [&](const std::string& name) {
    return path.empty() ? name : path + "." + name;
  };
  if (node.kind() == Node::Kind::kMapping) {
    for (const auto& [key, value] : node.AsMapping(path).Entries()) {
      AddScalars(value, below(key), into);
    }
  } else if (node.kind() == Node::Kind::kSequence) {
    int number = 0;
    for (const Node& element : node.AsList(path)) {
      AddScalars(element, below(std::to_string(++number)), into);
    }
  } else if (node.kind() == Node::Kind::kScalar && !node.IsNull()) {
    std::string text = node.AsText(path).value_or("");
    if (IsTunable(text)) into->push_back({path, node, std::move(text)});
  }
}

std::string LastName(const std::string& path) {
  return path.substr(path.rfind('.') + 1);
}

bool EndsWithName(const std::string& path, const std::string& name) {
  return path == name || path.ends_with("." + name);
}

std::string Paths(const std::vector<Scalar>& scalars) {
  std::string all;
  for (const Scalar& scalar : scalars) {
    all += fmt::format("{}`{}`", all.empty() ? "" : ", ", scalar.path);
  }
  return all;
}

Error NoSuchParameter(const std::string& rule, const std::string& name,
                      const std::vector<Scalar>& scalars) {
  std::vector<std::string> names;
  for (const Scalar& scalar : scalars) {
    if (LastName(scalar.path) != name) names.push_back(LastName(scalar.path));
    names.push_back(scalar.path);
  }
  const std::string nearest = Nearest(name, names);
  std::string hint;
  if (!nearest.empty()) {
    hint = fmt::format("; did you mean `{}`?", nearest);
  } else if (!scalars.empty()) {
    hint = "; it has " + Paths(scalars);
  }
  return Error{
      fmt::format("rule `{}` has no number or duration `{}` written in it{}",
                  rule, name, hint)};
}

// Those that `name` may mean, fewer where some are nearer.
std::vector<Scalar> Named(const std::vector<Scalar>& all,
                          const std::string& name) {
  std::vector<Scalar> found;
  for (const Scalar& scalar : all) {
    if (!EndsWithName(scalar.path, name)) continue;
    // What measures the rule is no part of it: only who names it means it.
    const bool is_success = scalar.path.starts_with("success.");
    if (!is_success || name.starts_with("success.")) found.push_back(scalar);
  }
  const auto is_in_kind = [&](const Scalar& scalar) {
    const std::string& path = scalar.path;
    return path.starts_with("detect.") &&
           path.find('.', 7) == path.size() - name.size() - 1;
  };
  const auto is_in_rule = [&](const Scalar& scalar) {
    return scalar.path == name;
  };
  auto nearer = std::find_if(found.begin(), found.end(), is_in_rule);
  const auto in_kind = std::find_if(found.begin(), found.end(), is_in_kind);
  if (in_kind != found.end()) nearer = in_kind;
  if (nearer != found.end()) return {*nearer};
  return found;
}

// Bytes before the `characters`-th character of a line, counted from 1.
std::size_t BytesBefore(std::string_view line, int characters) {
  std::size_t at = 0;
  for (int left = characters - 1; left > 0 && at < line.size(); --left) {
    do {
      ++at;
    } while (at < line.size() &&
             (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80);
  }
  return at;
}

// Where the scalar stands; false if its text is not there (an anchor before
// it, say).
bool Place(const std::string& text, const Scalar& scalar,
           RuleParameter* parameter) {
  const SourcePosition position = scalar.node.position();
  std::size_t start = 0;
  for (int line = 1; line < position.line; ++line) {
    start = text.find('\n', start) + 1;
  }
  const std::string_view rest = std::string_view(text).substr(start);
  start += BytesBefore(rest, position.column);
  const std::string_view here = std::string_view(text).substr(start);
  for (const std::string& written :
       {scalar.text, '"' + scalar.text + '"', '\'' + scalar.text + '\''}) {
    if (!here.starts_with(written)) continue;
    parameter->offset = start;
    parameter->length = written.size();
    return true;
  }
  return false;
}

}  // namespace

Result<RuleParameter> FindRuleParameter(const std::vector<RuleFile>& files,
                                        const std::string& rule,
                                        const std::string& name) {
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const Document document = Document::Parse(files[i].path, files[i].text);
    Mapping root = document.root().AsMapping("rules");
    for (const Node& node : root.Get("rules").AsList("rules")) {
      ids.push_back(node.AsMapping("rule").TextOr("id", ""));
      if (ids.back() != rule) continue;
      std::vector<Scalar> all;
      AddScalars(node, "", &all);
      const std::vector<Scalar> found = Named(all, name);
      if (found.empty()) return NoSuchParameter(rule, name, all);
      if (found.size() > 1) {
        return Error{fmt::format("`{}` in rule `{}` may be {}: write which",
                                 name, rule, Paths(found))};
      }
      RuleParameter parameter = {found[0].path, found[0].text, i};
      if (Place(files[i].text, found[0], &parameter)) return parameter;
      return Error{fmt::format(
          "`{}` of rule `{}` stands behind an anchor or an alias and cannot be "
          "changed alone",
          found[0].path, rule)};
    }
  }
  const std::string nearest = Nearest(rule, ids);
  return Error{fmt::format(
      "there is no rule `{}`{}", rule,
      nearest.empty() ? "" : fmt::format("; did you mean `{}`?", nearest))};
}

std::vector<RuleFile> WithParameter(std::vector<RuleFile> files,
                                    const RuleParameter& parameter,
                                    const std::string& value) {
  files[parameter.file].text.replace(parameter.offset, parameter.length, value);
  return files;
}

}  // namespace premura
