// SPDX-License-Identifier: Apache-2.0
#include "notifiers/measured_database.h"

#include <utility>

namespace premura {
namespace {

using Clock = std::chrono::steady_clock;

class MeasuredDatabase final : public Database {
 public:
  MeasuredDatabase(std::unique_ptr<Database> base,
                   std::function<void(std::chrono::duration<double>)> took)
      : base_(std::move(base)), took_(std::move(took)) {}

  using Database::Run;
  Status Run(std::string_view sql, const std::vector<SqlValue>& values,
             const std::function<bool(const SqlRow&)>& row) override {
    return base_->Run(sql, values, row);
  }
  std::int64_t Changes() const override { return base_->Changes(); }
  Status Script(std::string_view sql) override { return base_->Script(sql); }

  Status Begin() override {
    began_ = Clock::now();
    return base_->Begin();
  }
  Status Commit() override {
    auto status = base_->Commit();
    if (status.ok()) took_(Clock::now() - began_);
    return status;
  }
  void Rollback() override { base_->Rollback(); }

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

 private:
  std::unique_ptr<Database> base_;
  std::function<void(std::chrono::duration<double>)> took_;
  Clock::time_point began_;
};

}  // namespace

std::unique_ptr<Database> Measured(
    std::unique_ptr<Database> database,
    std::function<void(std::chrono::duration<double>)> took) {
  return std::make_unique<MeasuredDatabase>(std::move(database),
                                            std::move(took));
}

}  // namespace premura
