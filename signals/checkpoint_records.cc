// SPDX-License-Identifier: Apache-2.0
#include "signals/checkpoint_store.h"

namespace premura {

void CheckpointRecords::Add(RecordKind kind, std::string_view key,
                            std::string_view bytes) {
  const Head head{kind, static_cast<std::uint32_t>(key.size()),
                  static_cast<std::uint32_t>(bytes.size())};
  bytes_.append(reinterpret_cast<const char*>(&head), sizeof head);
  bytes_.append(key);
  bytes_.append(bytes);
  ++size_;
}

void CheckpointRecords::Clear() {
  bytes_.clear();
  size_ = 0;
}

}  // namespace premura
