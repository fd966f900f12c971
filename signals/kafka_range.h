// SPDX-License-Identifier: Apache-2.0
// KafkaRange: the records of topics between two instants, in an order that is
// the same each time: of the broker's time over all partitions, and in each
// partition as it stands. The bounds are offsets that are settled once, at the
// start: what is written later is not part of it.
//
// Joins no group and commits nothing: a daemon that reads the topics does not
// notice.
//
// Thread: one at a time.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/event_decoder.h"

namespace premura {

struct KafkaRangeOptions {
  std::vector<std::string> topics{};
  // librdkafka's properties: brokers, TLS, SASL, the person's. What concerns a
  // group is not looked at.
  std::map<std::string, std::string> properties{};
  // By the broker's time: the first record at or after `from`, up to before the
  // first at or after `to`. nullopt: all that is there.
  std::optional<Timestamp> from{};
  std::optional<Timestamp> to{};
  // A broker that says nothing for so long has failed.
  Duration patience = std::chrono::seconds(30);
};

class KafkaRange {
 public:
  virtual ~KafkaRange() = default;

  virtual std::int64_t records() const = 0;  // By offsets: at most so many.

  // Everything from the first record on, each time. `take` answers whether to
  // go on.
  using Take = std::function<bool(const Record&)>;
  virtual Status Read(const Take& take) = 0;
};

// Asks the brokers where the range lies.
Result<std::unique_ptr<KafkaRange>> OpenKafkaRange(KafkaRangeOptions options);

}  // namespace premura
