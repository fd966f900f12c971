// SPDX-License-Identifier: Apache-2.0
// TempFolder: a folder of its own for a test, gone with it.

#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace premura {

inline std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class TempFolder {
 public:
  TempFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "premura-test-XXXXXX");
    if (mkdtemp(name.data()) == nullptr) {
      ADD_FAILURE() << "no folder";
      return;
    }
    path_ = name;
    // Servers that give up root must get through to their own folders.
    std::filesystem::permissions(path_, std::filesystem::perms(0755));
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Answers the file's path. Folders on the way are made.
  std::string Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = Path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << text;
    EXPECT_TRUE(out.flush().good()) << file;
    return file;
  }
  std::string Read(const std::string& name) const {
    return ReadAll(Path(name));
  }
  // Files below `name`, in order.
  std::vector<std::string> List(const std::string& name) const {
    std::vector<std::string> files;
    std::error_code error;
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(Path(name), error)) {
      if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }

 private:
  std::string path_;
};

}  // namespace premura
