// SPDX-License-Identifier: Apache-2.0
#include "daemon/telemetry/process_memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>

namespace premura {

ProcessMemory ReadProcessMemory() {
  ProcessMemory memory;
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  if (statm >> all >> resident) {
    memory.resident =
        resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  }
  const struct mallinfo2 heap = mallinfo2();
  memory.heap_used = heap.uordblks + heap.hblkhd;
  memory.heap_free = heap.fordblks;
  return memory;
}

}  // namespace premura
