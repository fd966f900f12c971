// SPDX-License-Identifier: Apache-2.0
// Tracks stand rule by rule: the rule's stamp, how many, and their bytes, which
// who does not know the rule passes over.

#include "signals/customer_record.h"

#include <algorithm>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "signals/matcher.h"
#include "signals/record_reader.h"

namespace premura {

namespace {

// What a track may have beside the newest time.
constexpr std::uint64_t kState = 1;
constexpr std::uint64_t kHeldTimer = 2;
constexpr std::uint64_t kEpisodes = 4;

void WriteTrack(const Track& track, const Episodes* episodes,
                const Detector& detector, RecordWriter* to) {
  if (track.group() != nullptr) {
    for (const Group::Entry& entry : track.group()->entries) {
      to->Packed(entry.packed);
    }
  }
  const Memo& memo = track.memo();
  const bool held = memo.state() != nullptr && memo.state()->queued == kHeld;
  to->Time(track.newest);
  to->Number((memo.empty() ? 0 : kState) | (held ? kHeldTimer : 0) |
             (episodes != nullptr ? kEpisodes : 0));
  if (episodes != nullptr) {
    to->Time(episodes->latest);
    to->Number(episodes->at_latest);
    to->Number(episodes->before);
  }
  if (!memo.empty()) detector.Save(memo, to);
}

void WriteRule(const Customer& customer, std::span<const Track> tracks,
               const Watcher& watcher, RecordWriter* to) {
  to->Fixed(watcher.stamp);
  to->Number(tracks.size());
  to->BeginPart();
  for (const Track& track : tracks) {
    WriteTrack(track, customer.FindEpisodes(track), *watcher.detector, to);
  }
  to->EndPart();
}

// What stands before the rules.
struct Head {
  std::uint32_t arrivals;
  std::uint32_t origin;
  std::uint32_t seen_day;
  Timestamp late;
  Timestamp sweep;
};

Head ReadHead(RecordReader* from) {
  Head head{};
  head.arrivals = from->Small();
  head.origin = from->Small();
  head.seen_day = from->Small();
  head.late = from->Time();
  head.sweep = from->Time();
  return head;
}

// Of one customer.
class CustomerReader {
 public:
  CustomerReader(const WatchIndex& index, RecordReader* from,
                 Customer* customer)
      : index_(index), from_(*from), customer_(*customer) {}

  void Read(std::uint64_t* left_out);

 private:
  void ReadRule(std::uint64_t* left_out);
  void ReadTrack(const Watcher& watcher);
  std::unique_ptr<Group> ReadGroup(const Rule& rule);
  void PutInOrder();

