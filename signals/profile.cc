// SPDX-License-Identifier: Apache-2.0

#include "signals/profile.h"

#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "rules/fold.h"
#include "signals/arena.h"
#include "signals/json_reader.h"

namespace premura {

// The merged values, read once.
class Profile::Parsed {
 public:
  Parsed(const Values& from_file, const Values& from_events) : arena_(256) {
    Add(from_file);
    Add(from_events);  // Does not replace what the file said.
  }

  const std::map<std::string_view, Value>& values() const { return values_; }

 private:
  void Add(const Values& values) {
    for (const auto& [path, json] : values) {
      if (!values_.contains(path)) {
        values_.emplace(path, ParseJsonValue(json, &arena_));
      }
    }
  }

  Arena arena_;
  std::map<std::string_view, Value> values_;  // Keys are the profile's.
};

Profile::Profile(Values from_file, Values from_events)
    : from_file_(std::move(from_file)),
      from_events_(std::move(from_events)),
      parsed_(std::make_unique<const Parsed>(from_file_, from_events_)) {}

Profile::~Profile() = default;

Value Profile::Get(std::string_view path) const {
  const auto it = parsed_->values().find(path);
  return it == parsed_->values().end() ? Value() : it->second;
}

std::string_view Profile::Text(std::string_view path) const {
  const Value value = Get(path);
  return value.kind() == Value::Kind::kObject ? std::string_view()
                                              : value.text();
}

const std::map<std::string_view, Value>& Profile::values() const {
  return parsed_->values();
}

std::map<std::string, std::string> Profile::Texts() const {
  std::map<std::string, std::string> texts;
  for (const auto& [path, value] : values()) {
    if (!value.present()) continue;
    std::string text(value.text());
    if (value.kind() == Value::Kind::kList) AppendJson(value, &text);
    texts.emplace(path, std::move(text));
  }
  return texts;
}

namespace {

constexpr std::size_t kStripes = 64;

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};

using Profiles = std::unordered_map<std::string, std::shared_ptr<const Profile>,
                                    Hash, std::equal_to<>>;

const std::shared_ptr<const Profile>& NoProfile() {
  static const auto* none = new std::shared_ptr<const Profile>(
      std::make_shared<const Profile>(Profile::Values(), Profile::Values()));
  return *none;
}

bool IsConsent(std::string_view path) {
  return FoldCase(path).starts_with("consent");
}

// What events say of one customer, kept within bounds.
class Budget {
 public:
  explicit Budget(Profile::Values* values) : values_(values) {
    for (const auto& [path, json] : *values)
      bytes_ += path.size() + json.size();
  }

  // False if it is more than there is room for; then the old value stays.
  bool Set(const std::string& path, const std::string& json, std::size_t room) {
    if (path.size() > kMaxProfilePathBytes ||
        json.size() > kMaxProfileValueBytes) {
      return false;
    }
    const auto old = values_->find(path);
    const bool added = old == values_->end();
    const std::size_t bytes = bytes_ + json.size() + path.size() -
                              (added ? 0 : path.size() + old->second.size());
    const bool grows = added || bytes > bytes_;
    if (grows && (values_->size() + added > room * kMaxProfilePaths ||
                  bytes > room * kMaxProfileBytes)) {
      return false;
    }
    (*values_)[path] = json;
    bytes_ = bytes;
    return true;
  }

  void Erase(const std::string& path) {
    const auto old = values_->find(path);
    if (old == values_->end()) return;
    bytes_ -= path.size() + old->second.size();
    values_->erase(old);
  }

 private:
  Profile::Values* const values_;
  std::size_t bytes_ = 0;
};

// Answers how many entries found no room. For consents there is as much again:
// what was said of them must not be crowded out. If it is all the same, that is
// no permission.
std::size_t Apply(const ProfileChange& change, Profile::Values* values) {
  Budget budget(values);
  std::size_t refused = 0;
  for (const ProfileChange::Entry& entry : change.entries) {
    const bool consent = IsConsent(entry.path);
    if (entry.json == "null") {
      budget.Erase(entry.path);
    } else if (!budget.Set(entry.path, entry.json, consent ? 2 : 1)) {
      ++refused;
      if (consent) budget.Set("consent", "false", 3);
    }
  }
  return refused;
}

}  // namespace

