// SPDX-License-Identifier: Apache-2.0
// A mail's bytes (RFC 5322, 2045, 2047), the same at every attempt: Message-ID,
// Date and boundary come from the message's key and first attempt. Pure
// functions.

#pragma once

#include <string>
#include <string_view>

#include "notifiers/channel.h"
#include "notifiers/channels.h"
#include "rules/result.h"
#include "rules/time.h"

namespace premura {

// Refuses addresses that are none and control characters in what becomes a
// header; lines are pure ASCII, at most 76 bytes unless one word is longer, and
// end in CR LF.
Result<std::string> BuildMail(const Message& message,
                              const SmtpOptions& options);

// Whether it may stand between < and > in a header: ASCII, no space, no `<`,
// `>`, `"`.
bool IsHeaderToken(std::string_view text);

// "Subject: .." folded, with RFC 2047 words where it is not ASCII; ends in
// CR LF. REQUIRES: !HasControls(value).
std::string EncodeHeader(std::string_view name, std::string_view value);

// Body text with CR LF line ends; ends in one.
std::string EncodeQuotedPrintable(std::string_view text);

// "Sun, 22 Nov 2026 04:00:00 +0000"
std::string FormatMailDate(Timestamp instant);

}  // namespace premura
