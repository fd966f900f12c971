// SPDX-License-Identifier: Apache-2.0
// ProgressBar: how much is done and how long the rest will take, on one line of
// a terminal that is written over and at last wiped, or says how fast it was.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <optional>

#include "rules/time.h"

namespace premura {

class ProgressBar {
 public:
  // `elapsed`: steady time since some instant. Both must outlive it.
  ProgressBar(std::ostream* out, std::function<Duration()> elapsed);
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `done`: 0 to 1; nullopt if nobody knows. May be called often.
  void Show(std::optional<double> done);
  // Wipes the line.
  void Clear();
  // Wipes it, and says how long so many events took.
  void End(std::uint64_t events);

 private:
  std::ostream* const out_;
  const std::function<Duration()> elapsed_;
  const Duration begun_;
  std::optional<Duration> shown_;
};

}  // namespace premura
