// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay.h"

#include <algorithm>

namespace premura {
namespace {

// The time of a record's first event.
class RecordTime final : private DecodeSink {
 public:
  static Result<std::shared_ptr<RecordTime>> Make(
      const DecoderOptions& options) {
    auto decoder = NewEventDecoder(options);
    if (!decoder.ok()) return decoder.error();
    return std::shared_ptr<RecordTime>(
        new RecordTime(std::move(decoder).value()));
  }

  std::optional<Timestamp> Of(const Record& record) {
    time_.reset();
    decoder_->Decode(record, this);
    return time_;
  }

 private:
  explicit RecordTime(std::unique_ptr<EventDecoder> decoder)
      : decoder_(std::move(decoder)) {
    decoder_->Use(&symbols_);
  }

  void OnEvent(const Event& event) override {
    if (!time_) time_ = event.time;
  }
  void OnProfile(ProfileChange, Timestamp time) override {
    if (!time_) time_ = time;
  }
  void OnRefused(Refusal, std::string_view) override {}

  const Symbols symbols_;
  const std::unique_ptr<EventDecoder> decoder_;
  std::optional<Timestamp> time_;
};

struct Times {
  std::optional<Timestamp> first;  // Of the first record that has one.
  Timestamp last{};                // The newest of all.
};

Result<Times> ScanTimes(const std::string& path, std::size_t max_line,
                        RecordTime* record_time) {
  auto lines = OpenLines(path, max_line);
  if (!lines.ok()) return lines.error();
  Times times;
  Record record;
  while (true) {
    const Result<bool> more = lines.value()->Next(&record.value);
    if (!more.ok()) return more.error();
    if (!more.value()) return times;
    const std::optional<Timestamp> time = record_time->Of(record);
    if (!time) continue;
    if (!times.first) times.first = time;
    times.last = std::max(times.last, *time);
  }
}

// Where the first record's time goes, so that the last event happens when it
// is read.
Timestamp ShiftTo(const Times& times, double speed, Timestamp now) {
  const Duration span = times.last - *times.first;
  if (speed == 0) return now - span;
  const auto reading = Duration(
      static_cast<Duration::rep>(static_cast<double>(span.count()) / speed));
  return now + reading - span;
}

}  // namespace

Result<std::unique_ptr<Source>> OpenReplay(const ReplayConfig& replay,
                                           const DecoderOptions& decoder,
                                           const Clock* clock) {
  auto record_time = RecordTime::Make(decoder);
  if (!record_time.ok()) return record_time.error();
  FileOptions options;
  options.path = replay.path;
  options.speed = replay.speed;
  options.max_line = decoder.max_bytes;
  options.elapsed = [] {
    return std::chrono::duration_cast<Duration>(
        std::chrono::steady_clock::now().time_since_epoch());
  };
  options.time_of = [of = record_time.value()](const Record& record) {
    return of->Of(record);
  };
  if (replay.shift_to_now) {
    const auto times =
        ScanTimes(replay.path, decoder.max_bytes, record_time.value().get());
    if (!times.ok()) return times.error();
    if (times.value().first) {
      options.shift_to = ShiftTo(times.value(), replay.speed, clock->Now());
    }
  }
  return NewFileSource(std::move(options));
}

}  // namespace premura