  const WatchIndex& index_;
  RecordReader& from_;
  Customer& customer_;
};

void CustomerReader::Read(std::uint64_t* left_out) {
  const Head head = ReadHead(&from_);
  customer_.arrivals = head.arrivals;
  customer_.origin = head.origin;
  customer_.seen_day = head.seen_day;
  customer_.late = head.late;
  customer_.sweep = head.sweep;
  std::size_t rules = from_.Count();
  customer_.tracks.reserve(rules);  // Most have one of each.
  for (; rules > 0 && from_.ok(); --rules) ReadRule(left_out);
  PutInOrder();
}

void CustomerReader::ReadRule(std::uint64_t* left_out) {
  const Watcher* const watcher = index_.OfStamp(from_.Fixed());
  std::size_t tracks = from_.Count();
  if (watcher == nullptr) {
    *left_out += tracks;
    from_.SkipPart();
    return;
  }
  from_.BeginPart();
  for (; tracks > 0 && from_.ok(); --tracks) ReadTrack(*watcher);
  from_.EndPart();
}

void CustomerReader::ReadTrack(const Watcher& watcher) {
  std::unique_ptr<Group> group = ReadGroup(*watcher.rule);
  const std::uint64_t key =
      TrackKey(watcher.rule->state_slot, group ? group->key : "");
  Track track(key, std::move(group));
  track.newest = from_.Time();
  const std::uint64_t has = from_.Number();
  if ((has & kEpisodes) != 0) {
    Episodes& episodes = customer_.episodes.emplace_back();
    episodes.key = key;
    episodes.group = track.group();
    episodes.latest = from_.Time();
    episodes.at_latest = from_.Small();
    episodes.before = from_.Small();
  }
  if ((has & kState) != 0) watcher.detector->Load(&from_, &track.memo());
  if ((has & kHeldTimer) != 0) {
    State* const state = track.state();
    if (state == nullptr || state->due == kNever) from_.Fail();
    if (state != nullptr) state->queued = kHeld;
  }
  customer_.tracks.push_back(std::move(track));
}

std::unique_ptr<Group> CustomerReader::ReadGroup(const Rule& rule) {
  std::vector<std::string_view> packed;
  for (std::size_t i = 0; i < rule.detect.group_by.size(); ++i) {
    packed.push_back(from_.Packed());
  }
  if (packed.empty() || !from_.ok()) return nullptr;
  return MakeGroup(packed, rule, index_.rules()->symbols());
}

// By slots, which may be others now. No two tracks are of one group.
void CustomerReader::PutInOrder() {
  auto& tracks = customer_.tracks;
  const auto before = [](const Track& a, const Track& b) {
    return a.key() < b.key();
  };
  // Mostly they are, unless rules have changed.
  if (!std::is_sorted(tracks.begin(), tracks.end(), before)) {
    std::stable_sort(tracks.begin(), tracks.end(), before);
  }
  for (std::size_t i = 1; i < tracks.size(); ++i) {
    if (tracks[i].key() == tracks[i - 1].key() &&
        tracks[i].group_key() == tracks[i - 1].group_key()) {
      from_.Fail();
    }
  }
  std::sort(customer_.episodes.begin(), customer_.episodes.end(),
            [](const Episodes& a, const Episodes& b) {
              return std::pair(a.key, a.group) < std::pair(b.key, b.group);
            });
}

}  // namespace

void WriteCustomer(const Customer& customer, const WatchIndex& index,
                   RecordWriter* to) {
  to->Number(customer.arrivals);
  to->Number(customer.origin);
  to->Number(customer.seen_day);
  to->Time(customer.late);
  to->Time(customer.sweep);
  const std::vector<Track>& tracks = customer.tracks;
  const auto is_first = [&tracks](std::size_t i) {
    return i == 0 || tracks[i].slot() != tracks[i - 1].slot();
  };
  std::size_t rules = 0;
  for (std::size_t i = 0; i < tracks.size(); ++i) rules += is_first(i);
  to->Number(rules);
  for (std::size_t begin = 0; begin < tracks.size();) {
    std::size_t end = begin + 1;
    while (end < tracks.size() && !is_first(end)) ++end;
    WriteRule(customer, std::span(tracks).subspan(begin, end - begin),
              *index.OfSlot(tracks[begin].slot()), to);
    begin = end;
  }
}

void DropTracks(const WatchIndex& index, Customer* customer) {
  for (Track& track : customer->tracks) {
    index.OfSlot(track.slot())->detector->Clear(&track.memo());
  }
  customer->tracks.clear();
  customer->episodes.clear();
}

bool HasOthers(std::string_view record, const WatchIndex& index) {
  RecordReader from(record, index.rules()->symbols());
  ReadHead(&from);
  for (std::size_t rules = from.Count(); rules > 0 && from.ok(); --rules) {
    if (index.OfStamp(from.Fixed()) == nullptr) return true;
    from.Count();
    from.SkipPart();
  }
  return false;
}

Status ReadCustomer(std::string_view record, const WatchIndex& index,
                    Customer* customer, std::uint64_t* left_out) {
  RecordReader from(record, index.rules()->symbols());
  CustomerReader reader(index, &from, customer);
  reader.Read(left_out);
  Status status = from.Close();
  if (!status.ok()) DropTracks(index, customer);
  return status;
}

}  // namespace premura
