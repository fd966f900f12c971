// SPDX-License-Identifier: Apache-2.0
// What a kind does, case by case: the rule language's words, a rule, a stream,
// and what is detected.

#pragma once

#include <gmock/gmock.h>

#include <ostream>
#include <string>
#include <vector>

#include "tests/signals/stream.h"

namespace premura {

struct KindCase {
  std::string says;    // What the rule language says.
  std::string detect;  // The kind with its parameters.
  std::string stream;  // `customer name time field=value #id`, or `clock time`.
  std::vector<std::string> expected;  // `@at: evidence`.
};

inline void PrintTo(const KindCase& test, std::ostream* out) {
  *out << test.says;
}

inline void Check(const KindCase& test) {
  Rig rig(
      RuleList("  - id: r\n    title: R\n    detect:\n      " + test.detect));
  rig.Play(test.stream);
  std::vector<std::string> told;
  for (const std::string& one : rig.Told()) {
    told.push_back(one.substr(one.find('@')));
  }
  EXPECT_EQ(told, test.expected) << test.says << "\n"
                                 << test.detect << test.stream;
}

}  // namespace premura
