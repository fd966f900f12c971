// SPDX-License-Identifier: Apache-2.0

#include "signals/sync_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace premura {

Status SyncFolderOf(const std::string& file) {
  const std::string parent = std::filesystem::path(file).parent_path().string();
  const std::string path = parent.empty() ? "." : parent;
  const int folder = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = folder >= 0 && fsync(folder) == 0;
  const Status status =
      synced
          ? Status()
          : Status(Error{"cannot write " + path + ": " + std::strerror(errno)});
  if (folder >= 0) close(folder);
  return status;
}

}  // namespace premura
