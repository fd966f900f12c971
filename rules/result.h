// SPDX-License-Identifier: Apache-2.0
// Result<T>: the value of an operation, or the words for why there is none.
//
// Context is added on the way up, outermost first: "ledger /x.db: cannot open:
// disk full". A Result that is ignored does not compile.

#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>

namespace premura {

struct Error {
  std::string message;

  // "<context>: <message>".
  [[nodiscard]] Error WithContext(const std::string& context) const {
    return Error{context + ": " + message};
  }
};

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : value_(std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return value_.has_value(); }

  // REQUIRES: ok().
  T& value() & {
    assert(ok());
    return *value_;
  }
  const T& value() const& {
    assert(ok());
    return *value_;
  }
  T&& value() && {
    assert(ok());
    return *std::move(value_);
  }

  // REQUIRES: !ok().
  const Error& error() const {
    assert(!ok());
    return error_;
  }

 private:
  std::optional<T> value_;
  Error error_;
};

// An operation without a value.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }

  // REQUIRES: !ok().
  const Error& error() const {
    assert(!ok());
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace premura
