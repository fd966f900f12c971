// SPDX-License-Identifier: Apache-2.0
// What the engine writes down, and takes up again.

#include <utility>

#include "signals/engine_impl.h"

namespace premura {

std::string EngineImpl::Save(EngineRecords*) { return {}; }

Status EngineImpl::Load(std::string_view, std::string_view) { return {}; }

Status EngineImpl::LoadOwn(std::string_view, std::size_t) { return {}; }

}  // namespace premura
