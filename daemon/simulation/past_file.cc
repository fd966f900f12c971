// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <utility>

#include "daemon/simulation/past_events.h"
#include "signals/source.h"

namespace premura {
namespace {

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

class PastFile final : public PastEvents {
 public:
  PastFile(std::string path, std::size_t max_line)
      : path_(std::move(path)), max_line_(max_line) {}

  // At its beginning, unless it is.
  Status Open() {
    if (lines_ != nullptr) return {};
    if (path_ == "-" && reading_ != nullptr) {
      return Error{"can be read only once: write it to a file"};
    }
    auto lines = OpenLines(path_, max_line_);
    if (!lines.ok()) return lines.error();
    lines_ = std::move(lines).value();
    return {};
  }

  std::string name() const override { return path_; }

  Result<std::vector<std::string>> Head(std::size_t most) override {
    if (Status opened = Open(); !opened.ok()) return opened.error();
    std::string_view line;
    while (head_.size() < most) {
      const Result<bool> more = lines_->Next(&line);
      if (!more.ok()) return more.error();
      if (!more.value()) break;
      head_.emplace_back(line);
    }
    return head_;
  }

  Status Read(const Take& take) override {
    if (Status opened = Open(); !opened.ok()) return opened;
    // What was looked at first comes from memory this once.
    reading_ = std::move(lines_);
    const std::vector<std::string> head = std::exchange(head_, {});
    std::int64_t number = 0;
    const auto give = [&take, &number](std::string_view line) -> Status {
      Record record;
      record.value = line;
      record.position = ++number;
      return IsBlank(line) ? Status() : take(record);
    };
    for (const std::string& line : head) {
      if (Status given = give(line); !given.ok()) return given;
    }
    std::string_view line;
    while (true) {
      const Result<bool> more = reading_->Next(&line);
      if (!more.ok()) return more.error();
      if (!more.value()) break;
      if (Status given = give(line); !given.ok()) return given;
    }
    return {};
  }

  std::optional<double> Done() const override {
    return reading_ == nullptr ? std::nullopt : reading_->Done();
  }

 private:
  const std::string path_;
  const std::size_t max_line_;
  std::unique_ptr<LineReader> lines_;  // Opened, and not read to the end.
  std::vector<std::string> head_;      // What was read of it.
  std::unique_ptr<LineReader> reading_;
};

}  // namespace

Result<std::unique_ptr<PastEvents>> OpenPastFile(const std::string& path,
                                                 std::size_t max_line) {
  auto file = std::make_unique<PastFile>(path, max_line);
  if (Status opened = file->Open(); !opened.ok()) return opened.error();
  return std::unique_ptr<PastEvents>(std::move(file));
}

}  // namespace premura
