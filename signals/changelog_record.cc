// SPDX-License-Identifier: Apache-2.0
#include "signals/changelog_record.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>

#include "signals/varint.h"

namespace premura {
namespace {

constexpr char kFormat = 1;

bool TakeSmall(std::string_view* from, std::uint32_t* number) {
  std::uint64_t wide = 0;
  if (!TakeVarint(from, &wide)) return false;
  *number = static_cast<std::uint32_t>(wide);
  return true;
}

bool TakeOwned(std::string_view* from, std::string* text) {
  std::string_view view;
  if (!TakeText(from, &view)) return false;
  *text = view;
  return true;
}

bool TakeTakeover(std::string_view* from, Takeover* takeover) {
  return TakeSmall(from, &takeover->epoch) &&
         TakeSmall(from, &takeover->owner) &&
         TakeVarint(from, &takeover->after);
}

bool TakePosition(std::string_view* from,
                  std::map<std::string, std::int64_t>* positions) {
  std::string name;
  std::uint64_t position = 0;
  if (!TakeOwned(from, &name) || !TakeVarint(from, &position)) return false;
  (*positions)[name] = static_cast<std::int64_t>(position);
  return true;
}

}  // namespace

bool Progress::VouchesFor(const Stamp& stamp) const {
  // Of owners that are forgotten: their numbers went on from one to the next.
  if (stamp.epoch < takeovers.front().epoch) {
    return stamp.number <= takeovers.front().after;
  }
  const auto by = std::find_if(
      takeovers.begin(), takeovers.end(),
      [&stamp](const Takeover& it) { return it.epoch == stamp.epoch; });
  if (by == takeovers.end() || by->owner != stamp.owner) return false;
  const auto heir = std::next(by);
  return stamp.number <= (heir == takeovers.end() ? number : heir->after);
}

bool Progress::Supersedes(const Progress& other) const {
  const Stamp mine = stamp();
  const Stamp its = other.stamp();
  if (mine.epoch != its.epoch) return mine.epoch > its.epoch;
  return mine.owner == its.owner && mine.number > its.number;
}

std::string Pack(const Progress& progress) {
  std::string bytes;
  AppendVarint(progress.takeovers.size(), &bytes);
  for (const Takeover& it : progress.takeovers) {
    AppendVarint(it.epoch, &bytes);
    AppendVarint(it.owner, &bytes);
    AppendVarint(it.after, &bytes);
  }
  AppendVarint(progress.number, &bytes);
  AppendVarint(progress.fresh ? 1 : 0, &bytes);
  AppendText(progress.writer, &bytes);
  AppendVarint(progress.partitions, &bytes);
  AppendVarint(progress.positions.size(), &bytes);
  for (const auto& [name, position] : progress.positions) {
    AppendText(name, &bytes);
    AppendVarint(static_cast<std::uint64_t>(position), &bytes);
  }
  AppendVarint(progress.records, &bytes);
  AppendVarint(progress.checksums, &bytes);
  AppendText(progress.source, &bytes);
  return bytes;
}

bool Unpack(std::string_view bytes, Progress* progress) {
  std::uint64_t count = 0;
  bool ok = TakeVarint(&bytes, &count) && count > 0;
  for (; ok && count > 0; --count) {
    ok = TakeTakeover(&bytes, &progress->takeovers.emplace_back());
  }
  std::uint64_t fresh = 0;
  ok = ok && TakeVarint(&bytes, &progress->number) &&
       TakeVarint(&bytes, &fresh) && TakeOwned(&bytes, &progress->writer) &&
       TakeSmall(&bytes, &progress->partitions) && TakeVarint(&bytes, &count);
  for (; ok && count > 0; --count) {
    ok = TakePosition(&bytes, &progress->positions);
  }
  progress->fresh = fresh != 0;
  return ok && TakeVarint(&bytes, &progress->records) &&
         TakeVarint(&bytes, &progress->checksums) &&
         TakeOwned(&bytes, &progress->source) && bytes.empty();
}

std::uint32_t ChecksumOf(std::string_view key,
                         std::optional<std::string_view> value) {
  const auto add = [](uLong sum, std::string_view text) {
    return crc32(sum, reinterpret_cast<const Bytef*>(text.data()),
                 static_cast<uInt>(text.size()));
  };
  return static_cast<std::uint32_t>(add(add(0, key), value.value_or("")));
}

std::string PackHead(const ChangelogHead& head) {
  std::string bytes(1, kFormat);
  AppendVarint(head.stamp.epoch, &bytes);
  AppendVarint(head.stamp.owner, &bytes);
  AppendVarint(head.stamp.number, &bytes);
  AppendVarint(head.checksum, &bytes);
  return bytes;
}

bool IsOfAnotherFormat(std::string_view head) {
  return !head.empty() && head.front() != kFormat;
}

Result<ChangelogHead> UnpackHead(std::string_view bytes) {
  if (IsOfAnotherFormat(bytes)) {
    return Error{"it is of format " + std::to_string(bytes.front()) +
                 ", and this premura reads format " + std::to_string(kFormat)};
  }
  ChangelogHead head;
  if (bytes.empty()) return Error{"a record is not premura's"};
  bytes.remove_prefix(1);
  if (!TakeSmall(&bytes, &head.stamp.epoch) ||
      !TakeSmall(&bytes, &head.stamp.owner) ||
      !TakeVarint(&bytes, &head.stamp.number) ||
      !TakeSmall(&bytes, &head.checksum) || !bytes.empty()) {
    return Error{"the head of a record is damaged"};
  }
  return head;
}

}  // namespace premura
