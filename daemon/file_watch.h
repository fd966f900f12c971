// SPDX-License-Identifier: Apache-2.0
// FileWatch: tells when files have changed and have come to rest. Looks at
// names, times and sizes, so that it also notices editors that rename and
// folders that are swapped by a link, where notifications of the kernel do
// not reach.
//
// Thread: one.

#pragma once

#include <functional>
#include <string>
#include <vector>

namespace premura {

class FileWatch {
 public:
  // `paths` names files and folders to look at (those below folders too);
  // asked each time, as it may depend on them.
  explicit FileWatch(std::function<std::vector<std::string>()> paths);

  // To be called every second or so: true once after a change, as soon as two
  // calls in a row see the same.
  bool Changed();
  // What is there now is known.
  void Accept();

 private:
  std::string Look() const;

  const std::function<std::vector<std::string>()> paths_;
  std::string known_;
  std::string last_;
};

}  // namespace premura
