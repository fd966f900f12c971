// SPDX-License-Identifier: Apache-2.0
// PastEvents: records of the past, from a file or a topic's range, that can be
// read more than once and are the same each time.
//
// Thread: one at a time.

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"
#include "signals/event_decoder.h"
#include "signals/kafka_range.h"

namespace premura {

class PastEvents {
 public:
  virtual ~PastEvents() = default;

  // For messages: the file's path, or the topic's name.
  virtual std::string name() const = 0;
  // The first records, at most so many; they come again in Read().
  virtual Result<std::vector<std::string>> Head(std::size_t most) = 0;

  // All records, as one partition. Fails if they can be read only once and have
  // been. An error of `take` ends it.
  using Take = std::function<Status(const Record&)>;
  virtual Status Read(const Take& take) = 0;
  // How much of a running Read() is done, 0 to 1; nullopt if nobody knows.
  virtual std::optional<double> Done() const = 0;
};

// JSON Lines, plain, .gz or .zst; "-" is standard input. Lines of white space
// are passed over; a longer line than `max_line` is cut behind it.
Result<std::unique_ptr<PastEvents>> OpenPastFile(const std::string& path,
                                                 std::size_t max_line);
// Of all partitions one stream, in order of the broker's time: as they came.
// Asks the brokers where the range lies.
Result<std::unique_ptr<PastEvents>> OpenPastTopics(KafkaRangeOptions options);

}  // namespace premura
