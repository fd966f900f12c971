// SPDX-License-Identifier: Apache-2.0
// Check: what must hold for every input; the fuzzer keeps an input that breaks
// it.

#pragma once

#include <cstdio>
#include <cstdlib>

namespace premura {

inline void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace premura
