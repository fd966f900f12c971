// SPDX-License-Identifier: Apache-2.0
// Decoders of a backtest: one that leaves out what is too new, and one that
// gives what was decoded before, in order of time.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "signals/event.h"
#include "signals/event_decoder.h"

namespace premura {

// Passes on what is before `to`.
std::unique_ptr<EventDecoder> NewUntilDecoder(
    std::unique_ptr<EventDecoder> inner, Timestamp to);

// Passes on what a daemon had taken at the instant `at`: a file tells when an
// event came only by its place, so from the first that is newer than `at` on
// none had come yet, be it older or not; and those of the last `reorder` before
// `at` were held back still. With `sorted` the place says nothing. Counts in
// `not_yet` what is not newer than `at`, and had not come.
std::unique_ptr<EventDecoder> NewAsOfDecoder(
    std::unique_ptr<EventDecoder> inner, Timestamp at, Duration reorder,
    bool sorted, std::uint64_t* not_yet);

// Takes what another decodes; then, sorted or as it came, decodes it again,
// once: a record's position says which.
class DecodedEvents final : public DecodeSink, public EventDecoder {
 public:
  void OnEvent(const Event& event) override;
  void OnProfile(ProfileChange change, Timestamp time) override;
  void OnRefused(Refusal reason, std::string_view detail) override;

  // Stably, by time.
  void Sort();
  // Keeps the memory for the next use.
  void Clear();
  // Positions are below it.
  std::size_t size() const { return order_.size(); }

  void Decode(const Record& record, DecodeSink* sink) override;
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

}  // namespace premura
