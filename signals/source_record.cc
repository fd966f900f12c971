// SPDX-License-Identifier: Apache-2.0
#include "signals/source_record.h"

#include "signals/varint.h"

namespace premura {
namespace {

class Packer {
 public:
  void Number(std::uint64_t number) { AppendVarint(number, &bytes); }
  void Signed(std::int64_t number) { Number(Zigzag(number)); }
  void Time(Timestamp time) { Signed(time.time_since_epoch().count()); }
  void Text(std::string_view text) { AppendText(text, &bytes); }

  std::string bytes;
};

// Once something is missing all that follows is 0.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  std::uint64_t Number() {
    std::uint64_t number = 0;
    ok_ = ok_ && TakeVarint(&rest_, &number);
    return ok_ ? number : 0;
  }
  std::uint32_t Small() { return static_cast<std::uint32_t>(Number()); }
  std::int64_t Signed() { return Unzigzag(Number()); }
  Timestamp Time() { return Timestamp(Duration(Signed())); }
  std::string Text() {
    std::string_view text;
    ok_ = ok_ && TakeText(&rest_, &text);
    return std::string(text);
  }
  bool ok() const { return ok_; }
  bool done() const { return ok_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

void PackProgress(const PartitionProgress& progress, Packer* to) {
  to->Signed(progress.position);
  to->Signed(progress.read - progress.position);
  to->Number(progress.held.size());
  std::int64_t before = progress.position;
  for (const EventPlace& place : progress.held) {
    to->Signed(place.position - before);
    to->Number(place.number);
    before = place.position;
  }
  to->Number(progress.reached ? 1 : 0);
  if (progress.reached) to->Time(*progress.reached);
}

PartitionProgress UnpackProgress(Unpacker* from) {
  PartitionProgress progress;
  progress.position = from->Signed();
  progress.read = progress.position + from->Signed();
  std::int64_t before = progress.position;
  for (std::uint64_t i = from->Number(); i > 0 && from->ok(); --i) {
    before += from->Signed();
    progress.held.push_back({before, from->Small()});
  }
  if (from->Number() != 0) progress.reached = from->Time();
  return progress;
}

// An earlier version reads whether it is 0, and if not resumes by itself.
std::uint64_t PackStall(const StallRecord& record) {
  return static_cast<std::uint64_t>(record.stall) |
         (record.has_enough ? 4U : 0U);
}

StallRecord UnpackStall(std::uint64_t number) {
  return {static_cast<Stall>(std::min<std::uint64_t>(number & 3, 2)),
          (number & 4) != 0};
}

}  // namespace

std::string Pack(const SourceRecord& record) {
  Packer to;
  to.Number(record.number);
  to.Number(PackStall(record.stall));
  to.Time(record.clock);
  for (const std::uint64_t seed : record.seeds) to.Number(seed);
  to.Number(record.partitions.size());
  for (const auto& [number, partition] : record.partitions) {
    to.Number(number);
    to.Text(partition.name);
    to.Text(partition.identity);
    to.Signed(partition.known);
    to.Number(partition.progress ? 1 : 0);
    if (partition.progress) PackProgress(*partition.progress, &to);
  }
  return to.bytes;
}

bool Unpack(std::string_view bytes, SourceRecord* record) {
  Unpacker from(bytes);
  record->number = from.Small();
  record->stall = UnpackStall(from.Number());
  record->clock = from.Time();
  for (std::uint64_t& seed : record->seeds) seed = from.Number();
  for (std::uint64_t i = from.Number(); i > 0 && from.ok(); --i) {
    SourceRecord::Partition& partition = record->partitions[from.Small()];
    partition.name = from.Text();
    partition.identity = from.Text();
    partition.known = from.Signed();
    if (from.Number() != 0) partition.progress = UnpackProgress(&from);
  }
  return from.done();
}

}  // namespace premura
