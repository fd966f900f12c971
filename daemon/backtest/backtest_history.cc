// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/backtest_history.h"

#include <algorithm>
#include <utility>

namespace premura {
namespace {

constexpr std::size_t kFoundKept = 200;  // Detections, and contacts.

std::int64_t MinuteOf(Timestamp at) {
  return std::chrono::floor<std::chrono::minutes>(at)
      .time_since_epoch()
      .count();
}

}  // namespace

void Minutes::Add(Timestamp at) {
  const std::int64_t minute = MinuteOf(at);
  if (last_ == nullptr || minute != last_minute_) {
    last_ = &counts_[minute];  // Stays where it is when the map grows.
    last_minute_ = minute;
  }
  ++*last_;
}

std::vector<std::uint64_t> Minutes::Bars(Timestamp from, Duration width,
                                         std::size_t count) const {
  std::vector<std::uint64_t> bars(count);
  for (const auto& [minute, number] : counts_) {
    const Duration after = Timestamp(std::chrono::minutes(minute)) - from;
    const auto bar = static_cast<std::size_t>(after / width);
    if (bar < count) bars[bar] += number;
  }
  return bars;
}

void BacktestHistory::OnEvent(const Event& event) {
  Timeline& timeline = TimelineOf(event.customer);
  std::vector<Timeline::Event>& events = timeline.events;
  if (events.size() >= kEventsKept) {
    ++timeline.left_out;
  } else {
    if (timeline.detections.empty() && events.size() >= kEventsBefore) {
      constexpr std::size_t kHalf = kEventsBefore / 2;
      events.erase(events.begin(), events.begin() + kHalf);
      timeline.left_out += kHalf;
    }
    events.push_back({event.time, NameOf(event.name)});
  }
  if (event.time < from_) return;
  Show(event.time);
  ++event_count_;
  if (!std::exchange(timeline.shown, true)) ++customer_count_;
  events_.Add(event.time);
}

void BacktestHistory::OnDetection(const Detection& detection) {
  Show(detection.at);
  Timeline& timeline = TimelineOf(detection.customer);
  if (timeline.events.size() >= kEventsKept) KeepEvidence(detection, &timeline);
  if (timeline.detections.size() < kFoundKept) {
    timeline.detections.push_back({detection.at, detection.rule->id});
  } else {
    ++timeline.left_out;
  }
}

void BacktestHistory::OnContact(const SimulatedContact& contact) {
  Show(contact.at);
  Timeline& timeline = TimelineOf(contact.customer);
  if (contact.what == SimulatedContact::What::kSent) {
    sent_[contact.channel].Add(contact.at);
    ++sent_count_;
    ++timeline.sent;
  }
  if (timeline.contacts.size() < kFoundKept) {
    timeline.contacts.push_back(contact);
  } else {
    ++timeline.left_out;
  }
}

std::optional<std::pair<Timestamp, Timestamp>> BacktestHistory::Period() const {
  if (first_ > last_) return std::nullopt;
  return std::pair(first_, last_);
}

std::vector<const Timeline*> BacktestHistory::Timelines(std::size_t most,
                                                        std::size_t* of) const {
  std::vector<const Timeline*> found;
  for (const auto& [customer, timeline] : timelines_) {
    if (!timeline.detections.empty()) found.push_back(&timeline);
  }
  *of = found.size();
  std::sort(found.begin(), found.end(),
            [](const Timeline* a, const Timeline* b) {
              if (a->sent != b->sent) return a->sent > b->sent;
              if (a->detections.size() != b->detections.size()) {
                return a->detections.size() > b->detections.size();
              }
              return a->customer < b->customer;
            });
  found.resize(std::min(most, found.size()));
  return found;
}

Timeline& BacktestHistory::TimelineOf(std::string_view customer) {
  const auto found = timelines_.find(customer);
  if (found != timelines_.end()) return found->second;
  Timeline& timeline =
      timelines_.try_emplace(std::string(customer)).first->second;
  timeline.customer = customer;
  return timeline;
}

// An event may be in the evidence of several rules: it is kept once.
void BacktestHistory::KeepEvidence(const Detection& detection,
                                   Timeline* timeline) {
  std::vector<Timeline::Event>& events = timeline->events;
  const Timestamp all_kept_until = events[kEventsKept - 1].at;
  for (const EvidenceEvent& evidence : detection.evidence) {
    if (events.size() >= kEventsKept + kEvidenceKept) return;
    if (evidence.at <= all_kept_until) continue;
    const Timeline::Event event = {evidence.at, NameOf(evidence.name)};
    const bool known =
        std::any_of(events.begin() + kEventsKept, events.end(),
                    [&](const Timeline::Event& kept) {
                      return kept.at == event.at && kept.name == event.name;
                    });
    // What a detection stands on may be another, which is shown as one.
    if (known || evidence.name.starts_with("detection:")) continue;
    events.push_back(event);
    if (timeline->left_out > 0) --timeline->left_out;
  }
}

std::uint32_t BacktestHistory::NameOf(std::string_view name) {
  const auto found = name_numbers_.find(name);
  if (found != name_numbers_.end()) return found->second;
  const auto number = static_cast<std::uint32_t>(names_.size());
  names_.emplace_back(name);
  name_numbers_.emplace(std::string(name), number);
  return number;
}

void BacktestHistory::Show(Timestamp at) {
  first_ = std::min(first_, at);
  last_ = std::max(last_, at);
}

}  // namespace premura
