// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest.h"

#include <algorithm>
#include <functional>

#include "signals/engine.h"
#include "signals/source.h"

namespace premura {
namespace {

constexpr std::size_t kRecordsToRecognise = 20;
constexpr std::uint32_t kPartition = 0;

// Passes on what is before `to`.
class UntilDecoder final : public EventDecoder {
 public:
  UntilDecoder(std::unique_ptr<EventDecoder> inner, Timestamp to)
      : inner_(std::move(inner)), sink_(to) {}

  void Decode(const Record& record, DecodeSink* sink) override {
    sink_.to = sink;
    inner_->Decode(record, &sink_);
  }
  void Use(const Symbols* symbols) override { inner_->Use(symbols); }

 private:
  struct Filter final : DecodeSink {
    explicit Filter(Timestamp end) : end_(end) {}
    void OnEvent(const Event& event) override {
      if (event.time < end_) to->OnEvent(event);
    }
    void OnProfile(ProfileChange change, Timestamp time) override {
      if (time < end_) to->OnProfile(std::move(change), time);
    }
    void OnRefused(Refusal reason, std::string_view detail) override {
      to->OnRefused(reason, detail);
    }
    DecodeSink* to = nullptr;

   private:
    const Timestamp end_;
  };

  std::unique_ptr<EventDecoder> inner_;
  Filter sink_;
};

// What was decoded before, again, in order of time: for `sort`.
class SortedEvents final : public DecodeSink, public EventDecoder {
 public:
  void OnEvent(const Event& event) override {
    order_.push_back({event.time, Kind::kEvent, events_});
    batch_.Add(event);
    ++events_;
  }
  void OnProfile(ProfileChange change, Timestamp time) override {
    order_.push_back({time, Kind::kProfile, changes_.size()});
    changes_.push_back({std::move(change), time});
  }
  void OnRefused(Refusal reason, std::string_view detail) override {
    refused_.push_back({reason, std::string(detail)});
    order_.push_back({Timestamp{}, Kind::kRefused, refused_.size() - 1});
  }

  void Sort() {
    std::stable_sort(
        order_.begin(), order_.end(),
        [](const Place& a, const Place& b) { return a.time < b.time; });
  }

  // Records that stand for the events, by position.
  std::size_t size() const { return order_.size(); }

  void Decode(const Record& record, DecodeSink* sink) override {
    const Place& place = order_[static_cast<std::size_t>(record.position)];
    switch (place.kind) {
      case Kind::kEvent:
        return sink->OnEvent(
            batch_.event(static_cast<std::uint32_t>(place.index)));
      case Kind::kProfile:
        return sink->OnProfile(std::move(changes_[place.index].change),
                               changes_[place.index].time);
      case Kind::kRefused:
        return sink->OnRefused(refused_[place.index].reason,
                               refused_[place.index].detail);
    }
  }
  void Use(const Symbols*) override {}

 private:
  enum class Kind { kEvent, kProfile, kRefused };
  struct Place {
    Timestamp time;
    Kind kind;
    std::size_t index;
  };
  struct Change {
    ProfileChange change;
    Timestamp time;
  };
  struct Refused {
    Refusal reason;
    std::string detail;
  };

  EventBatch batch_;
  std::size_t events_ = 0;
  std::vector<Change> changes_;
  std::vector<Refused> refused_;
  std::vector<Place> order_;
};

// Without gates: nothing is decided.
class EngineAlone final : public Simulation, public DetectionSink {
 public:
  EngineAlone(std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
              std::function<void(const Detection&)> on_detection)
      : on_detection_(std::move(on_detection)),
        engine_(NewEngine(std::move(rules), profiles, this)) {}

  Status Take(const Event& event) override {
    engine_->Take(event);
    return {};
  }
  Status Take(const ProfileChange& change) override {
    engine_->Take(change);
    return {};
  }
  Status Advance(Timestamp clock) override {
    engine_->Advance(clock);
    return {};
  }
  void OnDetection(Detection detection) override { on_detection_(detection); }
  void OnCancellation(Cancellation) override {}

 private:
  const std::function<void(const Detection&)> on_detection_;
  std::unique_ptr<Engine> engine_;
};

// Between intake and simulation, and between that and the caller's sink.
class Run final : public IntakeSink {
 public:
  Run(const std::optional<Timestamp>& from, BacktestSink* sink)
      : from_(from), sink_(sink), wants_events_(sink->WantsEvents()) {}

  Status Start(std::shared_ptr<const RuleSet> rules, ProfileStore* profiles,
               const SimulationOptions* gates, Duration lateness) {
    const auto on_detection = [this](const Detection& detection) {
      if (from_ && detection.at < *from_) return;
      ++counts.detections;
      sink_->OnDetection(detection);
    };
    if (gates == nullptr) {
      simulation_ = std::make_unique<EngineAlone>(std::move(rules), profiles,
                                                  on_detection);
      return {};
    }
    SimulationOptions options = *gates;
    options.rules = std::move(rules);
    options.profiles = profiles;
    options.lateness = lateness;
    options.on_detection = on_detection;
    options.on_contact = [this](const SimulatedContact& contact) {
      if (!from_ || contact.at >= *from_) sink_->OnContact(contact);
    };
    auto simulation = NewSimulation(std::move(options));
    if (!simulation.ok()) return simulation.error();
    simulation_ = std::move(simulation).value();
    return {};
  }

