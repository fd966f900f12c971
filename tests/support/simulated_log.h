// SPDX-License-Identifier: Apache-2.0
// SimulatedBroker: a log with transactions as Kafka's are: writers by name and
// epoch, read_committed up to the first undecided record, positions of a group
// that count with their transaction, and ends of transactions that come late or
// twice and then end whatever their writer has open by then (KAFKA-17754).
//
// SimulatedLog: one process' way to it, with faults at any call.
//
// Thread: one.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "signals/transaction_log.h"

namespace premura {

class SimulatedMembership final : public Membership {
 public:
  explicit SimulatedMembership(std::uint64_t of) : generation(of) {}
  const std::uint64_t generation;
};

class SimulatedBroker {
 public:
  explicit SimulatedBroker(std::uint32_t partitions) : logs_(partitions) {}

  enum class Answer { kDone, kFenced, kNoTransaction, kIllegalGeneration };

  std::uint32_t Init(const std::string& id) {
    Writer& it = writers_[id];
    Finish(&it, false);
    return ++it.epoch;
  }
  // `begun`: the client has written there in this transaction.
  Answer Append(const std::string& id, std::uint32_t epoch, bool begun,
                std::uint32_t partition, const LogRecord& record) {
    Writer& it = writers_[id];
    if (it.epoch != epoch) return Answer::kFenced;
    if (begun && (!it.open || !it.open->partitions.contains(partition))) {
      return Answer::kNoTransaction;
    }
    Open(id)->partitions.insert(partition);
    Entry entry;
    entry.key = record.key;
    if (record.value) entry.value = std::string(*record.value);
    entry.head = record.head;
    entry.transaction = it.open;
    logs_[partition].push_back(std::move(entry));
    return Answer::kDone;
  }
  Answer SendPositions(const std::string& id, std::uint32_t epoch,
                       std::uint64_t of,
                       const std::map<std::string, std::int64_t>& positions) {
    Writer& it = writers_[id];
    if (it.epoch != epoch) return Answer::kFenced;
    if (of != generation) return Answer::kIllegalGeneration;
    for (const auto& [name, position] : positions) {
      Open(id)->positions[name] = position;
    }
    return Answer::kDone;
  }
  // Whatever is open.
  Answer End(const std::string& id, std::uint32_t epoch, bool commit) {
    Writer& it = writers_[id];
    if (it.epoch != epoch) return Answer::kFenced;
    Finish(&it, commit);
    return Answer::kDone;
  }
  void EndLate(std::string id, std::uint32_t epoch, bool commit) {
    late_.push_back({std::move(id), epoch, commit});
  }
  // Delivers one of those that are late, if there is any.
  bool DeliverLate(std::size_t dice) {
    if (late_.empty()) return false;
    const std::size_t at = dice % late_.size();
    const Late late = late_[at];
    late_.erase(late_.begin() + static_cast<std::ptrdiff_t>(at));
    (void)End(late.id, late.epoch, late.commit);
    return true;
  }

  TransactionLog::Ends EndsOf(std::uint32_t partition) const {
    const std::vector<Entry>& log = logs_[partition];
    std::size_t& stable = stable_[partition];  // It only grows.
    while (stable < log.size() &&
           log[stable].transaction->state != State::kOpen) {
      ++stable;
    }
    const auto first = first_.find(partition);
    return {first == first_.end() ? 0 : first->second,
            static_cast<std::int64_t>(stable),
            static_cast<std::int64_t>(log.size())};
  }
  // Whose the first is that is undecided; empty where there is none.
  std::string UndecidedWriterOf(std::uint32_t partition) const {
    const auto at = static_cast<std::size_t>(EndsOf(partition).stable);
    const std::vector<Entry>& log = logs_[partition];
    return at < log.size() ? log[at].transaction->writer : "";
  }
  void Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
            const TransactionLog::Visit& visit) const {
    const std::int64_t end = std::min(to, EndsOf(partition).stable);
    for (std::int64_t i = from; i < end; ++i) {
      const Entry& it = logs_[partition][static_cast<std::size_t>(i)];
      if (it.gone || it.transaction->state != State::kCommitted) continue;
      LogRecord record{it.key, {}, it.head};
      if (it.value) record.value = *it.value;
      visit(record);
    }
  }
  TransactionLog::Committed CommittedOf(
      const std::vector<std::string>& inputs) const {
    TransactionLog::Committed found(std::in_place);
    for (const std::string& name : inputs) {
      for (const auto& [id, it] : writers_) {
        if (it.open && it.open->positions.contains(name)) return {};
      }
      const auto it = committed_.find(name);
      if (it != committed_.end()) found->insert(*it);
    }
    return found;
  }

