// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/backtest.h"

#include <utility>
#include <vector>

#include "daemon/backtest/lanes.h"
#include "daemon/simulation/decode_ahead.h"
#include "daemon/simulation/past_decoders.h"

namespace premura {
namespace {

constexpr std::size_t kRecordsToRecognise = 20;
constexpr std::uint32_t kPartition = 0;
constexpr std::uint64_t kRecordsPerProgress = 4096;

// Keeps from the caller's sink what is before `from`.
class Shown final : public BacktestSink {
 public:
  Shown(const std::optional<Timestamp>& from, BacktestSink* sink)
      : from_(from), sink_(sink) {}

  void OnDetection(const Detection& detection) override {
    if (from_ && detection.at < *from_) return;
    ++detections;
    sink_->OnDetection(detection);
  }
  void OnContact(const SimulatedContact& contact) override {
    if (!from_ || contact.at >= *from_) sink_->OnContact(contact);
  }
  void OnLeftOut(const LeftOut& one) override {
    if (!from_ || one.at >= *from_) sink_->OnLeftOut(one);
  }
  bool WantsEvents() const override { return sink_->WantsEvents(); }
  void OnEvent(const Event& event) override { sink_->OnEvent(event); }
  void OnProfile(const ProfileChange& change) override {
    sink_->OnProfile(change);
  }
  void OnEnd(Simulation* simulation) override { sink_->OnEnd(simulation); }

  std::uint64_t detections = 0;

 private:
  const std::optional<Timestamp> from_;
  BacktestSink* const sink_;
};

// From the intake to the lanes.
class ToLanes final : public IntakeSink {
 public:
  ToLanes(Lanes* lanes, const BacktestOptions& options)
      : lanes_(lanes), options_(options) {}

  void OnEvent(const Event& event) override {
    ++counts.events;
    if (!options_.from || event.time >= *options_.from) ++counts.shown_events;
    if (!counts.known_customers) {
      counts.known_customers =
          options_.profiles.contains(std::string(event.customer));
    }
    if (status.ok()) status = lanes_->Take(event);
  }
  void OnProfile(ProfileChange change) override {
    if (status.ok()) status = lanes_->Take(std::move(change));
  }
  void OnClock(Timestamp clock) override {
    if (status.ok()) status = lanes_->Advance(clock);
  }
  void OnRefused(const Record&, Refusal reason, std::string_view) override {
    ++counts.refused[reason];
  }
  void OnDuplicate() override { ++counts.duplicates; }
  void OnLate() override { ++counts.late; }
  void OnFutureTime() override {}

  BacktestCounts counts;
  Status status;

 private:
  Lanes* const lanes_;
  const BacktestOptions& options_;
};

// What makes the decoders, each like the others.
using MakeDecoder = std::function<Result<std::unique_ptr<EventDecoder>>()>;

Result<MakeDecoder> DecoderMaker(const BacktestOptions& options,
                                 PastEvents* events, std::uint64_t* not_yet) {
  DecoderOptions decoder_options = options.decoder;
  if (options.preset) {
    decoder_options.preset = *options.preset;
  } else {
    const auto head = events->Head(kRecordsToRecognise);
    if (!head.ok()) return head.error();
    decoder_options.preset = RecognisePreset(head.value());
  }
  return MakeDecoder([decoder_options, to = options.to, as_of = options.as_of,
                      reorder = options.intake.reorder, sort = options.sort,
                      not_yet]() -> Result<std::unique_ptr<EventDecoder>> {
    auto decoder = NewEventDecoder(decoder_options);
    if (!decoder.ok()) return decoder;
    if (as_of) {
      return NewAsOfDecoder(std::move(decoder).value(), *as_of, reorder, sort,
                            not_yet);
    }
    if (!to) return decoder;
    return NewUntilDecoder(std::move(decoder).value(), *to);
  });
}

// Counts records and shows how far they are read.
class Watched final : public PastEvents {
 public:
  Watched(PastEvents* events, const BacktestOptions& options,
          std::uint64_t* records)
      : events_(events), options_(options), records_(records) {}

  std::string name() const override { return events_->name(); }
  Result<std::vector<std::string>> Head(std::size_t most) override {
    return events_->Head(most);
  }
  Status Read(const Take& take) override {
    return events_->Read([&](const Record& record) {
      if (++*records_ % kRecordsPerProgress == 0 && options_.on_progress) {
        options_.on_progress(events_->Done());
      }
      return take(record);
    });
  }
  std::optional<double> Done() const override { return events_->Done(); }

