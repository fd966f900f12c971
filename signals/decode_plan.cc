// SPDX-License-Identifier: Apache-2.0

#include "signals/decode_plan.h"

#include <algorithm>
#include <iterator>
#include <span>

namespace premura {

namespace {

using Names = std::vector<std::string>;

// A property's path, as rules write it: any name between dots.
Names SplitProperty(std::string_view path) {
  Names names;
  while (true) {
    const std::size_t dot = path.find('.');
    names.emplace_back(path.substr(0, dot));
    if (dot == path.npos) return names;
    path.remove_prefix(dot + 1);
  }
}

std::string Listed(std::string_view what, std::span<const std::string> paths) {
  std::string text = "no " + std::string(what) + " at ";
  for (std::size_t i = 0; i < paths.size(); ++i) {
    if (i > 0) text += ", ";
    text += paths[i];
  }
  return text;
}

const std::vector<std::string>& FirstGiven(
    const std::vector<std::string>& mapped,
    const std::vector<std::string>& preset) {
  return mapped.empty() ? preset : mapped;
}

}  // namespace

std::vector<std::string> CustomerPaths(const DecoderOptions& options) {
  const EventMapping& mapping = options.mapping;
  if (!mapping.customer.empty()) return mapping.customer;
  const EventMapping preset = PresetMapping(options.preset);
  std::vector<std::string> paths;
  if (!options.customer_is_user) {
    paths = FirstGiven(mapping.account, preset.account);
  }
  for (const std::string& path : FirstGiven(mapping.user, preset.user)) {
    if (std::find(paths.begin(), paths.end(), path) == paths.end()) {
      paths.push_back(path);
    }
  }
  return paths;
}

std::vector<std::pair<std::string, std::vector<std::string>>> RequiredPaths(
    const DecoderOptions& options) {
  const EventMapping preset = PresetMapping(options.preset);
  return {{"customer", CustomerPaths(options)},
          {"event", FirstGiven(options.mapping.name, preset.name)},
          {"time", FirstGiven(options.mapping.time, preset.time)}};
}

namespace {

// Adds what a mapping names to a plan, and remembers the first mistake.
class PlanBuilder {
 public:
  PlanBuilder(bool binary, DecodePlan* plan) : binary_(binary), plan_(plan) {}

  PathSources Add(std::span<const std::string> paths, bool is_time = false) {
    PathSources sources;
    for (const std::string& path : paths) {
      Result<PathSource> source = AddPath(path, binary_, &plan_->trie);
      if (!source.ok()) {
        Note(source.error());
      } else if (source.value().from == PathSource::From::kBrokerTime &&
                 !is_time) {
        Note(Error{"path 'broker_time': is a time, and nothing else"});
      } else {
        sources.push_back(std::move(source).value());
      }
    }
    return sources;
  }

  void AddProperty(SymbolId property, const std::string& path,
                   std::span<const std::string> roots) {
    std::uint8_t rank = 0;
    for (const std::string& root : roots) {
      Names names = RootNames(root);
      const Names below = SplitProperty(path);
      names.insert(names.end(), below.begin(), below.end());
      Use(names, property, rank++);
    }
  }

  void Use(const Names& names, SymbolId property, std::uint8_t rank) {
    const std::uint32_t slot = plan_->trie.Add(names);
    if (plan_->uses.size() <= slot) plan_->uses.resize(slot + 1);
    plan_->uses[slot].push_back({property, rank});
  }

  // Checks a root and answers the names that lead to it.
  Names RootNames(const std::string& root) {
    if (root == "$") return {};
    Result<Names> names = SplitPath(root);
    if (!names.ok()) {
      Note(names.error());
      return {};
    }
    if (binary_ && names.value().front() == "data") {
      names.value().erase(names.value().begin());
    }
    return std::move(names).value();
  }

  void Note(const Error& error) {
    if (status_.ok()) status_ = error;
  }
  const Status& status() const { return status_; }

