// SPDX-License-Identifier: Apache-2.0
// A file's whole content. What is no regular file could keep its reader waiting
// for good, so it is refused, but for what a shell hands over: it writes
// /dev/stdin, /dev/fd/63 or /proc/self/fd/11 for pipes.

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "rules/document.h"

namespace premura {
namespace {

bool IsHandedOver(const std::string& path) {
  return path == "/dev/stdin" || path.starts_with("/dev/fd/") ||
         path.starts_with("/proc/self/fd/");
}

Error SystemError(const char* what) {
  return Error{fmt::format("{}: {}", what, std::strerror(errno))};
}

std::string Size(std::size_t bytes) {
  if (bytes >> 20 != 0) return fmt::format("{} MiB", bytes >> 20);
  if (bytes >> 10 != 0) return fmt::format("{} KiB", bytes >> 10);
  return fmt::format("{} bytes", bytes);
}

Result<std::string> ReadAll(int file, std::size_t max_bytes) {
  std::string text;
  std::string chunk(64 << 10, '\0');
  while (true) {
    const ssize_t size = read(file, chunk.data(), chunk.size());
    if (size == 0) return text;
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return SystemError("cannot read");
    text.append(chunk, 0, static_cast<std::size_t>(size));
    if (text.size() > max_bytes) {
      return Error{fmt::format("is larger than {}", Size(max_bytes))};
    }
  }
}

}  // namespace

Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes) {
  const bool may_wait = IsHandedOver(path);
  const int file =
      open(path.c_str(), O_RDONLY | O_CLOEXEC | (may_wait ? 0 : O_NONBLOCK));
  if (file < 0) return SystemError("cannot open");
  struct stat about {};
  Result<std::string> text = Error{};
  if (fstat(file, &about) != 0) {
    text = SystemError("cannot read");
  } else if (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode) || may_wait) {
    text = ReadAll(file, max_bytes);  // A folder says itself that it is one.
  } else {
    text = Error{"is no regular file"};
  }
  close(file);
  return text;
}

}  // namespace premura
