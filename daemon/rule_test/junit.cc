// SPDX-License-Identifier: Apache-2.0
#include "daemon/rule_test/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "notifiers/template_html.h"
#include "rules/printable.h"

namespace premura {
namespace {

// XML 1.0 has no control characters.
std::string XmlText(std::string_view text) {
  return EscapeHtml(Printable(text, "\n"));
}

std::string CaseXml(const TestOutcome& one) {
  std::string xml = fmt::format("    <testcase classname=\"{}\" name=\"{}\">",
                                XmlText(one.file), XmlText(one.name));
  if (!one.problems.empty()) {
    xml +=
        fmt::format("<failure>{}</failure>",
                    XmlText(fmt::format("{}", fmt::join(one.problems, "\n"))));
  }
  if (!one.skipped.empty()) {
    xml += fmt::format("<skipped message=\"{}\"/>", XmlText(one.skipped));
  }
  return xml + "</testcase>\n";
}

}  // namespace

Status WriteJunit(const std::string& path,
                  const std::vector<TestOutcome>& outcomes) {
  std::map<std::string, std::vector<const TestOutcome*>> by_file;
  for (const TestOutcome& one : outcomes) by_file[one.file].push_back(&one);
  std::ofstream out(path);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n";
  for (const auto& [file, tests] : by_file) {
    const auto failures = std::count_if(
        tests.begin(), tests.end(),
        [](const TestOutcome* one) { return !one->problems.empty(); });
    const auto skipped = std::count_if(
        tests.begin(), tests.end(),
        [](const TestOutcome* one) { return !one->skipped.empty(); });
    out << fmt::format("  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\"",
                       XmlText(file), tests.size(), failures);
    if (skipped > 0) out << fmt::format(" skipped=\"{}\"", skipped);
    out << ">\n";
    for (const TestOutcome* one : tests) out << CaseXml(*one);
    out << "  </testsuite>\n";
  }
  out << "</testsuites>\n";
  out.close();
  if (out.good()) return {};
  return Error{path + ": cannot be written"};
}

}  // namespace premura