  // All but the newest of each key goes, before the last `kept` records.
  void Compact(std::uint32_t partition, std::size_t kept) {
    std::vector<Entry>& log = logs_[partition];
    const auto stable = static_cast<std::size_t>(EndsOf(partition).stable);
    if (stable <= kept) return;
    std::set<std::string> newer;
    for (std::size_t i = stable - kept; i-- > 0;) {
      if (log[i].transaction->state != State::kCommitted) continue;
      if (!newer.insert(log[i].key).second) log[i].gone = true;
    }
  }
  // What is before `first` is deleted, as by age.
  void Shorten(std::uint32_t partition, std::int64_t first) {
    first_[partition] = first;
  }
  // The topic is deleted, and another made in its place.
  void MakeAnew(std::uint32_t partition) {
    logs_[partition].clear();
    stable_[partition] = 0;
  }
  // Transactions that are open for too long are aborted.
  void TimeOut() {
    for (auto& [id, it] : writers_) {
      if (it.open) Init(id);
    }
  }

  std::uint64_t generation = 0;

 private:
  enum class State { kOpen, kCommitted, kAborted };
  struct Transaction {
    std::string writer;
    State state = State::kOpen;
    std::set<std::uint32_t> partitions{};
    std::map<std::string, std::int64_t> positions{};
  };
  struct Entry {
    std::string key;
    std::optional<std::string> value;
    std::string head;
    std::shared_ptr<Transaction> transaction;
    bool gone = false;  // Compacted; or it is the end of a transaction.
  };
  struct Writer {
    std::uint32_t epoch = 0;
    std::shared_ptr<Transaction> open;
  };
  struct Late {
    std::string id;
    std::uint32_t epoch;
    bool commit;
  };

  Transaction* Open(const std::string& id) {
    Writer& it = writers_[id];
    if (!it.open) it.open = std::make_shared<Transaction>(Transaction{id});
    return it.open.get();
  }
  void Finish(Writer* it, bool commit) {
    if (!it->open) return;
    const std::shared_ptr<Transaction> done = std::move(it->open);
    it->open = nullptr;
    done->state = commit ? State::kCommitted : State::kAborted;
    for (const std::uint32_t partition : done->partitions) {
      Entry end;
      end.transaction = done;
      end.gone = true;
      logs_[partition].push_back(std::move(end));
    }
    if (!commit) return;
    for (const auto& [name, position] : done->positions) {
      committed_[name] = position;
    }
  }

  std::vector<std::vector<Entry>> logs_;
  mutable std::map<std::uint32_t, std::size_t> stable_;
  std::map<std::uint32_t, std::int64_t> first_;
  std::map<std::string, Writer> writers_;
  std::map<std::string, std::int64_t> committed_;
  std::vector<Late> late_;
};

class SimulatedLog final : public TransactionLog {
 public:
  // `roll(n)` answers true once in `n` times, about.
  using Roll = std::function<bool(int)>;
  // `between` is called before each call of a transaction.
  SimulatedLog(
      std::string id, SimulatedBroker* broker, Roll roll,
      std::function<void()> between = [] {})
      : id_(std::move(id)),
        broker_(broker),
        roll_(std::move(roll)),
        between_(std::move(between)) {}

  std::string writer() const override { return id_; }

