// SPDX-License-Identifier: Apache-2.0
// DecodeAhead: the records of the past decoded by several threads, a few
// batches ahead of whoever takes the events, and handed on in the order of the
// records: the same events for any number of threads, from a file, packed or
// not, or a topic.
//
// Thread: one at a time; what is handed on is handed on in it.

#pragma once

#include <functional>
#include <memory>

#include "daemon/simulation/past_events.h"
#include "rules/result.h"
#include "signals/event_decoder.h"

namespace premura {

class DecodeAhead {
 public:
  virtual ~DecodeAhead() = default;

  // Decodes the records that Read() gives, each once.
  virtual EventDecoder* decoder() = 0;
  // As PastEvents::Read(), but with a record for each event: its position
  // counts them.
  virtual Status Read(PastEvents* events, const PastEvents::Take& take) = 0;
};

// `make` makes a decoder for each thread. REQUIRES: threads >= 1.
Result<std::unique_ptr<DecodeAhead>> NewDecodeAhead(
    int threads,
    const std::function<Result<std::unique_ptr<EventDecoder>>()>& make);

}  // namespace premura
