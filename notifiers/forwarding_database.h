// SPDX-License-Identifier: Apache-2.0
// ForwardingDatabase: a database that is another one, for what comes in
// between.

#pragma once

#include <memory>
#include <utility>

#include "notifiers/database.h"

namespace premura {

class ForwardingDatabase : public Database {
 public:
  explicit ForwardingDatabase(std::unique_ptr<Database> base)
      : base_(std::move(base)) {}

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    return base_->Run(sql, values, row);
  }
  std::int64_t Changes() const override { return base_->Changes(); }
  Status Script(std::string_view sql) override { return base_->Script(sql); }
  Status Begin() override { return base_->Begin(); }
  Status Commit() override { return base_->Commit(); }
  void Rollback() override { base_->Rollback(); }
  Status AllowLong() override { return base_->AllowLong(); }
  bool shared() const override { return base_->shared(); }
  Status Lock(const std::vector<std::string>& names) override {
    return base_->Lock(names);
  }
  Result<bool> TryLock(const std::string& name) override {
    return base_->TryLock(name);
  }
  std::string_view ForUpdate(Taken taken) const override {
    return base_->ForUpdate(taken);
  }

 protected:
  Database* base() { return base_.get(); }

 private:
  std::unique_ptr<Database> base_;
};

}  // namespace premura
