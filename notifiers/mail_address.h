// SPDX-License-Identifier: Apache-2.0
// Mail addresses: what we are willing to write to. Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace premura {

// A plain ASCII `local@domain.tld`: nothing quoted, no comment, no space, no
// control character, at most 254 bytes. Stricter than the standards on purpose:
// what it lets through is safe in a header and in an SMTP command.
bool IsMailAddress(std::string_view text);

// "m***@example.com": for logs.
std::string MaskMailAddress(std::string_view address);

}  // namespace premura
