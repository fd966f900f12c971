// SPDX-License-Identifier: Apache-2.0
#include "daemon/past_decoders.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

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

}  // namespace

std::unique_ptr<EventDecoder> NewUntilDecoder(
    std::unique_ptr<EventDecoder> inner, Timestamp to) {
  return std::make_unique<UntilDecoder>(std::move(inner), to);
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
