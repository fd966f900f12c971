// SPDX-License-Identifier: Apache-2.0
#include "notifiers/channels/desk.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace premura {

Outcome DeskChannel::Delivered(Reason reason, const std::string& id) const {
  Outcome outcome =
      MakeOutcome(Outcome::Verdict::kDelivered, reason, "ticket " + id);
  outcome.provider_id = id;
  outcome.ticket = ReferenceTo(id);
  return outcome;
}

Outcome DeskChannel::WrongQueue(std::string words) {
  return MakeOutcome(Outcome::Verdict::kRetry, Reason::kMisconfigured,
                     std::move(words));
}

std::optional<Outcome> DeskChannel::OutcomeOf(const Found& found) const {
  if (found.problem) return found.problem;
  if (found.ids.empty()) return std::nullopt;
  const long lowest = *std::min_element(found.ids.begin(), found.ids.end());
  Outcome outcome = Delivered(Reason::kAlreadyThere, std::to_string(lowest));
  if (found.ids.size() > 1) {
    outcome.detail = fmt::format("{} tickets carry this key: {}",
                                 found.ids.size(), fmt::join(found.ids, ", "));
  }
  return outcome;
}

void DeskChannel::Deliver(const Message& message, Done done) {
  Search(message, [this, message, done = std::move(done)](Found found) {
    if (std::optional<Outcome> outcome = OutcomeOf(found)) {
      done(BeforeSending(std::move(*outcome)));
    } else {
      Create(message, done);
    }
  });
}

void DeskChannel::Find(const Message& message, Done done) {
  Search(message, [this, done = std::move(done)](Found found) {
    std::optional<Outcome> outcome = OutcomeOf(found);
    if (!outcome) {
      outcome = MakeOutcome(Outcome::Verdict::kRetry, Reason::kNone,
                            "no ticket carries this key");
    } else if (outcome->verdict != Outcome::Verdict::kDelivered &&
               outcome->verdict != Outcome::Verdict::kStop) {
      outcome->verdict = Outcome::Verdict::kUnknown;
    }
    done(std::move(*outcome));
  });
}

}  // namespace premura
