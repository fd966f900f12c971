// SPDX-License-Identifier: Apache-2.0
#include "notifiers/digest.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>

#include "rules/digest.h"

namespace premura {
namespace {

// The parts told apart.
std::string Joined(std::string_view a, std::string_view b, std::string_view c,
                   std::string_view d) {
  std::string text;
  for (const std::string_view part : {a, b, c, d}) {
    text += fmt::format("{}:", part.size());
    text += part;
  }
  return text;
}

}  // namespace

std::string Digest(std::string_view a, std::string_view b, std::string_view c,
                   std::string_view d) {
  return Sha256(Joined(a, b, c, d));
}

double UnitInterval(std::string_view a, std::string_view b, std::string_view c,
                    std::string_view d) {
  const std::string hex = Digest(a, b, c, d);
  std::uint64_t bits = 0;
  std::from_chars(hex.data(), hex.data() + 16, bits, 16);
  // 53 bits: what a double holds exactly, so that 1 is never reached.
  return std::ldexp(static_cast<double>(bits >> 11), -53);
}

std::string DeliveryKey(std::string_view installation,
                        std::string_view detection, std::string_view channel,
                        int action) {
  return "pre-" +
         Digest(installation, detection, channel, fmt::format("{}", action))
             .substr(0, 20);
}

}  // namespace premura
