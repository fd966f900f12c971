// SPDX-License-Identifier: Apache-2.0
// TerminalFilter: a stream to a terminal that passes on no control character
// but the ends of lines. What customers and events say is shown in many places,
// and must nowhere move the cursor or rename the window; files and pipes get it
// as it is.
//
// Thread: one at a time.

#pragma once

#include <memory>
#include <ostream>

namespace premura {

// `to` must outlive it. Hands on whole lines; the rest when flushed, or at the
// end.
std::unique_ptr<std::ostream> NewTerminalFilter(std::ostream* to);

}  // namespace premura
