// SPDX-License-Identifier: Apache-2.0

#include "signals/detection_event.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "signals/value_bound.h"

namespace premura {

namespace {

// Path below some object, JSON value.
using Members = std::vector<std::pair<std::string_view, std::string>>;

// `{"ip":"10.0.0.1","geo":{"country":"it"}}` of ip and geo.country.
std::string ObjectJson(const Members& members) {
  std::string json = "{";
  std::set<std::string_view> written;
  for (const auto& [path, value] : members) {
    const std::string_view head = path.substr(0, path.find('.'));
    if (!written.insert(head).second) continue;
    if (json.size() > 1) json.push_back(',');
    AppendJsonText(head, &json);
    json.push_back(':');
    if (head.size() == path.size()) {
      json.append(value);
      continue;
    }
    Members below;
    for (const auto& [other, inner] : members) {
      if (other.size() > head.size() && other.starts_with(head) &&
          other[head.size()] == '.') {
        below.emplace_back(other.substr(head.size() + 1), inner);
      }
    }
    json.append(ObjectJson(below));
  }
  json.push_back('}');
  return json;
}

Value ValueOf(const Group::Entry& entry, ValueArena* arena) {
  std::string_view packed = entry.packed;
  return Unpack(&packed, arena);
}

std::string JsonOf(const Value& value) {
  std::string json;
  AppendJson(value, &json);
  return json;
}

// The rule's own fields first, in its order; then what else was kept.
std::vector<std::pair<std::string, std::string>> ShownFields(
    const SeenEvent& event, const Rule& rule, const SymbolTable& properties) {
  ValueArena arena;
  std::vector<EventField> rest = event.Fields(&arena);
  std::vector<std::pair<std::string, std::string>> shown;
  const auto show = [&](std::vector<EventField>::iterator field) {
    // While a reload is under way events may be decoded for the new rules
    // already, and know properties that these do not.
    if (field->property <= properties.size()) {
      shown.emplace_back(properties.Text(field->property),
                         JsonOf(field->value));
    }
    rest.erase(field);
  };
  for (const FieldRef& wanted : rule.shown_fields) {
    if (wanted.root != FieldRef::Root::kProperty) continue;
    const auto field = std::find_if(
        rest.begin(), rest.end(), [&wanted](const EventField& candidate) {
          return candidate.property == wanted.symbol;
        });
    if (field != rest.end()) show(field);
  }
  while (!rest.empty()) show(rest.begin());
  return shown;
}

// One customer's events, however large or many, must not make a case that no
// ledger takes: of the newest events all is kept that there is room for, of the
// others when they were and what.
constexpr std::size_t kMostFieldBytes = std::size_t{256} << 10;  // Of JSON.
constexpr std::size_t kMostNameBytes = 256;

std::vector<EvidenceEvent> EvidenceOf(const Finding& finding, const Rule& rule,
                                      const Symbols& symbols) {
  std::vector<EvidenceEvent> evidence(finding.evidence.size());
  std::size_t left = kMostFieldBytes;
  for (std::size_t i = evidence.size(); i-- > 0;) {
    const auto& [time, seen] = finding.evidence[i];
    evidence[i] = {std::string(BeginOf(seen->name(symbols), kMostNameBytes)),
                   time,
                   std::string(BeginOf(seen->id(), kMostNameBytes)),
                   {}};
    if (left == 0) continue;
    for (auto& field : ShownFields(*seen, rule, symbols.properties)) {
      const std::size_t size = field.first.size() + field.second.size();
      left = size > left ? 0 : left - size;
      if (left == 0) break;
      evidence[i].fields.push_back(std::move(field));
    }
  }
  return evidence;
}

}  // namespace

std::string NextEpisode(Customer* customer, std::uint64_t key,
                        const Group* group, Timestamp instant) {
  Episodes& own = customer->EpisodesOf(key, group);
  if (instant < own.latest) return fmt::format("before {}", own.before++);
  if (instant > own.latest) own.at_latest = 0;
  own.latest = instant;
  return fmt::format("{}", own.at_latest++);
}

std::vector<std::pair<std::string, std::string>> GroupOf(const Group* group) {
  std::vector<std::pair<std::string, std::string>> values;
  if (group == nullptr) return values;
  ValueArena arena;
  for (const Group::Entry& entry : group->entries) {
    values.emplace_back(entry.path, JsonOf(ValueOf(entry, &arena)));
  }
  return values;
}

Detection MakeDetection(std::shared_ptr<const RuleSet> rules, const Rule& rule,
                        const Customer& customer, const Group* group,
                        const Finding& finding, std::string_view episode) {
  Detection detection;
  detection.rule = &rule;
  detection.customer = customer.name;
  detection.at = finding.at;
  detection.origin = customer.origin;
  detection.group = GroupOf(group);
  const Symbols& symbols = rules->symbols();
  detection.evidence = EvidenceOf(finding, rule, symbols);
  detection.id = DetectionId(
      {rule.id, rule.revision, customer.name,
       group == nullptr ? std::string_view() : std::string_view(group->key),
       FormatInstant(finding.at), episode});
  detection.rules = std::move(rules);
  return detection;
}

DetectionEvent::DetectionEvent(const Rule& rule, const Symbols& symbols,
                               const Customer& customer, const Group* group,
                               std::string id, Timestamp at, Timestamp clock)
    : id_(std::move(id)) {
  if (group != nullptr) AddFields(*group, symbols.properties);
  event_.name_id = rule.detection_name;
  event_.name = symbols.names.Text(rule.detection_name);
  event_.id = id_;
  event_.customer = customer.name;
  event_.time = at;
  event_.clock = clock;
  event_.origin = customer.origin;
  event_.fields = fields_;
}

void DetectionEvent::AddFields(const Group& group,
                               const SymbolTable& properties) {
  std::set<std::string_view> parents;
  for (const Group::Entry& entry : group.entries) {
    const SymbolId property = properties.Find(entry.path);
    if (property != 0) fields_.push_back({property, ValueOf(entry, &arena_)});
    const std::string_view path = entry.path;
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
         dot = path.find('.', dot + 1)) {
      parents.insert(path.substr(0, dot));
    }
  }
  for (const std::string_view parent : parents) {
    const SymbolId property = properties.Find(parent);
    if (property == 0) continue;
    Members members;
    for (const Group::Entry& entry : group.entries) {
      if (entry.path.size() > parent.size() && entry.path.starts_with(parent) &&
          entry.path[parent.size()] == '.') {
        members.emplace_back(
            std::string_view(entry.path).substr(parent.size() + 1),
            JsonOf(ValueOf(entry, &arena_)));
      }
    }
    objects_.push_back(ObjectJson(members));
    fields_.push_back({property, Value::Object(objects_.back())});
  }
}

}  // namespace premura
