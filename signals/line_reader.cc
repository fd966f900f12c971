// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <utility>

#include "signals/line_splitter.h"
#include "signals/source.h"

namespace premura {

LineSplitter::LineSplitter(std::unique_ptr<ByteReader> bytes,
                           std::size_t max_line)
    : bytes_(std::move(bytes)), max_line_(max_line) {}

Result<ByteReader::State> LineSplitter::Next(std::string_view* line,
                                             Duration wait) {
  using State = ByteReader::State;
  if (std::exchange(given_, false)) begun_.clear();
  while (true) {
    const std::size_t end = rest_.find('\n');
    if (end != rest_.npos) {
      const std::string_view part = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
      if (!std::exchange(open_, false)) return Give(part, line);
      Keep(part);
      given_ = true;
      return Give(begun_, line);
    }
    if (!rest_.empty()) {
      Keep(std::exchange(rest_, {}));
      open_ = true;
    }
    const Result<ByteReader::Chunk> chunk = bytes_->Read(wait);
    if (!chunk.ok()) return chunk.error();
    if (chunk.value().state == State::kNotYet) return State::kNotYet;
    if (chunk.value().state == State::kEnd) {
      if (!std::exchange(open_, false)) return State::kEnd;
      given_ = true;
      return Give(begun_, line);
    }
    rest_ = chunk.value().bytes;
  }
}

// One byte more than wanted tells a line that is too long from one that is not;
// another one keeps the "\r" of one that just fits.
void LineSplitter::Keep(std::string_view part) {
  const std::size_t room =
      max_line_ + 2 - std::min(begun_.size(), max_line_ + 2);
  begun_.append(part.substr(0, room));
}

ByteReader::State LineSplitter::Give(std::string_view whole,
                                     std::string_view* line) const {
  if (whole.ends_with('\r')) whole.remove_suffix(1);
  *line = whole.substr(0, max_line_ + 1);
  return ByteReader::State::kBytes;
}

namespace {

class LineReaderImpl final : public LineReader {
 public:
  explicit LineReaderImpl(LineSplitter lines) : lines_(std::move(lines)) {}

  Result<bool> Next(std::string_view* line) override {
    while (true) {
      const Result<ByteReader::State> state = lines_.Next(line, kForever);
      if (!state.ok()) return state.error();
      if (state.value() == ByteReader::State::kNotYet) continue;
      return state.value() == ByteReader::State::kBytes;
    }
  }

  std::optional<double> Done() const override { return lines_.Done(); }

 private:
  LineSplitter lines_;
};

}  // namespace

Result<std::unique_ptr<LineReader>> OpenLines(const std::string& path,
                                              std::size_t max_line) {
  Result<std::unique_ptr<ByteReader>> bytes = OpenBytes(path);
  if (!bytes.ok()) return bytes.error();
  return std::unique_ptr<LineReader>(std::make_unique<LineReaderImpl>(
      LineSplitter(std::move(bytes).value(), max_line)));
}

}  // namespace premura
