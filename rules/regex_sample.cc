// SPDX-License-Identifier: Apache-2.0
#include "rules/regex_sample.h"

#include <optional>

namespace premura {
namespace {

constexpr int kDeepest = 50;
constexpr int kMostRepeats = 1000;

// Reads an expression once, and writes down what it would match. What it does
// not know it gives up.
class Sampler {
 public:
  Sampler(std::string_view pattern, bool last) : rest_(pattern), last_(last) {}

  std::optional<std::string> Sample() {
    std::string text = Choice(0);
    if (failed_ || !rest_.empty()) return std::nullopt;
    return text;
  }

 private:
  char Peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  char Next() {
    const char c = Peek();
    if (rest_.empty()) {
      failed_ = true;
    } else {
      rest_.remove_prefix(1);
    }
    return c;
  }
  bool Skip(std::string_view text) {
    if (!rest_.starts_with(text)) return false;
    rest_.remove_prefix(text.size());
    return true;
  }

  std::string Choice(int depth) {
    if (depth > kDeepest) failed_ = true;
    std::string text = Row(depth);
    while (!failed_ && Skip("|")) {
      std::string other = Row(depth);
      if (last_) text = std::move(other);
    }
    return text;
  }

  std::string Row(int depth) {
    std::string text;
    while (!failed_ && !rest_.empty() && Peek() != '|' && Peek() != ')') {
      const std::string atom = Atom(depth);
      for (int n = Repeats(); n > 0 && text.size() < kMostRepeats; --n) {
        text += atom;
      }
    }
    return text;
  }

  std::string Atom(int depth) {
    const char c = Next();
    switch (c) {
      case '(':
        return Group(depth);
      case '[':
        return std::string(1, Class());
      case '\\':
        return Escape();
      case '.':
        return "x";
      case '^':
      case '$':
        return "";
      default:
        return std::string(1, c);
    }
  }

  std::string Group(int depth) {
    if (Skip("?P<") || Skip("?<")) {
      while (!failed_ && Next() != '>') {
      }
    } else if (Skip("?")) {
      while (!failed_ && Peek() != ':' && Peek() != ')') Next();
      if (!Skip(":")) return Skip(")") ? "" : "";
    }
    std::string text = Choice(depth + 1);
    if (!Skip(")")) failed_ = true;
    return text;
  }

  std::string Escape() {
    const char c = Next();
    switch (c) {
      case 'd':
        return "7";
      case 'w':
      case 'D':
      case 'S':
        return "w";
      case 's':
        return " ";
      case 'W':
        return "-";
      case 'n':
        return "\n";
      case 't':
        return "\t";
      case 'b':
      case 'B':
      case 'A':
      case 'z':
        return "";
      default:
        break;
    }
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9');
    if (letter) failed_ = true;
    return std::string(1, c);
  }

  // The first (or last) member of a class, or one that a negated one lacks.
  char Class() {
    const bool negated = Skip("^");
    std::string members;
    do {
      if (Skip("[:")) failed_ = true;
      char low = Next();
      if (low == '\\') low = Escape().c_str()[0];
      members += low;
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']') {
        Next();
        for (char high = Next(); low < high;) members += ++low;
      }
    } while (!failed_ && Peek() != ']');
    Next();
    if (!negated) return last_ ? members.back() : members.front();
    for (const char c : std::string_view("x7 -_Z")) {
      if (members.find(c) == members.npos) return c;
    }
    failed_ = true;
    return ' ';
  }

  int Repeats() {
    int n = 1;
    if (Skip("*") || Skip("?")) {
      n = last_ ? 1 : 0;
    } else if (!Skip("+") && Peek() == '{') {
      n = Counted();
    }
    Skip("?");  // Lazy.
    return n;
  }

  int Counted() {
    Next();
    int n = 0;
    while (!failed_ && Peek() >= '0' && Peek() <= '9') {
      n = n * 10 + (Next() - '0');
      if (n > kMostRepeats) failed_ = true;
    }
    while (!failed_ && Next() != '}') {
    }
    return n;
  }

  std::string_view rest_;
  const bool last_;
  bool failed_ = false;
};

}  // namespace

std::vector<std::string> SampleRegex(std::string_view pattern) {
  std::vector<std::string> samples;
  for (const bool last : {false, true}) {
    if (auto text = Sampler(pattern, last).Sample()) {
      samples.push_back(*std::move(text));
    }
  }
  return samples;
}

}  // namespace premura
