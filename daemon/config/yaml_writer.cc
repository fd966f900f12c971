// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/yaml_writer.h"

#include <cctype>

#include "rules/value.h"

namespace premura {
namespace {

bool IsAlphanumeric(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0;
}

bool IsBare(std::string_view text) {
  if (text.empty() || text == "true" || text == "false" || text == "null") {
    return false;
  }
  const bool letter = std::isalpha(static_cast<unsigned char>(text[0])) != 0;
  if (!letter && text[0] != '/') return false;
  for (const char c : text) {
    if (!IsAlphanumeric(c) && std::string_view("_-./+@:").find(c) == text.npos)
      return false;
  }
  return !text.ends_with(':');  // That would be a mapping.
}

}  // namespace

std::string YamlScalar(std::string_view text) {
  if (IsBare(text)) return std::string(text);
  std::string quoted;
  AppendJsonText(text, &quoted);  // A JSON text is a YAML text.
  return quoted;
}

void YamlWriter::StartLine(std::string_view key) {
  if (dash_) {
    text_.append((depth_ - 1) * 2, ' ');
    text_ += "- ";
    dash_ = false;
  } else {
    text_.append(depth_ * 2, ' ');
  }
  text_ += YamlScalar(key);
  text_ += ':';
}

void YamlWriter::Plain(std::string_view key, std::string_view value) {
  StartLine(key);
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

void YamlWriter::Text(std::string_view key, std::string_view value) {
  if (!value.empty()) Plain(key, YamlScalar(value));
}

void YamlWriter::Texts(std::string_view key,
                       const std::vector<std::string>& values) {
  if (values.empty()) return;
  std::string list;
  for (const std::string& value : values) {
    list += (list.empty() ? "[" : ", ") + YamlScalar(value);
  }
  Plain(key, list + "]");
}

void YamlWriter::Begin(std::string_view key) {
  StartLine(key);
  text_ += '\n';
  ++depth_;
}

void YamlWriter::End() { --depth_; }

void YamlWriter::BeginElement() {
  ++depth_;
  dash_ = true;
}

void YamlWriter::EndElement() {
  --depth_;
  dash_ = false;
}

}  // namespace premura
