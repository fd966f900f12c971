// SPDX-License-Identifier: Apache-2.0
#include "signals/said.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "rules/fold.h"
#include "signals/arena.h"
#include "signals/consent_word.h"
#include "signals/json_reader.h"
#include "signals/varint.h"

namespace premura {
namespace {

bool IsConsent(std::string_view path) {
  return FoldCase(path).starts_with("consent");
}

ConsentWord WordIn(std::string_view json) {
  Arena arena(64);
  return ReadConsent(ParseJsonValue(json, &arena));
}

// Whether what is said of `path` now goes before what is known. A time that is
// not known counts as the same.
bool Holds(std::string_view path, const Said& now, const Said& known) {
  const bool same = now.at == known.at || now.at == Timestamp::min();
  if (!same) return now.at > known.at;
  return !IsConsent(path) || WordIn(now.json) <= WordIn(known.json);
}

// What events say of one customer, kept within bounds.
class Budget {
 public:
  explicit Budget(SaidByEvents* said) : said_(said) {
    for (const auto& [path, value] : *said) bytes_ += BytesOf(path, value);
  }

  // nullptr if nothing is.
  const Said* Known(const std::string& path) const {
    const auto known = said_->find(path);
    return known == said_->end() ? nullptr : &known->second;
  }

  // False if it is more than there is room for; then the old value stays.
  bool Set(const std::string& path, Said value, std::size_t room) {
    if (path.size() > kMaxProfilePathBytes ||
        value.json.size() > kMaxProfileValueBytes) {
      return false;
    }
    if (!HasRoom(path, value, room)) ForgetGone();
    if (!HasRoom(path, value, room)) return false;
    const auto [kept, added] = said_->try_emplace(path);
    if (!added) bytes_ -= BytesOf(path, kept->second);
    bytes_ += BytesOf(path, value);
    kept->second = std::move(value);
    return true;
  }

 private:
  static std::size_t BytesOf(const std::string& path, const Said& value) {
    return path.size() + value.json.size();
  }

  bool HasRoom(const std::string& path, const Said& value,
               std::size_t room) const {
    const auto old = said_->find(path);
    const bool added = old == said_->end();
    const std::size_t before = added ? 0 : BytesOf(path, old->second);
    const std::size_t after = BytesOf(path, value);
    if (after <= before) return true;
    return said_->size() + added <= room * kMaxProfilePaths &&
           bytes_ - before + after <= room * kMaxProfileBytes;
  }

  // What is there goes before the memory of what is not.
  void ForgetGone() {
    std::erase_if(*said_, [this](const auto& entry) {
      if (!entry.second.is_gone()) return false;
      bytes_ -= BytesOf(entry.first, entry.second);
      return true;
    });
  }

  SaidByEvents* const said_;
  std::size_t bytes_ = 0;
};

// What stands in a record in place of a path where it says when the others were
// said. Paths are UTF-8, whoever sends them, and this is not.
constexpr std::string_view kTimes = "\xFF";

// Each as its distance from the one before, most of which are 0; without sign,
// for one that is not known is as far away as can be.
std::string PackTimes(const SaidByEvents& said) {
  std::string packed;
  std::uint64_t before = 0;
  for (const auto& [path, value] : said) {
    const auto at =
        static_cast<std::uint64_t>(value.at.time_since_epoch().count());
    AppendVarint(Zigzag(static_cast<std::int64_t>(at - before)), &packed);
    before = at;
  }
  return packed;
}

bool UnpackTimes(std::string_view packed, SaidByEvents* said) {
  std::uint64_t at = 0;
  for (auto& [path, value] : *said) {
    std::uint64_t step = 0;
    if (!TakeVarint(&packed, &step)) return false;
    at += static_cast<std::uint64_t>(Unzigzag(step));
    value.at = Timestamp(Duration(static_cast<std::int64_t>(at)));
  }
  return packed.empty();
}

}  // namespace

std::size_t MergeSaid(const ProfileChange& change, SaidByEvents* said) {
  Budget budget(said);
  std::size_t refused = 0;
  for (const ProfileChange::Entry& entry : change.entries) {
    Said now{entry.json, change.time};
    if (const Said* const known = budget.Known(entry.path)) {
      if (!Holds(entry.path, now, *known)) continue;
      now.at = std::max(now.at, known->at);
    }
    const Timestamp at = now.at;
    const bool consent = IsConsent(entry.path);
    if (budget.Set(entry.path, std::move(now), consent ? 2 : 1)) continue;
    ++refused;
    if (consent) budget.Set("consent", {"false", at}, 3);
  }
  return refused;
}

std::string PackSaid(const SaidByEvents& said) {
  std::string record;
  AppendVarint(said.size() + 1, &record);
  for (const auto& [path, value] : said) {
    AppendText(path, &record);
    AppendText(value.json, &record);
  }
  AppendText(kTimes, &record);
  AppendText(PackTimes(said), &record);
  return record;
}

Result<SaidByEvents> UnpackSaid(std::string_view record) {
  SaidByEvents said;
  std::optional<std::string_view> times;
  std::uint64_t count = 0;
  bool ok = TakeVarint(&record, &count);
  for (; ok && count > 0; --count) {
    std::string_view path;
    std::string_view json;
    ok = TakeText(&record, &path) && TakeText(&record, &json);
    if (path == kTimes) {
      times = json;
    } else {
      said[std::string(path)].json = json;
    }
  }
  // Written by a version that did not know when: anything goes before it.
  if (ok && times) ok = UnpackTimes(*times, &said);
  if (!ok || !record.empty()) return Error{"its profile is damaged"};
  return said;
}

}  // namespace premura
