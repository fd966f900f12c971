// SPDX-License-Identifier: Apache-2.0
#include "daemon/checkpoints.h"

namespace premura {

Status Checkpoints::Open() {
  auto opened = OpenRocksCheckpoints(folder_);
  if (!opened.ok()) return opened.error();
  if (!opened.value().store) return Abandon(opened.value().damage);
  store_ = std::move(opened.value().store);
  is_new_ = opened.value().is_new;
  return {};
}

Status Checkpoints::Abandon(const std::string& problem) {
  store_.reset();
  auto aside = MoveCheckpointsAside(folder_);
  if (!aside.ok()) return aside.error();
  telemetry_->OnCheckpointDamaged(problem, aside.value());
  return Open();
}

}  // namespace premura
