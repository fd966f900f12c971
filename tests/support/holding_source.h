// SPDX-License-Identifier: Apache-2.0
// HoldingSource: what a source in memory needs in order to hold its partitions
// (Source::Begin): where each is read, and where it was when it was held.
//
// Thread: as Source says.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "signals/source.h"

namespace premura {

class HoldingSource : public Source {
 public:
  std::string Origin(std::uint32_t partition) const override {
    return "events/" + std::to_string(partition);
  }
  void Resume(const std::vector<PartitionPlace>& /*places*/) override {}
  PartitionStart Begin(std::uint32_t partition,
                       const PartitionPlace* place) override {
    const bool known = place != nullptr && place->position >= 0;
    next_[partition] = known ? static_cast<std::size_t>(place->position) : 0;
    return {.resumed = known};
  }
  void Hold(std::uint32_t partition) override {
    if (const auto it = next_.find(partition); it != next_.end()) {
      held_[partition] = it->second;
      next_.erase(it);
    }
  }
  void GoOn(std::uint32_t partition) override {
    next_[partition] = held_.at(partition);
  }
  std::shared_ptr<const Membership> AsMember() const override {
    return membership_;
  }
  void Close() override {}
  void Interrupt() override {}
  SourceHealth Health() const override { return {}; }

 protected:
  std::map<std::uint32_t, std::size_t> next_;  // Of those that are read.
  std::shared_ptr<const Membership> membership_;

 private:
  std::map<std::uint32_t, std::size_t> held_;
};

}  // namespace premura
