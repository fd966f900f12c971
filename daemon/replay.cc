// SPDX-License-Identifier: Apache-2.0
#include "daemon/replay.h"

#include <algorithm>
#include <map>
#include <utility>

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

class Times {
 public:
  void Add(Timestamp time) {
    if (!first_) first_ = time;
    ++count_;
    Day& day = days_[time.time_since_epoch() / kDay];
    ++day.count;
    day.last = std::max(day.last, time);
  }

  // Of the first record that has one.
  const std::optional<Timestamp>& first() const { return first_; }

  // The newest, but for one record (in a thousand) that lies far beyond all
  // others: a wrong clock must not move everything into the past.
  Timestamp Last() const {
    constexpr Duration kFar = 30 * kDay;
    constexpr std::uint64_t kEnough = 10;
    const std::uint64_t few =
        count_ < kEnough ? 0 : std::max<std::uint64_t>(1, count_ / 1000);
    auto day = days_.rbegin();
    Timestamp last = day->second.last;
    std::uint64_t beyond = 0;
    for (auto before = std::next(day); before != days_.rend(); day = before++) {
      beyond += day->second.count;
      if (beyond > few) break;
      if (day->second.last - before->second.last > kFar) {
        last = before->second.last;
      }
    }
    return last;
  }

 private:
  static constexpr Duration kDay = std::chrono::hours(24);

  struct Day {
    std::uint64_t count = 0;
    Timestamp last{};
  };

  std::optional<Timestamp> first_;
  std::uint64_t count_ = 0;
  std::map<Duration::rep, Day> days_;
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
    if (time) times.Add(*time);
  }
}

// Where the first record's time goes, so that the last event happens when it
// is read.
Timestamp ShiftTo(const Times& times, double speed, Timestamp now) {
  const Duration span = times.Last() - *times.first();
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
  options.last = clock->Now();  // What cannot have happened yet.
  if (replay.shift_to_now) {
    const auto times =
        ScanTimes(replay.path, decoder.max_bytes, record_time.value().get());
    if (!times.ok()) return times.error();
    if (times.value().first()) {
      options.last = times.value().Last();
      options.shift_to = ShiftTo(times.value(), replay.speed, clock->Now());
    }
  }
  return NewFileSource(std::move(options));
}

}  // namespace premura
