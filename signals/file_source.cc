// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "signals/file_identity.h"
#include "signals/line_splitter.h"
#include "signals/source.h"

namespace premura {

namespace {

struct Line {
  std::string_view text;
  std::int64_t number = 0;  // Counted from 1.
};

// A file's lines that are not empty, in the order in which they are handed on.
class Lines {
 public:
  virtual ~Lines() = default;
  virtual Result<ByteReader::State> Next(Line* line, Duration wait) = 0;
  virtual void Interrupt() = 0;
};

class LinesAsTheyCome final : public Lines {
 public:
  explicit LinesAsTheyCome(LineSplitter lines) : lines_(std::move(lines)) {}

  Result<ByteReader::State> Next(Line* line, Duration wait) override {
    while (true) {
      const Result<ByteReader::State> state = lines_.Next(&line->text, wait);
      if (!state.ok() || state.value() != ByteReader::State::kBytes) {
        return state;
      }
      ++number_;
      if (line->text.find_first_not_of(" \t") == line->text.npos) continue;
      line->number = number_;
      return state;
    }
  }

  void Interrupt() override { lines_.Interrupt(); }

 private:
  LineSplitter lines_;
  std::int64_t number_ = 0;
};

// Reads everything, then hands it on in order of time. A line without a time
// stays behind the line before it.
class SortedLines final : public Lines {
 public:
  using TimeOf = std::function<std::optional<Timestamp>(const Record&)>;
  SortedLines(std::unique_ptr<Lines> lines, TimeOf time_of)
      : lines_(std::move(lines)), time_of_(std::move(time_of)) {}

  Result<ByteReader::State> Next(Line* line, Duration wait) override {
    while (!sorted_) {
      Line read;
      const Result<ByteReader::State> state = lines_->Next(&read, wait);
      if (!state.ok() || state.value() == ByteReader::State::kNotYet) {
        return state;
      }
      if (state.value() == ByteReader::State::kEnd) {
        Sort();
      } else {
        Keep(read);
      }
    }
    if (next_ == kept_.size()) return ByteReader::State::kEnd;
    const Kept& kept = kept_[next_++];
    *line = {kept.text, kept.number};
    return ByteReader::State::kBytes;
  }

  void Interrupt() override { lines_->Interrupt(); }

 private:
  struct Kept {
    Timestamp time;
    std::int64_t number;
    std::string text;
  };

  void Keep(const Line& line) {
    const Record record{.value = line.text, .position = line.number};
    last_time_ = time_of_(record).value_or(last_time_);
    kept_.push_back({last_time_, line.number, std::string(line.text)});
  }

  void Sort() {
    std::stable_sort(
        kept_.begin(), kept_.end(),
        [](const Kept& a, const Kept& b) { return a.time < b.time; });
    sorted_ = true;
  }

  std::unique_ptr<Lines> lines_;
  TimeOf time_of_;
  std::deque<Kept> kept_;
  Timestamp last_time_{};
  std::size_t next_ = 0;
  bool sorted_ = false;
};

class FileSource final : public Source {
 public:
  FileSource(FileOptions options, std::unique_ptr<Lines> lines,
             std::string identity)
      : options_(std::move(options)),
        lines_(std::move(lines)),
        identity_(std::move(identity)) {}

  std::string Origin(std::uint32_t /*partition*/) const override {
    return options_.path == "-" ? "standard input" : options_.path;
  }

  std::string Identity(std::uint32_t /*partition*/) const override {
    return identity_;
  }

  void Resume(const std::vector<PartitionPlace>& places) override {
    for (const PartitionPlace& place : places) {
      if (place.position < 0) continue;
      if (identity_.empty()) {
        start_.why = options_.path == "-"
                         ? "standard input is another stream at each start"
                         : "it is read from its beginning at each start";
      } else if (place.name != options_.path ||
                 !IsSameFile(options_.path, place.identity)) {
        start_.why = "it is another file than it was";
      } else {
        start_.resumed = true;
        first_line_ = place.position;
      }
    }
  }

  Result<Polled> Poll(RecordSink* sink, std::size_t max,
                      Duration wait) override {
    if (!std::exchange(assigned_, true)) sink->OnAssigned(0, start_);
    Polled polled;
    while (polled.records < max) {
      const Duration left = polled.records == 0 ? wait : Duration::zero();
      const Result<ByteReader::State> state = Fetch(left);
      if (!state.ok()) return Fail(state.error());
      if (state.value() == ByteReader::State::kNotYet) {
        if (polled.records == 0) sink->OnCaughtUp(0);
        break;
      }
      if (state.value() == ByteReader::State::kEnd) {
        polled.ended = true;
        if (!ended_.exchange(true)) sink->OnCaughtUp(0);
        break;
      }
      if (!IsDue(left)) break;
      sink->OnRecord(Take());
      ++polled.records;
    }
    return polled;
  }

