// SPDX-License-Identifier: Apache-2.0
#include "notifiers/digest.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace premura {
namespace {

using Hash = std::array<unsigned char, 32>;

Hash Sha256(std::string_view a, std::string_view b, std::string_view c,
            std::string_view d) {
  std::string text;
  for (const std::string_view part : {a, b, c, d}) {
    text += fmt::format("{}:", part.size());
    text += part;
  }
  Hash hash{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha256(),
                 nullptr) != 1) {
    std::abort();  // Out of memory; a made-up key would be worse.
  }
  return hash;
}

}  // namespace

std::string Digest(std::string_view a, std::string_view b, std::string_view c,
                   std::string_view d) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string hex;
  for (const unsigned char byte : Sha256(a, b, c, d)) {
    hex.push_back(kHex[byte >> 4]);
    hex.push_back(kHex[byte & 15]);
  }
  return hex;
}

double UnitInterval(std::string_view a, std::string_view b, std::string_view c,
                    std::string_view d) {
  const Hash hash = Sha256(a, b, c, d);
  std::uint64_t bits = 0;
  for (int i = 0; i < 8; ++i) bits = bits << 8 | hash[std::size_t(i)];
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
