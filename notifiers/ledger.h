// SPDX-License-Identifier: Apache-2.0
// Ledger: the durable memory: every detection, every decision (sent or not),
// every delivery and its attempts (outbox.h), switches and profiles. `premura
// explain` answers from it (explain.h).
//
// Thread: one Ledger per thread; each opens its own connection. Several
// processes may have the same ledger open. Times are epoch milliseconds UTC.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "notifiers/case_record.h"
#include "notifiers/database.h"
#include "notifiers/gates.h"
#include "rules/result.h"
#include "rules/time.h"
#include "signals/said.h"

namespace premura {

// The switch that stops every contact, of every rule, until it is lifted. It
// stands in the ledger: it survives restarts, and whoever can write the ledger
// can set it while the daemon runs.
struct StopAll {
  bool on = false;
  std::string by;  // Who changed it last; empty: never changed.
  Timestamp since{};
};

struct DecisionRecord {
  std::string detection;
  int action = 0;  // Place among the rule's actions.
  std::string channel;
  std::string template_name;
  std::string rule_hash;
  Verdict verdict;
  Timestamp at{};
};

// A way out, as the daemon last found it.
struct OutletRecord {
  std::string name;  // "email", "ticket:rt"
  bool usable = true;
  std::string problem;
  Timestamp since{};
};

class Ledger {
 public:
  enum class Access {
    kWrite,  // Creates the file and brings the schema up to date.
    kRead,   // Looks only; the file must be there, of this schema.
  };
  static Result<std::unique_ptr<Ledger>> Open(const DatabaseAddress& address,
                                              Access access);
  static Result<std::unique_ptr<Ledger>> Open(
      std::unique_ptr<Database> database, Access access);

  // Writes below belong to the caller's transaction, if one is open. After a
  // failure the caller rolls back.
  Status Begin() { return database_->Begin(); }
  Status Commit() { return database_->Commit(); }
  void Rollback() { database_->Rollback(); }

  Result<bool> HasDetection(const std::string& id);
  // `counted`: it led to a send or a hold.
  Status AddDetection(const CaseRecord& record, bool counted,
                      Timestamp recorded_at);
  Result<std::optional<CaseRecord>> FindDetection(const std::string& id);
  Status AddDecision(const DecisionRecord& decision);
  // Of one detection, in the order of its rule's actions.
  Result<std::vector<DecisionRecord>> Decisions(const std::string& detection);

  // What events have said of a customer.
  Status PutProfile(const std::string& customer, const SaidByEvents& said);
  Result<SaidByEvents> ReadProfile(const std::string& customer);
  Status EachProfile(const std::function<void(std::string_view customer,
                                              SaidByEvents)>& visit);

  // Whether any instance has kept state beside this ledger before.
  Result<bool> KnowsStates();
  Status AddState(const std::string& instance);

  Result<StopAll> ReadStopAll();
  // Tries for half a minute while others write.
  Status SetStopAll(const StopAll& stop_all);

  Status PutOutlet(const OutletRecord& outlet);
  Status RemoveOutlet(const std::string& name);
  Result<std::vector<OutletRecord>> Outlets();

  // Deletes at most `most` detections recorded before `before`, with all that
  // hangs on them, unless one of their deliveries may still go out, is in
  // doubt, or was a contact since then. Answers how many.
  Result<int> Forget(Timestamp before, int most);

  Database* database() { return database_.get(); }

 private:
  explicit Ledger(std::unique_ptr<Database> database);
  Status WriteStopAll(const StopAll& stop_all);
  std::unique_ptr<Database> database_;
};

// For binding to statements.
SqlValue ToSql(Timestamp at);
SqlValue ToSql(const std::optional<Timestamp>& at);
SqlValue ToSql(std::string_view text);
SqlValue ToSql(int number);
SqlValue ToSql(bool flag);
std::optional<Timestamp> ReadTime(const SqlRow& row, int column);
// The time that the query answers with, in its only row and column.
Result<std::optional<Timestamp>> QueryTime(Database* database,
                                           std::string_view sql,
                                           const std::vector<SqlValue>& values);

}  // namespace premura
