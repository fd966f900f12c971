// SPDX-License-Identifier: Apache-2.0
// What systemd is told of a service of `Type=notify`: a line of text in a
// datagram. Does nothing where no service manager waits for it.

#pragma once

#include <optional>
#include <string>

#include "rules/time.h"

namespace premura {

// "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..".
void TellServiceManager(const std::string& state);

// How often it wants to hear WATCHDOG=1; half of what it waits. nullopt: never.
std::optional<Duration> WatchdogInterval();

}  // namespace premura
