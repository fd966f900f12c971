// SPDX-License-Identifier: Apache-2.0
// WaitingNote: says on a stream what is waited for, once that takes long.

#pragma once

#include <condition_variable>
#include <mutex>
#include <ostream>
#include <string>
#include <thread>

#include "rules/time.h"

namespace premura {

class WaitingNote {
 public:
  // Writes `text` as a line when it is still there after `patience`. Nobody
  // else writes to `out` meanwhile.
  WaitingNote(std::ostream* out, std::string text, Duration patience);
  ~WaitingNote();
  WaitingNote(const WaitingNote&) = delete;
  WaitingNote& operator=(const WaitingNote&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool over_ = false;  // Guarded by mutex_.
  std::thread thread_;
};

}  // namespace premura
