// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channels/call.h"

#include <fmt/format.h>

#include "notifiers/text.h"

namespace premura {

using Verdict = Outcome::Verdict;

std::string SchemeAndHost(std::string_view url) {
  const std::size_t host = url.find("://");
  if (host == std::string_view::npos) return std::string(url);
  const std::size_t end = url.find_first_of("/?#", host + 3);
  std::string_view authority = url.substr(
      host + 3, end == std::string_view::npos ? end : end - host - 3);
  if (const std::size_t at = authority.rfind('@');
      at != std::string_view::npos) {
    authority.remove_prefix(at + 1);
  }
  return fmt::format("{}://{}", url.substr(0, host), authority);
}

std::string WithoutSlash(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

Outcome MakeOutcome(Verdict verdict, Reason reason, std::string detail) {
  Outcome outcome;
  outcome.verdict = verdict;
  outcome.reason = reason;
  outcome.detail = std::move(detail);
  return outcome;
}

Outcome OutcomeOfFault(const TransferAnswer& answer) {
  using Fault = TransferAnswer::Fault;
  switch (answer.fault) {
    case Fault::kUnreachable:
      return MakeOutcome(Verdict::kRetry, Reason::kUnreachable, answer.problem);
    case Fault::kTimeoutBefore:
      return MakeOutcome(Verdict::kRetry, Reason::kTimeout, answer.problem);
    case Fault::kTls:
    case Fault::kLogin:
      return MakeOutcome(Verdict::kStop, Reason::kMisconfigured,
                         answer.problem);
    case Fault::kTimeout:
      return MakeOutcome(Verdict::kUnknown, Reason::kTimeout, answer.problem);
    case Fault::kBadRequest:
      return MakeOutcome(Verdict::kRejected, Reason::kRefused, answer.problem);
    case Fault::kTurnedAway:
    case Fault::kRefused:
    case Fault::kBroken:
    case Fault::kNone:
      break;
  }
  return MakeOutcome(Verdict::kUnknown, Reason::kUnknownOutcome,
                     answer.problem);
}

Outcome OutcomeOfStatus(const TransferAnswer& answer) {
  const auto make = [&](Verdict verdict, Reason reason) {
    Outcome outcome = MakeOutcome(verdict, reason, Excerpt(answer));
    outcome.retry_after = answer.retry_after;
    return outcome;
  };
  switch (answer.code) {
    case 408:
    case 425:
    case 429:
      return make(Verdict::kRetry, Reason::kThrottled);
    case 503:  // Says itself that it did not take it.
      return make(Verdict::kRetry, Reason::kServerError);
    case 401:
    case 403:
    case 404:
    case 405:
    case 407:
      return make(Verdict::kStop, Reason::kMisconfigured);
    default:
      break;
  }
  if (answer.code >= 500) return make(Verdict::kUnknown, Reason::kServerError);
  if (answer.code >= 400) return make(Verdict::kRejected, Reason::kRefused);
  // 1xx, 3xx: some other thing answers at this address.
  return make(Verdict::kStop, Reason::kMisconfigured);
}

std::string Excerpt(const TransferAnswer& answer) {
  const std::string line = OneLine(answer.body.substr(0, 2000));
  return fmt::format("{}: {}", answer.code,
                     CutCharacters(MaskAnswer(line), 300));
}

Outcome BeforeSending(Outcome outcome) {
  if (outcome.verdict == Verdict::kUnknown) outcome.verdict = Verdict::kRetry;
  return outcome;
}

Reason WhyUnusable(const Outcome& outcome) {
  const bool ours = outcome.verdict == Verdict::kStop ||
                    outcome.verdict == Verdict::kRejected ||
                    outcome.reason == Reason::kMisconfigured;
  return ours ? Reason::kMisconfigured : Reason::kUnreachable;
}

Status StatusOf(const Outcome& outcome) {
  if (outcome.verdict == Verdict::kDelivered) return {};
  return Error{outcome.detail};
}

}  // namespace premura
