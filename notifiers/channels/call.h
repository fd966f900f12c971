// SPDX-License-Identifier: Apache-2.0
// What the channels that call a server have in common: the meaning of faults
// and HTTP statuses, URLs, and callbacks that a destroyed channel does not get.

#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "notifiers/channel.h"
#include "notifiers/transfer.h"

namespace premura {

// "https://rt.example.com:8080" of a URL.
std::string SchemeAndHost(std::string_view url);

// The URL without slashes at its end.
std::string WithoutSlash(std::string url);

Outcome MakeOutcome(Outcome::Verdict verdict, Reason reason,
                    std::string detail);

// REQUIRES: answer.fault != kNone.
Outcome OutcomeOfFault(const TransferAnswer& answer);

// What an HTTP status means that is not 2xx, if the call may have had an effect
// when the server says 5xx. REQUIRES: answer.fault == kNone.
Outcome OutcomeOfStatus(const TransferAnswer& answer);

// "422: Subject cannot be blank", addresses masked, at most 300 characters.
std::string Excerpt(const TransferAnswer& answer);

// A failed look-up before anything was sent: not unknown, but to be retried.
Outcome BeforeSending(Outcome outcome);

// The words of an outcome that is not kDelivered, for Check().
Status StatusOf(const Outcome& outcome);

// What a failed check says: the other side is away, or we are set up wrongly.
Reason WhyUnusable(const Outcome& outcome);

// Callbacks made by Guard() do nothing once the Lifeline is gone. A channel's
// last member, so that it ends first.
class Lifeline {
 public:
  Lifeline() : state_(std::make_shared<State>()) {}
  ~Lifeline() {
    const std::lock_guard lock(state_->mutex);
    state_->alive = false;
  }
  Lifeline(const Lifeline&) = delete;
  Lifeline& operator=(const Lifeline&) = delete;

  // `function` may destroy the channel as its last act.
  template <typename Function>
  auto Guard(Function function) const {
    return [state = state_, function = std::move(function)](auto&& argument) {
      const std::lock_guard lock(state->mutex);
      if (state->alive) {
        function(std::forward<decltype(argument)>(argument));
      }
    };
  }

 private:
  struct State {
    std::recursive_mutex mutex;  // Recursive: see Guard().
    bool alive = true;           // Guarded by mutex.
  };
  std::shared_ptr<State> state_;
};

}  // namespace premura
