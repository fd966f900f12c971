// SPDX-License-Identifier: Apache-2.0
// Whether a host's name means this machine. A pure function.

#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

namespace premura {

// "localhost", "::1" (in brackets too) and 127.x.x.x as four numbers: a name
// like 127.example.com may lead anywhere.
inline bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  if (!host.starts_with("127.") || std::ranges::count(host, '.') != 3) {
    return false;
  }
  const char* at = host.data();
  const char* const end = at + host.size();
  for (int part = 0; part < 4; ++part) {
    unsigned char number = 0;  // More than 255 does not fit.
    const auto [stop, error] = std::from_chars(at, end, number);
    if (error != std::errc() || (stop != end && *stop != '.')) return false;
    at = stop == end ? end : stop + 1;
  }
  return !host.ends_with('.');
}

}  // namespace premura
