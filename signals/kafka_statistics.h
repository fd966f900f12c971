// SPDX-License-Identifier: Apache-2.0
// What librdkafka's statistics tell of its connections.
//
// A broker whose process stands still keeps its connections, and librdkafka
// calls them up for a minute (socket.timeout.ms). One that is read from answers
// within fetch.wait.max.ms, be there records or not.

#pragma once

#include <optional>
#include <string_view>

#include "rules/time.h"

namespace premura {

struct KafkaConnections {
  bool up = false;       // Some connection is.
  bool answers = false;  // Something came by one of these within `patience`.
  bool waits = false;    // One of these has been asked, and answers nothing.
};

// nullopt if they are not understood.
std::optional<KafkaConnections> ConnectionsOf(std::string_view statistics,
                                              Duration patience);

}  // namespace premura