  void Commit(const Positions& /*positions*/) override {}
  void Close() override {}

  void Interrupt() override {
    {
      const std::lock_guard lock(mutex_);
      interrupted_ = true;
    }
    wake_.notify_all();
    lines_->Interrupt();
  }

  SourceHealth Health() const override {
    const std::lock_guard lock(mutex_);
    SourceHealth health;
    health.partitions = 1;
    health.lag = ended_ ? 0 : -1;
    health.reachable = problem_.empty();
    health.problem = problem_;
    return health;
  }

 private:
  Error Fail(const Error& error) {
    const std::lock_guard lock(mutex_);
    problem_ = error.message;
    return error;
  }

  // Makes line_ the next line, if it is not already.
  Result<ByteReader::State> Fetch(Duration wait) {
    if (fetched_) return ByteReader::State::kBytes;
    if (ended_) return ByteReader::State::kEnd;
    while (true) {
      const Result<ByteReader::State> state = lines_->Next(&line_, wait);
      if (!state.ok() || state.value() != ByteReader::State::kBytes) {
        return state;
      }
      if (line_.number < first_line_) continue;
      fetched_ = true;
      Schedule();
      return state;
    }
  }

  // When line_ is to be handed on, and by how much its time is moved.
  void Schedule() {
    due_.reset();
    if (options_.speed <= 0 && !options_.shift_to) return;
    const std::optional<Timestamp> time =
        options_.time_of(Record{.value = line_.text, .position = line_.number});
    if (!time) return;  // Refused later on; at once is as good as ever.
    if (!first_time_) {
      first_time_ = *time;
      if (options_.speed > 0) started_ = options_.elapsed();
      if (options_.shift_to) shift_ = *options_.shift_to - *time;
    }
    if (options_.speed <= 0) return;
    if (options_.last && *time > *options_.last) return;
    const auto since = static_cast<double>((*time - *first_time_).count());
    due_ =
        started_ + Duration(static_cast<std::int64_t>(since / options_.speed));
  }

  // Waits for line_ to become due, at most `wait`.
  bool IsDue(Duration wait) {
    if (!due_) return true;
    const Duration early = *due_ - options_.elapsed();
    if (early <= Duration::zero()) return true;
    if (wait <= Duration::zero()) return false;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::min(early, wait),
                   [this] { return interrupted_; });
    interrupted_ = false;
    return *due_ <= options_.elapsed();
  }

  Record Take() {
    fetched_ = false;
    return {
        .value = line_.text, .position = line_.number, .time_shift = shift_};
  }

  FileOptions options_;
  const std::unique_ptr<Lines> lines_;
  const std::string identity_;
  PartitionStart start_;
  std::int64_t first_line_ = 0;  // Those before were read in an earlier life.
  bool assigned_ = false;
  std::atomic<bool> ended_ = false;

  Line line_;
  bool fetched_ = false;
  std::optional<Duration> due_;
  std::optional<Timestamp> first_time_;
  Duration started_{};
  Duration shift_{};

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable wake_;
  bool interrupted_ = false;
  std::string problem_;
};

}  // namespace

Result<std::unique_ptr<Source>> NewFileSource(FileOptions options) {
  const bool needs_times =
      options.speed > 0 || options.sort || options.shift_to.has_value();
  if (needs_times && !options.time_of) {
    return Error{options.path + ": its records' times are needed, not known"};
  }
  Result<std::unique_ptr<ByteReader>> bytes = OpenBytes(options.path);
  if (!bytes.ok()) return bytes.error();
  std::unique_ptr<Lines> lines = std::make_unique<LinesAsTheyCome>(
      LineSplitter(std::move(bytes).value(), options.max_line));
  if (options.sort) {
    lines = std::make_unique<SortedLines>(std::move(lines), options.time_of);
  }
  // What is moved in time or comes by a pipe is another stream each time.
  const bool same_again = !options.shift_to && !options.sort;
  std::string identity = same_again ? FileIdentity(options.path) : "";
  return std::unique_ptr<Source>(std::make_unique<FileSource>(
      std::move(options), std::move(lines), std::move(identity)));
}

}  // namespace premura
