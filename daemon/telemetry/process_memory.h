// SPDX-License-Identifier: Apache-2.0
// What this process holds of the machine's memory. Resident memory alone does
// not tell what is kept from what was given back to the allocator and not to
// the machine.

#pragma once

#include <cstddef>

namespace premura {

// In bytes; 0: not known.
struct ProcessMemory {
  std::size_t resident = 0;   // /proc/self/statm, proc(5).
  std::size_t heap_used = 0;  // Of glibc's allocator, mallinfo2(3): in use,
  std::size_t heap_free = 0;  // and free, of all its arenas.
};

// Takes the allocator's locks for a moment: for whoever asks now and then.
ProcessMemory ReadProcessMemory();

}  // namespace premura