struct ProfileStore::Stripe {
  mutable std::shared_mutex mutex;
  Profiles profiles;

  const std::shared_ptr<const Profile>& Find(std::string_view customer) const {
    const auto it = profiles.find(customer);
    return it == profiles.end() ? NoProfile() : it->second;
  }

  void Put(std::string_view customer, Profile::Values from_file,
           Profile::Values from_events) {
    const auto it = profiles.find(customer);
    if (from_file.empty() && from_events.empty()) {
      if (it != profiles.end()) profiles.erase(it);
      return;
    }
    auto profile = std::make_shared<const Profile>(std::move(from_file),
                                                   std::move(from_events));
    if (it == profiles.end()) {
      profiles.emplace(customer, std::move(profile));
    } else {
      it->second = std::move(profile);
    }
  }

  // Takes what is in `layer` as the files' layer of everybody here.
  void ReplaceFileLayer(std::map<std::string, Profile::Values> layer,
                        std::vector<std::string>* changed) {
    const std::unique_lock lock(mutex);
    for (const auto& [customer, profile] : profiles) {
      if (!profile->from_file().empty()) layer.try_emplace(customer);
    }
    for (auto& [customer, values] : layer) {
      const std::shared_ptr<const Profile> old = Find(customer);
      if (values == old->from_file()) continue;
      Put(customer, std::move(values), old->from_events());
      changed->push_back(customer);
    }
  }
};

namespace {

std::size_t StripeOf(std::string_view customer) {
  return Hash{}(customer) % kStripes;
}

}  // namespace

ProfileStore::ProfileStore() : stripes_(std::make_unique<Stripe[]>(kStripes)) {}

ProfileStore::~ProfileStore() = default;

std::shared_ptr<const Profile> ProfileStore::Get(
    std::string_view customer) const {
  const Stripe& stripe = stripes_[StripeOf(customer)];
  const std::shared_lock lock(stripe.mutex);
  return stripe.Find(customer);
}

std::size_t ProfileStore::Merge(const ProfileChange& change) {
  Stripe& stripe = stripes_[StripeOf(change.customer)];
  const std::unique_lock lock(stripe.mutex);
  const std::shared_ptr<const Profile> old = stripe.Find(change.customer);
  Profile::Values from_events = old->from_events();
  const std::size_t refused = Apply(change, &from_events);
  if (from_events != old->from_events()) {
    stripe.Put(change.customer, old->from_file(), std::move(from_events));
  }
  return refused;
}

void ProfileStore::Restore(std::string_view customer,
                           Profile::Values from_events) {
  Stripe& stripe = stripes_[StripeOf(customer)];
  const std::unique_lock lock(stripe.mutex);
  stripe.Put(customer, stripe.Find(customer)->from_file(),
             std::move(from_events));
}

std::vector<std::string> ProfileStore::ReplaceFileLayer(
    std::map<std::string, Profile::Values> customers) {
  std::vector<std::map<std::string, Profile::Values>> layers(kStripes);
  while (!customers.empty()) {
    auto node = customers.extract(customers.begin());
    layers[StripeOf(node.key())].insert(std::move(node));
  }
  std::vector<std::string> changed;
  for (std::size_t i = 0; i < kStripes; ++i) {
    stripes_[i].ReplaceFileLayer(std::move(layers[i]), &changed);
  }
  return changed;
}

std::vector<std::string> ProfileStore::Customers(
    const std::function<bool(std::string_view)>& wanted) const {
  std::vector<std::string> customers;
  for (std::size_t i = 0; i < kStripes; ++i) {
    const std::shared_lock lock(stripes_[i].mutex);
    for (const auto& [customer, profile] : stripes_[i].profiles) {
      if (wanted(customer)) customers.push_back(customer);
    }
  }
  return customers;
}

std::size_t ProfileStore::size() const {
  std::size_t size = 0;
  for (std::size_t i = 0; i < kStripes; ++i) {
    const std::shared_lock lock(stripes_[i].mutex);
    size += stripes_[i].profiles.size();
  }
  return size;
}

}  // namespace premura
