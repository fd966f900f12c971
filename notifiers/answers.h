// SPDX-License-Identifier: Apache-2.0
// Answers: how calls to channels, which end on any thread, come back to the
// outreach's. Thread-safe.

#pragma once

#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "notifiers/channel.h"

namespace premura {

// To a Check(): whether the outlet works.
struct CheckAnswer {
  std::string outlet;
  std::shared_ptr<Channel> channel;
  CheckResult result;
};

// To Deliver() or Find().
struct CallAnswer {
  std::uint64_t call = 0;
  Outcome outcome;
};

using Answer = std::variant<CallAnswer, CheckAnswer>;

class Answers {
 public:
  // `wake` is called, on any thread, after something came.
  explicit Answers(std::function<void()> wake) : wake_(std::move(wake)) {}

  void Put(Answer answer) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(answer));
    if (wake_) wake_();
  }

  // Moves what came to the end of `answers`.
  void TakeInto(std::vector<Answer>* answers) {
    const std::lock_guard lock(mutex_);
    std::move(answers_.begin(), answers_.end(), std::back_inserter(*answers));
    answers_.clear();
  }

  // Nobody listens any more: `wake` is not called after this returns.
  void Close() {
    const std::lock_guard lock(mutex_);
    wake_ = nullptr;
  }

 private:
  std::mutex mutex_;
  std::function<void()> wake_;
  std::vector<Answer> answers_;
};

}  // namespace premura
