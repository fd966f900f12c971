// SPDX-License-Identifier: Apache-2.0
// TempFolder: a folder of its own for a test, gone with it.

#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace premura {

class TempFolder {
 public:
  TempFolder() {
    std::string name =
        (std::filesystem::temp_directory_path() / "premura-test-XXXXXX");
    if (mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no folder";
    path_ = name;
  }
  ~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  std::string Path(const std::string& name) const { return path_ + "/" + name; }

  // Folders on the way are made.
  void Write(const std::string& name, const std::string& text) const {
    const std::filesystem::path file = Path(name);
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out(file, std::ios::binary);
    out << text;
    ASSERT_TRUE(out.flush().good()) << file;
  }
  std::string Read(const std::string& name) const {
    std::ifstream in(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
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
