// SPDX-License-Identifier: Apache-2.0

#include "signals/profile.h"

#include <functional>
#include <mutex>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

#include "signals/arena.h"
#include "signals/json_reader.h"
#include "signals/keyed_hash.h"

namespace premura {

// The merged values, read once.
class Profile::Parsed {
 public:
  Parsed(const Values& from_file, const SaidByEvents& from_events)
      : arena_(256) {
    for (const auto& [path, json] : from_file) Add(path, json);
    // Does not replace what the file said.
    for (const auto& [path, said] : from_events) {
      if (!said.is_gone()) Add(path, said.json);
    }
  }

  const std::map<std::string_view, Value>& values() const { return values_; }

 private:
  void Add(const std::string& path, const std::string& json) {
    if (values_.contains(path)) return;
    values_.emplace(path, ParseJsonValue(json, &arena_));
  }

  Arena arena_;
  std::map<std::string_view, Value> values_;  // Keys are the profile's.
};

Profile::Profile(Values from_file, SaidByEvents from_events)
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
    return KeyedHash(text);
  }
};

using Profiles = std::unordered_map<std::string, std::shared_ptr<const Profile>,
                                    Hash, std::equal_to<>>;

const std::shared_ptr<const Profile>& NoProfile() {
  static const auto* none = new std::shared_ptr<const Profile>(
      std::make_shared<const Profile>(Profile::Values(), SaidByEvents()));
  return *none;
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
           SaidByEvents from_events) {
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

  void ForgetSaid(const std::function<bool(std::string_view)>& whose) {
    const std::unique_lock lock(mutex);
    for (auto it = profiles.begin(); it != profiles.end();) {
      auto& [customer, profile] = *it;
      const bool kept = profile->from_events().empty() || !whose(customer);
      if (!kept && profile->from_file().empty()) {
        it = profiles.erase(it);
        continue;
      }
      if (!kept) {
        profile = std::make_shared<const Profile>(profile->from_file(),
                                                  SaidByEvents());
      }
      ++it;
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
  SaidByEvents from_events = old->from_events();
  const std::size_t refused = MergeSaid(change, &from_events);
  if (from_events != old->from_events()) {
    stripe.Put(change.customer, old->from_file(), std::move(from_events));
  }
  return refused;
}

void ProfileStore::Restore(std::string_view customer,
                           SaidByEvents from_events) {
  Stripe& stripe = stripes_[StripeOf(customer)];
  const std::unique_lock lock(stripe.mutex);
  stripe.Put(customer, stripe.Find(customer)->from_file(),
             std::move(from_events));
}

void ProfileStore::ForgetSaid(
    const std::function<bool(std::string_view)>& whose) {
  for (std::size_t i = 0; i < kStripes; ++i) stripes_[i].ForgetSaid(whose);
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
