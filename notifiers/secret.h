// SPDX-License-Identifier: Apache-2.0
// Secret: a password, token or key. Cannot be printed, logged or compared by
// accident: only Reveal() gives it out, at the call that needs it.

#pragma once

#include <string>
#include <utility>

namespace premura {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  bool empty() const { return value_.empty(); }
  const std::string& Reveal() const { return value_; }

 private:
  std::string value_;
};

}  // namespace premura
