// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/terminal_filter.h"

#include <streambuf>
#include <string>
#include <string_view>

#include "rules/printable.h"

namespace premura {
namespace {

class Filter final : public std::streambuf {
 public:
  explicit Filter(std::ostream* to) : to_(to) {}
  ~Filter() override { sync(); }

 protected:
  int_type overflow(int_type character) override {
    if (traits_type::eq_int_type(character, traits_type::eof())) return 0;
    const char one = traits_type::to_char_type(character);
    return xsputn(&one, 1) == 1 ? character : traits_type::eof();
  }
  std::streamsize xsputn(const char* text, std::streamsize size) override {
    line_.append(text, static_cast<std::size_t>(size));
    const std::size_t end = line_.rfind('\n');
    if (end != line_.npos) {
      Show(std::string_view(line_).substr(0, end + 1));
      line_.erase(0, end + 1);
    }
    return to_->good() ? size : 0;
  }
  int sync() override {
    Show(line_);
    line_.clear();
    to_->flush();
    return to_->good() ? 0 : -1;
  }

 private:
  // CSV ends its lines with "\r\n"; any other "\r" would write over the line.
  void Show(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      std::string_view line = lines.substr(0, end);
      if (end != lines.npos && line.ends_with('\r')) line.remove_suffix(1);
      *to_ << Printable(line, "\t");
      if (end == lines.npos) return;
      *to_ << '\n';
      lines.remove_prefix(end + 1);
    }
  }

  std::ostream* const to_;
  std::string line_;  // Whose end has not come yet.
};

class FilterStream final : public std::ostream {
 public:
  explicit FilterStream(std::ostream* to) : std::ostream(nullptr), filter_(to) {
    rdbuf(&filter_);
  }

 private:
  Filter filter_;
};

}  // namespace

std::unique_ptr<std::ostream> NewTerminalFilter(std::ostream* to) {
  return std::make_unique<FilterStream>(to);
}

}  // namespace premura
