// SPDX-License-Identifier: Apache-2.0
#include "daemon/terminal/waiting_note.h"

#include <utility>

namespace premura {

WaitingNote::WaitingNote(std::ostream* out, std::string text,
                         Duration patience) {
  thread_ = std::thread([this, out, patience, text = std::move(text)] {
    std::unique_lock lock(mutex_);
    if (wake_.wait_for(lock, patience, [this] { return over_; })) return;
    *out << text + "\n" << std::flush;
  });
}

WaitingNote::~WaitingNote() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

}  // namespace premura
