// SPDX-License-Identifier: Apache-2.0
// A channel's answers, waited for.

#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>

#include "notifiers/channel.h"
#include "notifiers/transfer.h"

namespace premura {

inline std::unique_ptr<TransferPool> NewPool(
    Duration longest = std::chrono::seconds(60)) {
  TransferPoolOptions options;
  options.longest = longest;
  return NewTransferPool(options).value();
}

// Its clock leaps by an hour when it is looked at for the `leap`th time, as if
// the process had slept right before.
inline std::unique_ptr<TransferPool> NewSleepyPool(int leap) {
  TransferPoolOptions options;
  options.boottime = [leap, looks = std::make_shared<std::atomic<int>>(0)] {
    const bool leapt = ++*looks >= leap;
    return leapt ? std::chrono::hours(1) : Duration::zero();
  };
  return NewTransferPool(options).value();
}

template <typename Value, typename Call>
Value Await(Call call, Value fallback) {
  // Shared: the answer may come after the wait has been given up.
  auto answer = std::make_shared<std::promise<Value>>();
  std::future<Value> future = answer->get_future();
  call([answer](Value value) { answer->set_value(std::move(value)); });
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    ADD_FAILURE() << "no answer within a minute";
    return fallback;
  }
  return future.get();
}

inline Outcome Deliver(Channel* channel, const Message& message) {
  return Await<Outcome>(
      [&](Channel::Done done) { channel->Deliver(message, std::move(done)); },
      Outcome{});
}

inline Outcome Find(Channel* channel, const Message& message) {
  return Await<Outcome>(
      [&](Channel::Done done) { channel->Find(message, std::move(done)); },
      Outcome{});
}

inline CheckResult CheckOf(Channel* channel) {
  return Await<CheckResult>(
      [&](std::function<void(CheckResult)> done) {
        channel->Check(std::move(done));
      },
      CheckResult{Reason::kTimeout, "no answer"});
}

// "" if all is well.
inline std::string Check(Channel* channel) { return CheckOf(channel).problem; }

inline TransferAnswer Fetch(TransferPool* pool, const std::string& url,
                            const std::string& method = "GET",
                            const std::string& body = "") {
  TransferRequest request;
  request.url = url;
  request.method = method;
  request.body = body;
  return Await<TransferAnswer>(
      [&](std::function<void(TransferAnswer)> done) {
        pool->Start(request, std::move(done));
      },
      TransferAnswer{});
}

}  // namespace premura
