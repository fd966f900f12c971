// SPDX-License-Identifier: Apache-2.0
#include "signals/file_identity.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace premura {
namespace {

constexpr std::uintmax_t kMost = 4096;  // Bytes looked at.

// "<bytes>:<their checksum>"; empty if there are not so many.
std::string IdentityOf(const std::string& path, std::uintmax_t bytes) {
  std::ifstream file(path, std::ios::binary);
  std::string head(bytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (!file || file.gcount() != static_cast<std::streamsize>(bytes)) return {};
  const uLong sum = crc32(0, reinterpret_cast<const Bytef*>(head.data()),
                          static_cast<uInt>(head.size()));
  return std::to_string(bytes) + ":" + std::to_string(sum);
}

}  // namespace

std::string FileIdentity(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? std::string() : IdentityOf(path, std::min(size, kMost));
}

bool IsSameFile(const std::string& path, const std::string& identity) {
  const auto bytes = std::strtoull(identity.c_str(), nullptr, 10);
  return bytes <= kMost && IdentityOf(path, bytes) == identity;
}

}  // namespace premura