 private:
  PastEvents* const events_;
  const BacktestOptions& options_;
  std::uint64_t* const records_;
};

// The records as they come, or decoded ahead where more cores work.
class Decoding {
 public:
  static Result<Decoding> Open(const MakeDecoder& make, int cores) {
    Decoding decoding;
    if (cores == 1) {
      auto decoder = make();
      if (!decoder.ok()) return decoder.error();
      decoding.decoder_ = std::move(decoder).value();
      return decoding;
    }
    auto ahead = NewDecodeAhead(cores, make);
    if (!ahead.ok()) return ahead.error();
    decoding.ahead_ = std::move(ahead).value();
    return decoding;
  }

  EventDecoder* decoder() const {
    return ahead_ ? ahead_->decoder() : decoder_.get();
  }
  Status Read(PastEvents* events, const PastEvents::Take& take) const {
    return ahead_ ? ahead_->Read(events, take) : events->Read(take);
  }

 private:
  std::unique_ptr<EventDecoder> decoder_;
  std::unique_ptr<DecodeAhead> ahead_;
};

// One pass over the events.
class Pass {
 public:
  Pass(PastEvents* events, const BacktestOptions& options, Decoding* decoding,
       const Symbols& symbols, ToLanes* to)
      : events_(events),
        options_(options),
        decoding_(decoding),
        symbols_(symbols),
        to_(to) {
    intake_options_ = options.intake;
    intake_options_.future_cap = std::nullopt;
    until_ = options.as_of ? *options.as_of - options.intake.reorder -
                                 options.intake.allowed_lateness
                           : options.until;
  }

  Status TakeInOrder() {
    decoding_->decoder()->Use(&symbols_);
    const auto intake = MakeIntake(decoding_->decoder());
    Status read = Read([&](const Record& record) { intake->Take(record, {}); });
    if (read.ok()) intake->Finish(until_);
    return read;
  }

  // Reads all, sorts, then lets the intake take it as it would from a file.
  Status TakeSorted() {
    DecodedEvents sorted;
    decoding_->decoder()->Use(&symbols_);
    Status read = Read([&](const Record& record) {
      decoding_->decoder()->Decode(record, &sorted);
    });
    if (!read.ok()) return read;
    sorted.Sort();
    const auto intake = MakeIntake(&sorted);
    Record record;
    for (std::size_t i = 0; i < sorted.size() && to_->status.ok(); ++i) {
      record.position = static_cast<std::int64_t>(i);
      intake->Take(record, {});
    }
    intake->Finish(until_);
    return {};
  }

 private:
  std::unique_ptr<Intake> MakeIntake(EventDecoder* decoder) {
    auto intake = NewIntake(intake_options_, decoder, to_);
    intake->AddPartition(kPartition);
    return intake;
  }

  template <typename Take>
  Status Read(const Take& take) {
    return decoding_->Read(events_, [&](const Record& record) {
      take(record);
      return to_->status;
    });
  }

  PastEvents* const events_;
  const BacktestOptions& options_;
  Decoding* const decoding_;
  const Symbols& symbols_;
  ToLanes* const to_;
  IntakeOptions intake_options_;
  std::optional<Timestamp> until_;
};

}  // namespace

Result<BacktestCounts> RunBacktest(PastEvents* events,
                                   const BacktestOptions& options,
                                   const std::shared_ptr<const RuleSet>& rules,
                                   BacktestSink* sink) {
  std::uint64_t not_yet = 0;
  const auto make = DecoderMaker(options, events, &not_yet);
  if (!make.ok()) return make.error().WithContext(events->name());
  auto decoding = Decoding::Open(make.value(), options.cores);
  if (!decoding.ok()) return decoding.error().WithContext(events->name());
  ProfileStore profiles;
  profiles.ReplaceFileLayer(options.profiles);
  SimulationOptions simulation;
  simulation.rules = rules;
  simulation.profiles = &profiles;
  simulation.gates = options.gates;
  simulation.self_preservation = options.self_preservation;
  simulation.lateness =
      options.intake.allowed_lateness + options.intake.reorder;
  // How many fall silent at once is counted over all customers.
  const int cores = options.self_preservation.enabled ? 1 : options.cores;
  Shown shown(options.from, sink);
  const auto lanes = NewLanes(cores, simulation, &shown);
  if (!lanes.ok()) return lanes.error();
  ToLanes to_lanes(lanes.value().get(), options);
  Watched watched(events, options, &to_lanes.counts.records);
  Pass pass(&watched, options, &decoding.value(), rules->symbols(), &to_lanes);
  const Status taken = options.sort ? pass.TakeSorted() : pass.TakeInOrder();
  if (!to_lanes.status.ok()) return to_lanes.status.error();
  if (!taken.ok()) return taken.error().WithContext(events->name());
  if (auto told = lanes.value()->Finish(); !told.ok()) return told.error();
  to_lanes.counts.detections = shown.detections;
  to_lanes.counts.not_yet = not_yet;
  return std::move(to_lanes.counts);
}

}  // namespace premura
