// SPDX-License-Identifier: Apache-2.0
#include "signals/kafka_starts.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace premura {
namespace {

std::int64_t OffsetIn(const KafkaConsumer::Offsets& offsets,
                      const rd_kafka_topic_partition_t& partition) {
  const auto it = offsets.find({partition.topic, partition.partition});
  return it == offsets.end() ? -1 : it->second;
}

}  // namespace

KafkaStarts::KafkaStarts(const KafkaConsumer* consumer,
                         std::optional<Timestamp> make_up_from,
                         std::function<void(const std::string&)> tell)
    : consumer_(consumer),
      make_up_from_(make_up_from),
      tell_(std::move(tell)) {}

void KafkaStarts::Resume(const PartitionPlace& place) {
  places_[place.number] = place;
}

std::vector<PartitionStart> KafkaStarts::Of(
    std::span<const std::uint32_t> numbers, List* list) {
  const bool known_all =
      std::all_of(numbers.begin(), numbers.end(),
                  [this](std::uint32_t it) { return begun_.contains(it); });
  const Known known = known_all ? Known() : Ask(*list);
  std::vector<PartitionStart> starts;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    starts.push_back(StartOf(numbers[i], known, &list->elems[i]));
  }
  return starts;
}

PartitionStart KafkaStarts::Begin(const PartitionPlace* place,
                                  rd_kafka_topic_partition_t* partition) {
  if (place != nullptr && place->position < 0) return {};
  if (place != nullptr) return Resume(*place, partition);
  const KafkaList list(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(list.get(), partition->topic,
                                    partition->partition);
  const Known known = Ask(*list);
  const std::int64_t group = OffsetIn(known.committed, *partition);
  if (group < 0) return {};
  partition->offset = group;
  return MakeUp("the changelog does not know it", group, known, partition);
}

// Without an answer a checkpoint is believed, or nothing made up for: at worst
// something is read again, or windows begin anew.
KafkaStarts::Known KafkaStarts::Ask(const List& list) {
  Known known;
  known.committed = Answer(consumer_->Committed(list));
  if (!make_up_from_ || known.committed.empty()) return known;
  known.make_up_from = Answer(consumer_->OffsetsAt(list, *make_up_from_));
  return known;
}

KafkaConsumer::Offsets KafkaStarts::Answer(
    Result<KafkaConsumer::Offsets> offsets) {
  if (offsets.ok()) return std::move(offsets).value();
  tell_("the brokers do not say where to begin: " + offsets.error().message);
  return {};
}

// Once for each: who gets a partition back later on goes on where the group is.
PartitionStart KafkaStarts::StartOf(std::uint32_t number, const Known& known,
                                    rd_kafka_topic_partition_t* partition) {
  if (!begun_.insert(number).second) return {};
  const std::int64_t group = OffsetIn(known.committed, *partition);
  const auto node = places_.extract(number);
  if (node.empty()) {
    if (group < 0) return {};
    return MakeUp("no checkpoint knows it", group, known, partition);
  }
  const PartitionPlace& place = node.mapped();
  if (group <= std::max(place.position, place.known)) {
    return Resume(place, partition);
  }
  // Another instance has read it meanwhile, or the checkpoint is an old one.
  PartitionStart start;
  start.why = fmt::format("the group has come to {}, the checkpoint only to {}",
                          group, place.position);
  PartitionStart made_up = MakeUp(start.why, group, known, partition);
  return made_up.why.empty() ? start : made_up;
}

PartitionStart KafkaStarts::Resume(const PartitionPlace& place,
                                   rd_kafka_topic_partition_t* partition) {
  partition->offset = place.position;
  const auto bounds = consumer_->Bounds(partition->topic, partition->partition);
  if (bounds.ok()) {
    const auto [low, high] = bounds.value();
    if (place.position > high) {
      partition->offset = RD_KAFKA_OFFSET_BEGINNING;
      return {.why = fmt::format(
                  "it ends at {} and the checkpoint is at {}: it is another "
                  "topic of that name",
                  high, place.position)};
    }
    if (place.position < low) {
      partition->offset = low;
      tell_(
          fmt::format("{}: the records from {} to {} were deleted before "
                      "they were read",
                      place.name, place.position, low - 1));
    }
  }
  return {.resumed = true,
          .known = place.known > place.position ? place.known : 0};
}

// What the group has read is read again, as far back as rules remember. Nothing
// if it has read nothing since.
PartitionStart KafkaStarts::MakeUp(const std::string& why, std::int64_t group,
                                   const Known& known,
                                   rd_kafka_topic_partition_t* partition) {
  const std::int64_t from = OffsetIn(known.make_up_from, *partition);
  if (from < 0 || from >= group) return {};
  partition->offset = from;
  return {.why = fmt::format(
              "{}, so that {} to {} are read again to make up for it", why,
              from, group - 1),
          .known = group};
}

}  // namespace premura
