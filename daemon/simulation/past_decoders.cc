// SPDX-License-Identifier: Apache-2.0
#include "daemon/simulation/past_decoders.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

// Passes on what `Passes` lets, by its time.
template <typename Passes>
class FilteringDecoder final : public EventDecoder {
 public:
  FilteringDecoder(std::unique_ptr<EventDecoder> inner, Passes passes)
      : inner_(std::move(inner)), sink_(std::move(passes)) {}

  void Decode(const Record& record, DecodeSink* sink) override {
    sink_.to = sink;
    inner_->Decode(record, &sink_);
  }
  void Use(const Symbols* symbols) override { inner_->Use(symbols); }

 private:
  struct Filter final : DecodeSink {
    explicit Filter(Passes passes) : passes_(std::move(passes)) {}
    void OnEvent(const Event& event) override {
      if (passes_(event.time)) to->OnEvent(event);
    }
    void OnProfile(ProfileChange change, Timestamp time) override {
      if (passes_(time)) to->OnProfile(std::move(change), time);
    }
    void OnRefused(Refusal reason, std::string_view detail) override {
      to->OnRefused(reason, detail);
    }
    DecodeSink* to = nullptr;

   private:
    Passes passes_;
  };

  std::unique_ptr<EventDecoder> inner_;
  Filter sink_;
};

class HadCome {
 public:
  HadCome(Timestamp at, Duration reorder, bool sorted, std::uint64_t* not_yet)
      : at_(at), reorder_(reorder), sorted_(sorted), not_yet_(not_yet) {}

  bool operator()(Timestamp time) {
    if (time > at_) over_ = !sorted_;
    if (time > at_ || (over_ && ++*not_yet_ > 0)) return false;
    return time + reorder_ <= at_;
  }

 private:
  const Timestamp at_;
  const Duration reorder_;
  const bool sorted_;
  std::uint64_t* const not_yet_;
  bool over_ = false;
};

template <typename Passes>
std::unique_ptr<EventDecoder> Filtering(std::unique_ptr<EventDecoder> inner,
                                        Passes passes) {
  return std::make_unique<FilteringDecoder<Passes>>(std::move(inner),
                                                    std::move(passes));
}

}  // namespace

std::unique_ptr<EventDecoder> NewUntilDecoder(
    std::unique_ptr<EventDecoder> inner, Timestamp to) {
  return Filtering(std::move(inner),
                   [to](Timestamp time) { return time < to; });
}

std::unique_ptr<EventDecoder> NewAsOfDecoder(
    std::unique_ptr<EventDecoder> inner, Timestamp at, Duration reorder,
    bool sorted, std::uint64_t* not_yet) {
  return Filtering(std::move(inner), HadCome(at, reorder, sorted, not_yet));
}

void DecodedEvents::OnEvent(const Event& event) {
  order_.push_back({event.time, Kind::kEvent, events_});
  batch_.Add(event);
  ++events_;
}

void DecodedEvents::OnProfile(ProfileChange change, Timestamp time) {
  order_.push_back({time, Kind::kProfile, changes_.size()});
  changes_.push_back({std::move(change), time});
}

void DecodedEvents::OnRefused(Refusal reason, std::string_view detail) {
  refused_.push_back({reason, std::string(detail)});
  order_.push_back({Timestamp{}, Kind::kRefused, refused_.size() - 1});
}

void DecodedEvents::Sort() {
  std::stable_sort(
      order_.begin(), order_.end(),
      [](const Place& a, const Place& b) { return a.time < b.time; });
}

void DecodedEvents::Clear() {
  batch_.Clear();
  events_ = 0;
  changes_.clear();
  refused_.clear();
  order_.clear();
}

void DecodedEvents::Decode(const Record& record, DecodeSink* sink) {
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

}  // namespace premura
