// SPDX-License-Identifier: Apache-2.0
#include "signals/property_finder.h"

#include <functional>
#include <utility>
#include <vector>

#include "signals/decode_plan.h"
#include "signals/json_reader.h"
#include "signals/record_parts.h"

namespace premura {
namespace {

constexpr std::size_t kLongestPath = 200;

class PropertyFinderImpl final : public PropertyFinder {
 public:
  explicit PropertyFinderImpl(int max_depth) : reader_(max_depth) {
    on_object_ = [this] { TakeEvent(); };
  }

  Status Prepare(const DecoderOptions& options) {
    const std::vector<std::string>& given = options.mapping.properties;
    const EventMapping preset = PresetMapping(options.preset);
    for (const std::string& root : given.empty() ? preset.properties : given) {
      if (root == "$") {
        roots_.push_back({PathTrie::kNoSlot, ""});
        continue;
      }
      if (Status status = AddRoot(root, ""); !status.ok()) return status;
    }
    if (options.preset == Preset::kSegment ||
        options.preset == Preset::kRudderstack) {
      if (Status s = AddRoot("context", "context."); !s.ok()) return s;
    }
    if (options.mapping.explode.empty()) return {};
    auto explode = SplitPath(options.mapping.explode);
    if (!explode.ok()) return explode.error().WithContext("explode");
    explode_ = std::move(explode).value();
    return {};
  }

  bool Find(std::string_view record, SymbolTable* properties) override {
    properties_ = properties;
    const std::size_t before = properties->size();
    const std::string_view json = WithoutFraming(record);
    if (json.data() == nullptr || reader_.Parse(json)) return false;
    reader_.ForEachEvent(explode_, on_object_, [](std::string_view) {});
    return properties->size() > before;
  }

  bool full() const override { return full_; }

 private:
  struct Root {
    std::uint32_t slot;
    std::string prefix;
  };

  Status AddRoot(const std::string& path, std::string prefix) {
    auto source = AddPath(path, false, &trie_);
    if (!source.ok()) return source.error();
    if (source.value().from == PathSource::From::kJson) {
      roots_.push_back({source.value().slot, std::move(prefix)});
    }
    return {};
  }

  void TakeEvent() {
    reader_.Walk(trie_);
    for (const Root& root : roots_) {
      reader_.EachPath(root.slot, root.prefix,
                       [this](const std::string& path) { Take(path); });
    }
  }

  void Take(const std::string& path) {
    if (path.empty() || path.size() > kLongestPath) return;
    if (properties_->Find(path) != 0) return;
    if (properties_->size() == kMostProperties) {
      full_ = true;
      return;
    }
    properties_->Intern(path);
  }

  JsonReader reader_;
  PathTrie trie_;
  std::vector<Root> roots_;
  std::vector<std::string> explode_;
  std::function<void()> on_object_;
  SymbolTable* properties_ = nullptr;
  bool full_ = false;
};

}  // namespace

Result<std::unique_ptr<PropertyFinder>> NewPropertyFinder(
    const DecoderOptions& options) {
  auto finder = std::make_unique<PropertyFinderImpl>(options.max_depth);
  if (Status status = finder->Prepare(options); !status.ok()) {
    return status.error();
  }
  return std::unique_ptr<PropertyFinder>(std::move(finder));
}

}  // namespace premura
