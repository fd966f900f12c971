// SPDX-License-Identifier: Apache-2.0
#include "notifiers/measured_database.h"

#include <utility>

#include "notifiers/forwarding_database.h"

namespace premura {
namespace {

using Clock = std::chrono::steady_clock;

class MeasuredDatabase final : public ForwardingDatabase {
 public:
  MeasuredDatabase(std::unique_ptr<Database> base,
                   std::function<void(std::chrono::duration<double>)> took)
      : ForwardingDatabase(std::move(base)), took_(std::move(took)) {}

  Status Begin() override {
    began_ = Clock::now();
    return base()->Begin();
  }
  Status Commit() override {
    auto status = base()->Commit();
    if (status.ok()) took_(Clock::now() - began_);
    return status;
  }

 private:
  const std::function<void(std::chrono::duration<double>)> took_;
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
