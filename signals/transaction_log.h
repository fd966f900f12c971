// SPDX-License-Identifier: Apache-2.0
// TransactionLog: what a changelog asks of Kafka. Behind it are librdkafka
// (kafka_transaction_log.cc) and, in tests, a simulated log with faults.
//
// Thread: one writes; what stands under "Reading" and "Heirs" another may call,
// too.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"
#include "rules/time.h"
#include "signals/checkpoint_sink.h"

namespace premura {

struct LogTrouble {
  enum class Kind {
    kNone,
    kRetry,   // The same call may be tried again.
    kAbort,   // The transaction is to be aborted, and done again.
    kFenced,  // The partitions have another owner.
    kFatal,   // The producer cannot be used any more.
  };
  Kind kind = Kind::kNone;
  std::string words{};

  bool ok() const { return kind == Kind::kNone; }
};

struct LogRecord {
  std::string_view key;
  std::optional<std::string_view> value;  // nullopt: what was there goes.
  std::string_view head;
};

class TransactionLog {
 public:
  virtual ~TransactionLog() = default;

  // --- Writing ---------------------------------------------------------------

  // Who writes, by its own name.
  virtual std::string writer() const = 0;
  // Begins anew: a transaction of this writer that was left open is aborted,
  // and whoever else writes by its name can no more.
  virtual LogTrouble Init() = 0;
  virtual LogTrouble Begin() = 0;
  virtual LogTrouble Append(std::uint32_t partition,
                            const LogRecord& record) = 0;
  // What the group has read, by the source's names, along with it. By then all
  // that was appended is in the log, undecided.
  virtual LogTrouble SendPositions(
      const std::map<std::string, std::int64_t>& positions,
      const Membership* membership) = 0;
  // After kRetry or kFatal nobody knows whether it was committed.
  virtual LogTrouble Commit() = 0;
  virtual LogTrouble Abort() = 0;

  // Any thread: whatever is under way, also of what follows, fails within a few
  // seconds, and so does each call after. Of a Commit() nobody knows then
  // whether it was done.
  virtual void Cancel() = 0;

  // --- Reading ---------------------------------------------------------------

  struct Ends {
    std::int64_t first = 0;   // What was before it has been deleted.
    std::int64_t stable = 0;  // Before it nothing is undecided,
    std::int64_t last = 0;    // and up to here something may be.
  };
  virtual Result<Ends> EndsOf(std::uint32_t partition) = 0;
  // Any thread: the log is not there any more, as it was said when its ends
  // were last asked for.
  virtual bool Gone() const { return false; }
  // What is committed from `from` to before `to`, in order.
  using Visit = std::function<void(const LogRecord&)>;
  virtual Status Read(std::uint32_t partition, std::int64_t from,
                      std::int64_t to, const Visit& visit) = 0;
  // What the group has committed of these; without those of which nothing is.
  // nullopt: that is undecided.
  using Committed = std::optional<std::map<std::string, std::int64_t>>;
  virtual Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) = 0;
  // How many records of each the group has not committed; does not wait for
  // what is undecided. A transaction's end counts as one.
  using Unread = std::map<std::string, std::int64_t>;
  virtual Result<Unread> UnreadOf(const std::vector<std::string>& inputs) = 0;
  // --- Heirs -----------------------------------------------------------------

  // Aborts, for good, the transaction that has the first undecided record
  // there. Not one of this writer, which Init() aborts.
  virtual LogTrouble AbortUndecided(std::uint32_t partition) = 0;
};

}  // namespace premura