  LogTrouble Init() override {
    if (roll_(20)) return {LogTrouble::Kind::kRetry, "init: not sent"};
    epoch_ = broker_->Init(id_);
    suspect_ = false;
    if (roll_(20)) return {LogTrouble::Kind::kRetry, "init: no answer"};
    return {};
  }
  LogTrouble Begin() override {
    begun_.clear();
    if (suspect_ || roll_(50)) return {LogTrouble::Kind::kFatal, "begin"};
    return {};
  }
  LogTrouble Append(std::uint32_t partition, const LogRecord& record) override {
    between_();
    if (roll_(200)) return {LogTrouble::Kind::kAbort, "produce: timed out"};
    if (roll_(400)) return {LogTrouble::Kind::kFatal, "produce: fatal"};
    const bool begun = !begun_.insert(partition).second;
    return Of(broker_->Append(id_, epoch_, begun, partition, record));
  }
  LogTrouble SendPositions(const std::map<std::string, std::int64_t>& positions,
                           const Membership* membership) override {
    between_();
    if (roll_(20)) return {LogTrouble::Kind::kRetry, "offsets: not sent"};
    const auto answer = broker_->SendPositions(
        id_, epoch_,
        static_cast<const SimulatedMembership*>(membership)->generation,
        positions);
    if (roll_(20)) return {LogTrouble::Kind::kRetry, "offsets: no answer"};
    return Of(answer);
  }
  LogTrouble Commit() override { return End(true); }
  LogTrouble Abort() override { return End(false); }

  Result<Ends> EndsOf(std::uint32_t partition) override {
    if (roll_(50)) return Error{"ends: no answer"};
    return broker_->EndsOf(partition);
  }
  Status Read(std::uint32_t partition, std::int64_t from, std::int64_t to,
              const Visit& visit) override {
    if (roll_(50)) return Error{"read: no answer"};
    if (from < broker_->EndsOf(partition).first) {
      return Error{"read: out of range"};
    }
    broker_->Read(partition, from, to, visit);
    return {};
  }
  Result<Committed> CommittedOf(
      const std::vector<std::string>& inputs) override {
    if (roll_(50)) return Error{"committed: no answer"};
    return broker_->CommittedOf(inputs);
  }
  Result<Unread> UnreadOf(const std::vector<std::string>& /*inputs*/) override {
    return Error{"nobody knows"};
  }
  void Cancel() override {}  // Nothing takes any time.
  LogTrouble AbortUndecided(std::uint32_t partition) override {
    if (roll_(10)) return {LogTrouble::Kind::kRetry, "abort: not sent"};
    const std::string writer = broker_->UndecidedWriterOf(partition);
    if (!writer.empty() && writer != id_) broker_->Init(writer);
    return {};
  }

 private:
  static LogTrouble Of(SimulatedBroker::Answer answer) {
    switch (answer) {
      case SimulatedBroker::Answer::kDone:
        return {};
      case SimulatedBroker::Answer::kFenced:
        return {LogTrouble::Kind::kFatal, "the epoch is an old one"};
      case SimulatedBroker::Answer::kNoTransaction:
        return {LogTrouble::Kind::kFatal, "no such transaction"};
      case SimulatedBroker::Answer::kIllegalGeneration:
        break;
    }
    return {LogTrouble::Kind::kFenced, "the generation is an old one"};
  }

  // Its packet gets lost or is late, which the client notices; or it is sent
  // twice and one of them is late, which the client may notice.
  LogTrouble End(bool commit) {
    between_();
    if (roll_(30)) {
      suspect_ = true;
      return {LogTrouble::Kind::kRetry, "end: not sent"};
    }
    if (roll_(15)) {
      suspect_ = true;
      broker_->EndLate(id_, epoch_, commit);
      return {LogTrouble::Kind::kRetry, "end: late"};
    }
    const auto answer = broker_->End(id_, epoch_, commit);
    if (roll_(8)) {
      suspect_ = roll_(2);
      broker_->EndLate(id_, epoch_, commit);
    }
    if (roll_(30)) {
      suspect_ = true;
      return {LogTrouble::Kind::kRetry, "end: no answer"};
    }
    return Of(answer);
  }

  const std::string id_;
  SimulatedBroker* const broker_;
  const Roll roll_;
  const std::function<void()> between_;
  std::uint32_t epoch_ = 0;
  bool suspect_ = false;
  std::set<std::uint32_t> begun_;
};

}  // namespace premura
