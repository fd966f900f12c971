// SPDX-License-Identifier: Apache-2.0
// Source: where records come from. Kafka (signals/kafka_source.cc) and files
// (signals/file_source.cc) stand behind this interface.
//
// Thread: all calls from one thread, the source's, but for Interrupt() and
// Health().

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
#include "signals/event_decoder.h"

namespace premura {

// Next position to read, per partition number of the source.
using Positions = std::map<std::uint32_t, std::int64_t>;

// Where a source has come to in one of its partitions.
struct PartitionPlace {
  std::uint32_t number = 0;
  std::string name{};         // As Origin() says it.
  std::string identity{};     // As Identity() does.
  std::int64_t position = 0;  // -1: where the group is, and nothing before.
  // Records before this had been read in a life of which nothing is left but
  // what it wrote to the ledger. At most `position`, unless it is being made up
  // for.
  std::int64_t known = 0;
};

// Where a partition is read from.
struct PartitionStart {
  bool resumed = false;    // From where Resume() said.
  std::string why{};       // It is not, though Resume() said so.
  std::int64_t known = 0;  // As in PartitionPlace.
};

class Membership;  // checkpoint_sink.h

class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void OnRecord(const Record& record) = 0;
  // Partition is now ours / no longer ours. On revocation the sink must not
  // count on anything it has not committed. Called inside Poll. Of a source
  // that holds its partitions (Source::Begin()) `start` says nothing.
  virtual void OnAssigned(std::uint32_t partition,
                          const PartitionStart& start) = 0;
  virtual void OnRevoked(std::uint32_t partition) = 0;
  // All there was in the partition has been read (Kafka: PARTITION_EOF): the
  // clock may follow the wall until the next record.
  virtual void OnCaughtUp(std::uint32_t partition) = 0;
  // Before partitions are given back in order: a chance to finish and commit
  // what was read. Called inside Poll, bounded by `limit`.
  virtual void OnRevoking(Duration limit) = 0;
};

struct SourceHealth {
  bool reachable = true;       // Some partition (or the file) can be read.
  std::size_t partitions = 0;  // Assigned.
  // Records behind, over all partitions that have begun; -1 unknown.
  std::int64_t lag = 0;
  std::string problem;  // In words, if not reachable.
  std::uint64_t rebalances = 0;
  // Its group has said which partitions are its own, if any.
  bool joined = true;
};

class Source {
 public:
  virtual ~Source() = default;

  // "product-events/3" for a partition number; for dead letters and logs.
  virtual std::string Origin(std::uint32_t partition) const = 0;
  // What tells it from another of that name, as far as can be told.
  virtual std::string Identity(std::uint32_t /*partition*/) const { return {}; }

  // Before the first Poll(): these partitions keep their numbers, and are read
  // from there on as far as that is still right; OnAssigned() says.
  virtual void Resume(const std::vector<PartitionPlace>& places) = 0;

  // Of a source that holds its partitions (KafkaOptions::hold): none is read
  // before it has begun, and was fetched. `place` as for Resume(); nullptr:
  // nothing is known of it. REQUIRES: it is ours.
  virtual PartitionStart Begin(std::uint32_t /*partition*/,
                               const PartitionPlace* /*place*/) {
    return {};
  }
  // Reads all that has begun.
  virtual void Fetch() {}
  // It is read no more until it begins again, or goes on from where it was.
  virtual void Hold(std::uint32_t /*partition*/) {}
  // REQUIRES: it is ours, and had begun before it was held.
  virtual void GoOn(std::uint32_t /*partition*/) {}
  // The partition's number in its topic.
  virtual std::uint32_t NumberInTopic(std::uint32_t partition) const {
    return partition;
  }
  // As what it has its partitions now.
  virtual std::shared_ptr<const Membership> AsMember() const { return nullptr; }

  // Hands at most `max` records to `sink` and waits at most `wait` for the
  // first. Answers how many; `ended` is set when no more will ever come (a file
  // that does not loop). A failure is final for this source: say why and stop.
  struct Polled {
    std::size_t records = 0;
    bool ended = false;
  };
  virtual Result<Polled> Poll(RecordSink* sink, std::size_t max,
                              Duration wait) = 0;

  // All before these positions is in the ledger. Asynchronous; the last one is
  // settled in Close().
  virtual void Commit(const Positions& positions) = 0;

  // Leaves the group in order, after settling the last Commit().
  virtual void Close() = 0;

  // From any thread: makes a waiting Poll return soon.
  virtual void Interrupt() = 0;
  virtual SourceHealth Health() const = 0;
};

struct KafkaOptions {
  std::vector<std::string> topics{};
  // librdkafka's properties, complete: brokers, group, TLS, SASL, the person's.
  std::map<std::string, std::string> properties{};
  // Receives librdkafka's log lines and errors: (level 0..7, text).
  std::function<void(int, const std::string&)> log{};
  // Where a checkpoint does not say how to go on, what the group has committed
  // is read again from this instant on (of the broker's), as
  // PartitionStart::known says.
  std::optional<Timestamp> make_up_from{};
  // Partitions are held, see Source::Begin(), and who commits positions is
  // another: Commit() must not be called.
  bool hold = false;
};

// The properties librdkafka knows, for "did you mean".
std::vector<std::string> KafkaPropertyNames();
// Those that premura sets itself and a configuration must not.
const std::vector<std::string>& OwnedKafkaProperties();
// Checks one property against librdkafka; the error says what is wrong.
Status CheckKafkaProperty(const std::string& name, const std::string& value);

Result<std::unique_ptr<Source>> NewKafkaSource(KafkaOptions options);

struct FileOptions {
  std::string path{};  // JSON Lines, plain, gzip or zstd; "-": standard input
  // Records per event time: 1 is as recorded, 60 an hour a minute; 0: as fast
  // as it goes.
  double speed = 0;
  // The record's event time. Needed by `speed`, `shift_to` and `sort`.
  std::function<std::optional<Timestamp>(const Record&)> time_of{};
  // Steady time that has passed since some instant. Needed by `speed`.
  std::function<Duration()> elapsed{};
  // Moves all times alike, so that the first record's becomes this: a recorded
  // file looks as if it arrived now.
  std::optional<Timestamp> shift_to{};
  // Under `speed`: what lies beyond is not waited for.
  std::optional<Timestamp> last{};
  bool sort = false;  // Whole file in memory, stably by time_of.
  // A longer line is cut at max_line + 1 bytes, for the decoder to refuse.
  std::size_t max_line = std::size_t{1} << 20;
};

Result<std::unique_ptr<Source>> NewFileSource(FileOptions options);

// Lines of a file, packed or not; for profiles and tests too.
class LineReader {
 public:
  virtual ~LineReader() = default;
  // False at the end. `line` lives until the next call. A line longer than
  // `max_line` is handed over cut at max_line + 1 bytes.
  virtual Result<bool> Next(std::string_view* line) = 0;
  // How much of the file has been read, 0 to 1; nullopt if nobody knows (what
  // is no plain file).
  virtual std::optional<double> Done() const = 0;
};
Result<std::unique_ptr<LineReader>> OpenLines(const std::string& path,
                                              std::size_t max_line);

}  // namespace premura