  void OnEvent(const Event& event) override {
    ++counts.events;
    Keep(simulation_->Take(event));
    if (wants_events_) sink_->OnEvent(event);
  }
  void OnProfile(ProfileChange change) override {
    Keep(simulation_->Take(change));
  }
  void OnClock(Timestamp clock) override { Keep(simulation_->Advance(clock)); }
  void OnRefused(const Record&, Refusal reason, std::string_view) override {
    ++counts.refused[reason];
  }
  void OnDuplicate() override { ++counts.duplicates; }
  void OnLate() override { ++counts.late; }
  void OnFutureTime() override {}

  const Status& status() const { return status_; }

  BacktestCounts counts;

 private:
  void Keep(Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  const std::optional<Timestamp> from_;
  BacktestSink* const sink_;
  const bool wants_events_;
  std::unique_ptr<Simulation> simulation_;
  Status status_;
};

// The lines of a file, those that were looked at first once more.
class Lines {
 public:
  static Result<Lines> Open(const std::string& path, std::size_t max_line) {
    auto reader = OpenLines(path, max_line);
    if (!reader.ok()) return reader.error();
    return Lines(std::move(reader).value());
  }

  // Reads ahead; the lines come again by Each().
  Result<std::vector<std::string>> Peek(std::size_t most) {
    std::string_view line;
    while (head_.size() < most) {
      const Result<bool> more = reader_->Next(&line);
      if (!more.ok()) return more.error();
      if (!more.value()) break;
      head_.emplace_back(line);
    }
    return head_;
  }

  // Calls `take` with each record and its line's number, from 1.
  template <typename Take>
  Status Each(const Take& take) {
    std::int64_t number = 0;
    for (const std::string& line : head_) take(line, ++number);
    std::string_view line;
    while (true) {
      const Result<bool> more = reader_->Next(&line);
      if (!more.ok()) return more.error();
      if (!more.value()) return {};
      take(line, ++number);
    }
  }

 private:
  explicit Lines(std::unique_ptr<LineReader> reader)
      : reader_(std::move(reader)) {}
  std::unique_ptr<LineReader> reader_;
  std::vector<std::string> head_;
};

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == line.npos;
}

Record MakeRecord(std::string_view line, std::int64_t position) {
  Record record;
  record.value = line;
  record.partition = kPartition;
  record.position = position;
  return record;
}

// Reads all, sorts, then lets the intake take it as it would from a file.
Status TakeSorted(Lines* lines, EventDecoder* decoder, const Symbols& symbols,
                  const IntakeOptions& options,
                  const std::optional<Timestamp>& until, Run* run) {
  SortedEvents sorted;
  decoder->Use(&symbols);
  Status read = lines->Each([&](std::string_view line, std::int64_t number) {
    if (IsBlank(line)) return;
    ++run->counts.records;
    decoder->Decode(MakeRecord(line, number), &sorted);
  });
  if (!read.ok()) return read;
  sorted.Sort();
  const auto intake = NewIntake(options, &sorted, run);
  intake->Use(&symbols);
  intake->AddPartition(kPartition);
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    intake->Take(MakeRecord({}, static_cast<std::int64_t>(i)), {});
  }
  intake->Finish(until);
  return {};
}

Status TakeInOrder(Lines* lines, EventDecoder* decoder, const Symbols& symbols,
                   const IntakeOptions& options,
                   const std::optional<Timestamp>& until, Run* run) {
  const auto intake = NewIntake(options, decoder, run);
  intake->Use(&symbols);
  intake->AddPartition(kPartition);
  Status read = lines->Each([&](std::string_view line, std::int64_t number) {
    if (IsBlank(line)) return;
    ++run->counts.records;
    intake->Take(MakeRecord(line, number), {});
  });
  if (!read.ok()) return read;
  intake->Finish(until);
  return {};
}

Result<std::unique_ptr<EventDecoder>> MakeDecoder(
    const BacktestOptions& options, Lines* lines) {
  DecoderOptions decoder_options = options.decoder;
  if (options.preset) {
    decoder_options.preset = *options.preset;
  } else {
    const auto head = lines->Peek(kRecordsToRecognise);
    if (!head.ok()) return head.error();
    decoder_options.preset = RecognisePreset(head.value());
  }
  auto decoder = NewEventDecoder(decoder_options);
  if (!decoder.ok()) return decoder.error();
  if (!options.to) return decoder;
  return std::unique_ptr<EventDecoder>(
      std::make_unique<UntilDecoder>(std::move(decoder).value(), *options.to));
}

}  // namespace

Result<BacktestCounts> RunBacktest(const BacktestOptions& options,
                                   const std::shared_ptr<const RuleSet>& rules,
                                   ProfileStore* profiles,
                                   const SimulationOptions* gates,
                                   BacktestSink* sink) {
  Result<Lines> lines = Lines::Open(options.events, options.decoder.max_bytes);
  if (!lines.ok()) return lines.error();
  const auto decoder = MakeDecoder(options, &lines.value());
  if (!decoder.ok()) return decoder.error().WithContext(options.events);
  IntakeOptions intake = options.intake;
  intake.future_cap = std::nullopt;
  Run run(options.from, sink);
  const Duration lateness = intake.allowed_lateness + intake.reorder;
  if (auto started = run.Start(rules, profiles, gates, lateness);
      !started.ok()) {
    return started.error();
  }
  const Status taken =
      options.sort ? TakeSorted(&lines.value(), decoder.value().get(),
                                rules->symbols(), intake, options.until, &run)
                   : TakeInOrder(&lines.value(), decoder.value().get(),
                                 rules->symbols(), intake, options.until, &run);
  if (!taken.ok()) return taken.error().WithContext(options.events);
  if (!run.status().ok()) return run.status().error();
  return std::move(run.counts);
}

}  // namespace premura
