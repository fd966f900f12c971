// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "rules/document.h"
#include "rules/document_impl.h"

namespace premura {

namespace {

// What other languages call a key that may stand here; empty: nothing.
std::string OtherName(const std::string& key,
                      const std::vector<std::string>& free) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 20>
      kNames = {{{"severity", "level"},    {"enabled", "status"},
                 {"state", "status"},      {"name", "title"},
                 {"summary", "title"},     {"window", "within"},
                 {"timeframe", "within"},  {"for", "within"},
                 {"within", "for"},        {"timeout", "for"},
                 {"threshold", "gte"},     {"count", "gte"},
                 {"min", "gte"},           {"num_events", "gte"},
                 {"filter", "where"},      {"condition", "where"},
                 {"conditions", "where"},  {"when", "detect"},
                 {"throttle", "cooldown"}, {"then", "actions"}}};
  for (const auto& [other, ours] : kNames) {
    if (key != other) continue;
    const bool may = std::find(free.begin(), free.end(), ours) != free.end();
    if (may) return std::string(ours);
  }
  return "";
}

// Of those that are not there yet. A few are told, many are nothing to read.
std::string KeysThereAre(const std::vector<std::string>& keys) {
  constexpr std::size_t kMost = 12;
  if (keys.size() < 2 || keys.size() > kMost) return "";
  std::string list;
  for (const std::string& key : keys) {
    list += fmt::format("{}`{}`", list.empty() ? "" : ", ", key);
  }
  return "keys that may stand here: " + list;
}

}  // namespace

// What readers have asked of a mapping so far.
struct Mapping::Asked {
  std::vector<std::string> known;
  // Required keys that are not there, with their complaints' numbers.
  std::vector<std::pair<std::string, std::size_t>> missing;
  bool all = false;  // Entries() was called.

  void Remember(std::string_view key) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      known.emplace_back(key);
    }
  }
};

Mapping::Mapping(Node node) : node_(node), asked_(std::make_shared<Asked>()) {}

// Where `key` stands among the keys; -1 if it does not.
int Mapping::Find(std::string_view key) const {
  const NodeData* data = node_.data();
  if (data == nullptr) return -1;
  for (std::size_t i = 0; i < data->keys.size(); ++i) {
    const auto at = static_cast<std::size_t>(data->keys[i]);
    if (node_.document_->nodes[at].text == key) return static_cast<int>(i);
  }
  return -1;
}

Node Mapping::Get(std::string_view key) {
  if (!*this) return {};
  asked_->Remember(key);
  const int at = Find(key);
  if (at < 0) return {};
  const int item = node_.data()->items[static_cast<std::size_t>(at)];
  const Node value = node_.document_->MakeNode(item);
  if (!value.IsNull()) return value;
  ComplainAtKey(key, fmt::format("`{}` is empty", key));
  return {};
}

Node Mapping::Require(std::string_view key) {
  if (!*this) return {};
  const bool there = Find(key) >= 0;
  const bool told =
      std::any_of(asked_->missing.begin(), asked_->missing.end(),
                  [key](const auto& missing) { return missing.first == key; });
  if (!there && !told) {
    const std::size_t number = node_.document_->Error(
        node_.position(), fmt::format("`{}` is missing", key),
        key == "version" ? "begin the file with `version: 1`" : "");
    asked_->missing.emplace_back(key, number);
  }
  return Get(key);
}

Node Mapping::KeyNode(std::string_view key) const {
  const int at = Find(key);
  if (at < 0) return {};
  return node_.document_->MakeNode(
      node_.data()->keys[static_cast<std::size_t>(at)]);
}

SourcePosition Mapping::KeyPosition(std::string_view key) const {
  return Has(key) ? KeyNode(key).position() : node_.position();
}

std::vector<std::pair<std::string, Node>> Mapping::Entries() {
  std::vector<std::pair<std::string, Node>> entries;
  const NodeData* data = node_.data();
  if (data == nullptr) return entries;
  asked_->all = true;
  for (std::size_t i = 0; i < data->keys.size(); ++i) {
    const auto key = static_cast<std::size_t>(data->keys[i]);
    entries.emplace_back(node_.document_->nodes[key].text,
                         node_.document_->MakeNode(data->items[i]));
  }
  return entries;
}

std::optional<std::string> Mapping::Text(std::string_view key) {
  return Get(key).AsText(key);
}

std::optional<std::string> Mapping::RequireText(std::string_view key) {
  return Require(key).AsText(key);
}

std::string Mapping::TextOr(std::string_view key, std::string_view fallback) {
  return Text(key).value_or(std::string(fallback));
}

std::optional<bool> Mapping::Bool(std::string_view key) {
  return Get(key).AsBool(key);
}

std::optional<std::int64_t> Mapping::Int(std::string_view key, std::int64_t min,
                                         std::int64_t max) {
  return Get(key).AsInt(key, min, max);
}

std::optional<std::int64_t> Mapping::RequireInt(std::string_view key,
                                                std::int64_t min,
                                                std::int64_t max) {
  return Require(key).AsInt(key, min, max);
}

std::optional<Duration> Mapping::DurationOf(std::string_view key) {
  return Get(key).AsDuration(key);
}

std::optional<Duration> Mapping::RequireDuration(std::string_view key) {
  return Require(key).AsDuration(key);
}

std::vector<std::string> Mapping::Texts(std::string_view key) {
  return Get(key).AsTexts(key);
}

Mapping Mapping::MappingOf(std::string_view key) {
  return Get(key).AsMapping(key);
}

void Mapping::RejectOtherKeys(std::string_view where) {
  const NodeData* data = node_.data();
  if (data == nullptr || asked_->all) return;
  DocumentImpl* document = node_.document_;
  const std::string place = where.empty() ? "" : fmt::format(" {}", where);
  for (auto& [key, number] : asked_->missing) {
    if (Diagnostic* const record = document->RecordAt(number)) {
      record->message = fmt::format("`{}` is missing{}", key, place);
    }
  }
  // A key that is there already is not what was meant.
  std::vector<std::string> free;
  for (const std::string& candidate : asked_->known) {
    if (Find(candidate) < 0) free.push_back(candidate);
  }
  for (const int index : data->keys) {
    const std::string& key =
        document->nodes[static_cast<std::size_t>(index)].text;
    const auto& known = asked_->known;
    if (std::find(known.begin(), known.end(), key) != known.end()) continue;
    std::string nearest = Nearest(key, free);
    if (nearest.empty()) nearest = OtherName(key, free);
    document->Error(document->PositionOf(index),
                    fmt::format("unknown key `{}`{}", key, place),
                    nearest.empty()
                        ? KeysThereAre(free)
                        : fmt::format("did you mean `{}`?", nearest));
    // One mistake, one message.
    for (const auto& [missing, number] : asked_->missing) {
      if (missing == nearest) document->TakeBack(number);
    }
  }
}

void Mapping::ComplainAtKey(std::string_view key, std::string message,
                            std::string hint) {
  if (!*this) return;
  node_.document_->Error(KeyPosition(key), std::move(message), std::move(hint));
}

}  // namespace premura