 private:
  bool binary_;
  DecodePlan* plan_;
  Status status_;
};

void AddProperties(const DecoderOptions& options,
                   const std::vector<std::string>& roots,
                   const Symbols* symbols, PlanBuilder* builder) {
  for (const std::string& root : roots) builder->RootNames(root);
  if (symbols == nullptr) return;
  const SymbolTable& properties = symbols->properties;
  const bool has_context = options.preset == Preset::kSegment ||
                           options.preset == Preset::kRudderstack;
  for (SymbolId id = 1; id <= properties.size(); ++id) {
    const std::string& path = properties.Text(id);
    builder->AddProperty(id, path, roots);
    if (has_context && path.starts_with("context.")) {
      builder->Use(SplitProperty(path), id,
                   static_cast<std::uint8_t>(roots.size()));
    }
  }
}

// The plain preset's own fields are no properties where they are the event's
// name, customer, time or id; what a mapping names stays one.
void MarkOwn(DecodePlan* plan) {
  plan->own.assign(plan->trie.slots(), false);
  for (const char* name : {"customer", "event", "type", "ts", "time", "id"}) {
    const PathTrie::Node node = plan->trie.Child(PathTrie::kRoot, name);
    if (node == PathTrie::kNone) continue;
    const std::uint32_t slot = plan->trie.slot(node);
    if (slot != PathTrie::kNoSlot) plan->own[slot] = true;
  }
}

std::uint32_t AddNames(const char* path, PathTrie* trie) {
  return trie->Add(SplitProperty(path));
}

}  // namespace

SegmentSlots::SegmentSlots(PathTrie* trie)
    : type(AddNames("type", trie)),
      event(AddNames("event", trie)),
      name(AddNames("name", trie)),
      nested_name(AddNames("properties.name", trie)),
      group_id(AddNames("groupId", trie)),
      timestamp(AddNames("timestamp", trie)),
      original_timestamp(AddNames("originalTimestamp", trie)),
      sent_at(AddNames("sentAt", trie)),
      received_at(AddNames("receivedAt", trie)),
      traits(AddNames("traits", trie)),
      context_traits(AddNames("context.traits", trie)),
      timezone(AddNames("context.timezone", trie)),
      locale(AddNames("context.locale", trie)) {}

Result<PathSource> AddPath(const std::string& path, bool binary,
                           PathTrie* trie) {
  constexpr std::string_view kHeader = "header:";
  using From = PathSource::From;
  if (path == "key") return PathSource{.from = From::kKey, .header = {}};
  if (path == "broker_time") {
    return PathSource{.from = From::kBrokerTime, .header = {}};
  }
  if (path.starts_with(kHeader)) {
    if (path.size() == kHeader.size()) {
      return Error{"path 'header:': the header has no name"};
    }
    return PathSource{.from = From::kHeader,
                      .header = path.substr(kHeader.size())};
  }
  Result<Names> split = SplitPath(path);
  if (!split.ok()) return split.error();
  Names names = std::move(split).value();
  if (binary && names.size() == 1) {
    return PathSource{.from = From::kHeader, .header = "ce_" + names.front()};
  }
  if (binary && names.front() == "data") names.erase(names.begin());
  return PathSource{.slot = trie->Add(names), .header = {}};
}

Result<DecodePlan> MakeDecodePlan(const DecoderOptions& options, bool binary,
                                  const Symbols* symbols) {
  const EventMapping preset = PresetMapping(options.preset);
  const EventMapping& mapping = options.mapping;
  DecodePlan plan;
  PlanBuilder builder(binary, &plan);

  const std::vector<std::string> customer = CustomerPaths(options);
  const std::vector<std::string>& time = FirstGiven(mapping.time, preset.time);
  const std::vector<std::string>& name = FirstGiven(mapping.name, preset.name);
  plan.no_customer = Listed("customer", customer);
  plan.no_time = Listed("time", time);
  plan.no_name = Listed("name", name);
  plan.customer = builder.Add(customer);
  plan.name = builder.Add(name);
  plan.time = builder.Add(time, true);
  plan.id = builder.Add(FirstGiven(mapping.id, preset.id));
  if (options.preset == Preset::kCloudEvents) {
    const std::string source = "source";
    plan.cloud_source = builder.Add({&source, 1});
  }
  for (const auto& [path, from] : mapping.profile) {
    if (path.empty()) builder.Note(Error{"a path of the profile is empty"});
    plan.profile.emplace_back(path, builder.Add(from));
  }
  AddProperties(options, FirstGiven(mapping.properties, preset.properties),
                symbols, &builder);
  if (!builder.status().ok()) return builder.status().error();
  if (options.preset == Preset::kSegment ||
      options.preset == Preset::kRudderstack) {
    plan.segment.emplace(&plan.trie);
  }
  plan.uses.resize(plan.trie.slots());
  if (options.preset == Preset::kPlain) MarkOwn(&plan);
  plan.own.resize(plan.trie.slots());
  return plan;
}

}  // namespace premura
