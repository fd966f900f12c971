// SPDX-License-Identifier: Apache-2.0
// YamlWriter: block YAML, line by line. Texts are quoted where they must be.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace premura {

class YamlWriter {
 public:
  // "key: value"; empty texts are left out.
  void Text(std::string_view key, std::string_view value);
  // A value that needs no quotes: number, boolean, duration.
  void Plain(std::string_view key, std::string_view value);
  // "key: [a, b]"; an empty list is left out.
  void Texts(std::string_view key, const std::vector<std::string>& values);
  // "key:" and what follows below it, until End().
  void Begin(std::string_view key);
  void End();
  // The next key begins an element of a list.
  void BeginElement();
  void EndElement();

  const std::string& text() const { return text_; }

 private:
  void StartLine(std::string_view key);

  std::string text_;
  std::size_t depth_ = 0;
  bool dash_ = false;
};

// As a YAML scalar: bare if that reads as the same text, else in quotes.
std::string YamlScalar(std::string_view text);

}  // namespace premura
