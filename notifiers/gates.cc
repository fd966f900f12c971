// SPDX-License-Identifier: Apache-2.0
#include "notifiers/gates.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "notifiers/digest.h"
#include "notifiers/gate.h"
#include "notifiers/quiet_hours.h"
#include "rules/readable_duration.h"
#include "signals/zones.h"

namespace premura {
namespace {

struct Gate {
  GateAnswer (*ask)(const GateQuestion&);
  bool again;  // Asked at the moment of sending too.
};

constexpr std::array<Gate, 13> kGates = {{{RuleGate, true},
                                          {StopAllGate, true},
                                          {ChannelGate, false},
                                          {OnlyIfGate, false},
                                          {ConsentGate, true},
                                          {AddressGate, true},
                                          {HoldoutGate, false},
                                          {CooldownGate, false},
                                          {FrequencyCapGate, true},
                                          {DelayGate, false},
                                          {QuietHoursGate, true},
                                          {ExpiryGate, true},
                                          {CancelGate, true}}};

bool HoldsLonger(const Verdict& a, const Verdict& b) {
  if (b.kind != Verdict::Kind::kHold) return true;
  if (!b.until) return false;
  return !a.until || *a.until > *b.until;
}

Verdict AskAll(GateQuestion question) {
  Verdict verdict;
  std::optional<Verdict> delay;
  std::vector<std::string> outranked;
  for (const Gate& gate : kGates) {
    if (question.at_send_time && !gate.again) continue;
    auto answer = gate.ask(question);
    if (!answer) continue;
    if (answer->kind == Verdict::Kind::kSuppress) return *std::move(answer);
    if (answer->kind == Verdict::Kind::kSend) {
      outranked = std::move(answer->outranked);
      continue;
    }
    if (answer->until) {
      question.earliest = std::max(question.earliest, *answer->until);
    }
    if (gate.ask == DelayGate) delay = *answer;
    if (HoldsLonger(*answer, verdict)) verdict = *std::move(answer);
  }
  // Of these only the delay is not asked again: what holds without an end must
  // not make it be forgotten.
  if (delay && verdict.kind == Verdict::Kind::kHold && !verdict.until) {
    verdict = *std::move(delay);
  }
  verdict.outranked = std::move(outranked);
  return verdict;
}

// A rule on trial says what it would have done.
std::string InWords(const Verdict& verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kSend:
      return "would be sent";
    case Verdict::Kind::kHold:
      return fmt::format("would be held by {}", ToString(verdict.reason));
    case Verdict::Kind::kSuppress:
      break;
  }
  return fmt::format("would be suppressed by {}", ToString(verdict.reason));
}

}  // namespace

std::string_view ToString(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::kSend:
      return "send";
    case Verdict::Kind::kHold:
      return "hold";
    case Verdict::Kind::kSuppress:
      break;
  }
  return "suppress";
}

ContactScope ScopeOf(std::string_view channel) {
  return channel == "ticket" ? ContactScope::kTickets : ContactScope::kOutside;
}

std::string_view ConditionOf(ContactScope scope) {
  return scope == ContactScope::kTickets ? "channel = 'ticket'"
                                         : "channel <> 'ticket'";
}

std::string OnTheWall(const GateQuestion& question, Timestamp at) {
  const std::string zone = ZoneOf(question.candidate.profile, question.policy);
  return zone.empty() ? FormatLocal("Etc/UTC", at) + " UTC"
                      : FormatLocal(zone, at) + " " + zone;
}

Verdict Suppress(Reason reason, std::string detail) {
  return Verdict{
      Verdict::Kind::kSuppress, reason, std::nullopt, std::move(detail), {}};
}

Verdict Hold(Reason reason, std::optional<Timestamp> until,
             std::string detail) {
  return Verdict{Verdict::Kind::kHold, reason, until, std::move(detail), {}};
}

GateAnswer RuleGate(const GateQuestion& question) {
  if (question.candidate.rule_off == Reason::kNone) return std::nullopt;
  return Suppress(question.candidate.rule_off);
}

// Held, not suppressed: what the switch stops is not lost when it is lifted.
GateAnswer StopAllGate(const GateQuestion& question) {
  if (!question.candidate.stop_all) return std::nullopt;
  return Hold(Reason::kStopAll, std::nullopt);
}

// Not held: who adds the channel one day does not mean what was found before.
GateAnswer ChannelGate(const GateQuestion& question) {
  if (!question.candidate.channel_missing) return std::nullopt;
  return Suppress(Reason::kChannelMissing);
}

GateAnswer OnlyIfGate(const GateQuestion& question) {
  if (question.candidate.only_if_holds) return std::nullopt;
  return Suppress(Reason::kOnlyIf, question.candidate.only_if_saw);
}

// The same customers for as long as the rule lives: by a digest, not by dice.
GateAnswer HoldoutGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  if (candidate.holdout <= 0) return std::nullopt;
  const double place =
      UnitInterval("holdout", candidate.rule, candidate.customer);
  if (place >= candidate.holdout) return std::nullopt;
  return Suppress(Reason::kHoldout);
}

GateAnswer CooldownGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  if (!candidate.cooldown || !candidate.last_of_rule) return std::nullopt;
  const std::string length = ReadableDuration(*candidate.cooldown);
  if (*candidate.last_of_rule == kStillToCome) {
    return Suppress(Reason::kCooldown,
                    length + " from a contact that waits to go out");
  }
  const Timestamp end = *candidate.last_of_rule + *candidate.cooldown;
  if (candidate.detected_at >= end) return std::nullopt;
  return Suppress(Reason::kCooldown,
                  fmt::format("{} since {}, until {}", length,
                              OnTheWall(question, *candidate.last_of_rule),
                              OnTheWall(question, end)));
}

GateAnswer DelayGate(const GateQuestion& question) {
  // Counted from what the customer did: what is read late waits no longer.
  const Candidate& candidate = question.candidate;
  const Timestamp due = candidate.detected_at + candidate.delay;
  if (candidate.delay <= Duration::zero() || due <= question.now) {
    return std::nullopt;
  }
  return Hold(Reason::kDelay, due, ReadableDuration(candidate.delay));
}

// What could only go out when it is no longer worth sending is not kept until
// then: it would hold a place under a cap for nothing.
GateAnswer ExpiryGate(const GateQuestion& question) {
  const Candidate& candidate = question.candidate;
  if (!candidate.expires_after) return std::nullopt;
  const Timestamp end = candidate.detected_at + *candidate.expires_after;
  if (question.earliest < end) return std::nullopt;
  return Suppress(Reason::kExpired, fmt::format("worth sending until {}",
                                                OnTheWall(question, end)));
}

GateAnswer CancelGate(const GateQuestion& question) {
  if (!question.candidate.cancelled) return std::nullopt;
  return Suppress(Reason::kCancelled);
}

Verdict Decide(const Candidate& candidate, const RestraintPolicy& policy,
               Timestamp now, bool at_send_time) {
  Verdict verdict =
      AskAll(GateQuestion{candidate, policy, now, now, at_send_time});
  if (!candidate.simulation) return verdict;
  Verdict simulated = Suppress(Reason::kSimulation, InWords(verdict));
  if (verdict.kind != Verdict::Kind::kSuppress) {
    simulated.would_go = verdict.until.value_or(now);
  }
  return simulated;
}

}  // namespace premura
