// SPDX-License-Identifier: Apache-2.0
#include "notifiers/boottime.h"

#include <time.h>

namespace premura {

Duration Boottime() {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::duration_cast<Duration>(
      std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

}  // namespace premura
