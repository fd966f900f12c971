// SPDX-License-Identifier: Apache-2.0
// Results of tests for a build server, as JUnit XML.

#pragma once

#include <string>
#include <vector>

#include "rules/result.h"

namespace premura {

struct TestOutcome {
  std::string file;  // Or what else tests are gathered by.
  std::string name;
  std::vector<std::string> problems;  // None: it passed,
  std::string skipped;                // unless it was not tried: why.
};

Status WriteJunit(const std::string& path,
                  const std::vector<TestOutcome>& outcomes);

}  // namespace premura
