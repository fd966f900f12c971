// SPDX-License-Identifier: Apache-2.0

#include <fmt/format.h>

#include "tests/signals/stream.h"

namespace premura {

namespace {

std::string Names(const std::vector<const Pattern*>& patterns,
                  const Symbols& symbols) {
  std::string text;
  for (const Pattern* pattern : patterns) {
    text += " (";
    for (const SymbolId name : pattern->names) {
      text += symbols.names.Text(name) + " ";
    }
    text += ToText(pattern->where) + ")";
  }
  return text;
}

long Ms(Timestamp time) { return time.time_since_epoch().count(); }

std::string Describe(const Standing& one, const Symbols& symbols) {
  std::string text = fmt::format(
      "phase {} measure {} have {} need {} total {} events {}/{} more {} "
      "until {} from {} fires {} since {} flags {}{}{}{}",
      int(one.phase), int(one.measure), one.have, one.need, one.total,
      one.events, one.min_events, one.more, Ms(one.until), Ms(one.from),
      Ms(one.fires_at), Ms(one.since), one.next, one.reversed, one.from_unmet,
      one.beyond);
  if (one.number) {
    text +=
        fmt::format(" number {} {}", int(one.number->op), one.number->limit);
  }
  if (one.hold) text += fmt::format(" hold {}", one.hold->count());
  return text + " awaits" + Names(one.awaits, symbols) + " against" +
         Names(one.against, symbols);
}

}  // namespace

std::string Describe(const CustomerStanding& told) {
  std::string text =
      fmt::format("{} clock {}\n", told.customer, Ms(told.clock));
  for (const RuleStanding& rule : told.standings) {
    for (const TrackStanding& track : rule.tracks) {
      text += rule.rule->id;
      for (const auto& [path, json] : track.group) {
        text += fmt::format(" {}={}", path, json);
      }
      text += fmt::format(" newest {} held {}{} until {}", Ms(track.newest),
                          track.held, track.stalled, Ms(track.held_until));
      if (track.fired) text += fmt::format(" fired {}", Ms(*track.fired));
      text += " " + Describe(track.standing, told.rules->symbols()) + "\n";
    }
  }
  return text;
}

}  // namespace premura
