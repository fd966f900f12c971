// SPDX-License-Identifier: Apache-2.0
// Replay: a file as a source of the daemon, at the speed asked for.

#pragma once

#include <memory>

#include "daemon/config/config.h"
#include "notifiers/clock.h"
#include "rules/result.h"
#include "signals/event_decoder.h"
#include "signals/source.h"

namespace premura {

// With shift_to_now the whole file is read once before, for the times of its
// first and last events. A single time far beyond all others is not taken for
// the last: it stays in the future, and the pipeline refuses it as such. No
// event that is later than the opening is waited for, whatever the speed.
Result<std::unique_ptr<Source>> OpenReplay(const ReplayConfig& replay,
                                           const DecoderOptions& decoder,
                                           const Clock* clock);

}  // namespace premura
