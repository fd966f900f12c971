// SPDX-License-Identifier: Apache-2.0
#include "daemon/reload.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace premura {
namespace {

template <typename T>
bool Same(const T& a, const T& b) {
  return a == b;
}

bool Same(const Secret& a, const Secret& b) { return a.Reveal() == b.Reveal(); }

// As written, and with what the secrets are.
bool Same(const std::vector<SourceConfig>& a,
          const std::vector<SourceConfig>& b) {
  Config only_a, only_b;
  only_a.sources = a;
  only_b.sources = b;
  if (FormatConfig(only_a) != FormatConfig(only_b)) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto* const one = std::get_if<KafkaConfig>(&a[i].from);
    const auto* const other = std::get_if<KafkaConfig>(&b[i].from);
    const bool both = one != nullptr && other != nullptr;
    if (both && KafkaProperties(*one, "") != KafkaProperties(*other, "")) {
      return false;
    }
  }
  return true;
}

bool Same(const DeadLetterConfig& a, const DeadLetterConfig& b) {
  return a.topic == b.topic && a.max_size == b.max_size && a.keep == b.keep;
}

bool Same(const DatabaseAddress& a, const DatabaseAddress& b) {
  return a.url == b.url && a.ca == b.ca && Same(a.password, b.password);
}

bool Same(const LeaseTerm& a, const LeaseTerm& b) { return a.whole == b.whole; }

bool Same(const AdminConfig& a, const AdminConfig& b) {
  return a.host == b.host && a.port == b.port && Same(a.token, b.token);
}

bool Same(const LogConfig& a, const LogConfig& b) {
  return a.level == b.level && a.json == b.json;
}

// A key that only a start takes over.
struct StartKey {
  const char* key;
  bool (*same)(const Config& a, const Config& b);
  void (*keep)(const Config& running, Config* config);
};

template <auto... kMembers>
constexpr StartKey Of(const char* key) {
  return {key,
          [](const Config& a, const Config& b) {
            return (Same(a.*kMembers, b.*kMembers) && ...);
          },
          [](const Config& running, Config* config) {
            ((config->*kMembers = running.*kMembers), ...);
          }};
}

constexpr StartKey kStartKeys[] = {
    Of<&Config::name>("name"),
    Of<&Config::sources>("sources"),
    Of<&Config::customer_is_user>("customer"),
    Of<&Config::profiles_from_events>("profiles.from_events"),
    Of<&Config::state_dir, &Config::checkpoint_every, &Config::rebuild_most,
       &Config::kafka_state>("state"),
    Of<&Config::dead_letters>("dead_letters"),
    Of<&Config::ledger, &Config::lease>("ledger"),
    Of<&Config::ledger_retention>("ledger_retention"),
    Of<&Config::admin>("http"),
    Of<&Config::log>("log"),
    Of<&Config::shards>("shards"),
};

}  // namespace

std::vector<std::string> NeedRestart(const Config& before,
                                     const Config& after) {
  std::vector<std::string> keys;
  for (const StartKey& one : kStartKeys) {
    if (!one.same(before, after)) keys.emplace_back(one.key);
  }
  return keys;
}

Config TakenOver(const Config& running, Config after) {
  for (const StartKey& one : kStartKeys) one.keep(running, &after);
  return after;
}

std::string WhatChanged(const RuleSet& before, const RuleSet& after) {
  std::vector<std::string> added, changed, gone;
  for (const Rule& rule : after.rules()) {
    const Rule* const old = before.Find(rule.id);
    if (old == nullptr) {
      added.push_back(rule.id);
    } else if (old->hash != rule.hash) {
      changed.push_back(rule.id);
    }
  }
  for (const Rule& rule : before.rules()) {
    if (after.Find(rule.id) == nullptr) gone.push_back(rule.id);
  }
  std::string text;
  for (const auto& [what, ids] :
       {std::pair{"added", &added}, std::pair{"changed", &changed},
        std::pair{"gone", &gone}}) {
    if (!ids->empty()) {
      text += fmt::format("; {}: {}", what, fmt::join(*ids, ", "));
    }
  }
  return text;
}

}  // namespace premura
