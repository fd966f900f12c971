// SPDX-License-Identifier: Apache-2.0

#include "signals/record_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

#include "signals/record_format.h"
#include "signals/varint.h"

namespace premura {

namespace {

// Beyond kFarthest it is none.
std::optional<Timestamp> TimeAt(std::uint64_t distance, Timestamp before) {
  const auto since =
      static_cast<std::uint64_t>(before.time_since_epoch().count());
  const Duration time(static_cast<std::int64_t>(
      since + static_cast<std::uint64_t>(Unzigzag(distance))));
  if (time > kFarthest || time < -kFarthest) return std::nullopt;
  return Timestamp(time);
}

}  // namespace

RecordReader::RecordReader(std::string_view record, const Symbols& symbols)
    : symbols_(symbols), rest_(record) {
  if (!rest_.empty()) {
    version_ = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
  }
  if (version_ != kRecordVersion) Fail();
  ReadTexts();
  ReadEvents();
}

void RecordReader::Fail() {
  ok_ = false;
  rest_ = after_ = {};
}

Status RecordReader::Close() {
  if (!rest_.empty()) Fail();
  if (ok_) return {};
  if (version_ == kRecordVersion) return Error{"the record is damaged"};
  return Error{fmt::format("the record is of version {}, not {}", version_,
                           kRecordVersion)};
}

// --- What stands before the body --------------------------------------------

void RecordReader::ReadTexts() {
  for (std::size_t count = Count(); count > 0; --count) {
    texts_.push_back(Text());
  }
}

void RecordReader::ReadEvents() {
  PackedEvent event;
  for (std::size_t count = Count(); count > 0 && ok_; --count) {
    ReadEvent(&event);
    if (ok_) events_.push_back(SeenRef::New(event));
  }
}

// `event` is the one before.
void RecordReader::ReadEvent(PackedEvent* event) {
  const auto time = TimeAt(Number(), event->time);
  event->arrival += static_cast<std::uint32_t>(Unzigzag(Number()));
  const std::uint64_t name = Number();
  event->name = name == 0 ? Text() : TextOf(name);
  event->name_id = name == 0 ? 0 : symbols_.names.Find(event->name);
  event->id = Text();
  event->fields.clear();
  for (std::size_t count = Count(); count > 0; --count) {
    // No rule may ask for it any more.
    const SymbolId property = symbols_.properties.Find(TextOf(Number()));
    const std::string_view value = Packed();
    if (property != 0) event->fields.push_back({property, value});
  }
  if (!time) return Fail();
  event->time = *time;
}

std::string_view RecordReader::TextOf(std::uint64_t number) {
  if (number >= 1 && number <= texts_.size()) return texts_[number - 1];
  Fail();
  return {};
}

// --- The body ---------------------------------------------------------------

std::uint64_t RecordReader::Number() {
  std::uint64_t number = 0;
  if (TakeVarint(&rest_, &number)) return number;
  Fail();
  return 0;
}

std::uint32_t RecordReader::Small() {
  const std::uint64_t number = Number();
  if (number <= std::numeric_limits<std::uint32_t>::max()) {
    return static_cast<std::uint32_t>(number);
  }
  Fail();
  return 0;
}

std::size_t RecordReader::Count() {
  const std::uint64_t count = Number();
  if (count <= rest_.size()) return count;
  Fail();
  return 0;
}

std::uint64_t RecordReader::Fixed() {
  std::uint64_t number = 0;
  if (rest_.size() < sizeof number) {
    Fail();
    return 0;
  }
  std::memcpy(&number, rest_.data(), sizeof number);
  rest_.remove_prefix(sizeof number);
  return number;
}

bool RecordReader::Flag() {
  const std::uint64_t flag = Number();
  if (flag > 1) Fail();
  return flag == 1;
}

double RecordReader::Real() {
  const std::uint64_t bits = Fixed();
  double number = 0;
  std::memcpy(&number, &bits, sizeof number);
  if (std::isfinite(number)) return number;
  Fail();
  return 0;
}

Timestamp RecordReader::Time() {
  const std::uint64_t code = Number();
  if (code == kNeverCode) return kNever;
  if (code == kUnseenCode) return kUnseen;
  const auto time = TimeAt(code - kTimeCodes, time_);
  if (!time) Fail();
  return time_ = time.value_or(Timestamp{});
}

std::string_view RecordReader::Text() {
  std::string_view text;
  if (!TakeText(&rest_, &text)) Fail();
  return text;
}

std::string_view RecordReader::Packed() {
  const std::optional<std::string_view> value = TakePacked(&rest_);
  if (!value) Fail();
  return value.value_or(std::string_view());
}

SeenRef RecordReader::Event() {
  const std::uint64_t number = Number();
  if (number == 0) return {};
  if (number <= events_.size()) return events_[number - 1];
  Fail();
  return {};
}

void RecordReader::BeginPart() {
  const std::size_t size = Count();
  after_ = rest_.substr(size);
  rest_ = rest_.substr(0, size);
  time_before_ = time_;
}

void RecordReader::EndPart() {
  if (!rest_.empty()) Fail();
  rest_ = after_;
  after_ = {};
  time_ = time_before_;
}

void RecordReader::SkipPart() {
  BeginPart();
  rest_ = {};
  EndPart();
}

}  // namespace premura
