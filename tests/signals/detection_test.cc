// SPDX-License-Identifier: Apache-2.0

#include "signals/detection.h"

#include <gtest/gtest.h>

#include "tests/signals/stream.h"

namespace premura {
namespace {

TEST(Detection, IsWrittenAsOneLineOfJson) {
  Rule rule;
  rule.id = "loop";
  Detection detection;
  detection.rule = &rule;
  detection.id = "0123456789abcdef0123456789abcdef";
  detection.customer = "acme \"7\"";
  detection.group = {{"d.ip", "\"10.0.0.1\""}, {"port", "443"}};
  detection.at = kStart;
  detection.evidence = {
      {"page_viewed", kStart - Duration(1), "e1", {{"page", "\"/a\""}}},
      {"page_viewed", kStart, "", {}}};
  EXPECT_EQ(
      ToJson(detection),
      R"({"rule":"loop","customer":"acme \"7\"",)"
      R"("group":{"d.ip":"10.0.0.1","port":443},)"
      R"("at":"2026-01-01T00:00:00.000Z",)"
      R"("id":"0123456789abcdef0123456789abcdef","evidence":[)"
      R"({"event":"page_viewed","at":"2025-12-31T23:59:59.999Z","id":"e1"},)"
      R"({"event":"page_viewed","at":"2026-01-01T00:00:00.000Z","id":null}]})");
}

TEST(Detection, WithoutGroupAndEvidenceHasThemEmpty) {
  Rule rule;
  rule.id = "quiet";
  Detection detection;
  detection.rule = &rule;
  detection.at = kStart;
  EXPECT_EQ(ToJson(detection),
            R"({"rule":"quiet","customer":"","group":{},)"
            R"("at":"2026-01-01T00:00:00.000Z","id":"","evidence":[]})");
}

TEST(Detection, IdsTellPartsApart) {
  EXPECT_EQ(DetectionId({"a", "b"}), DetectionId({"a", "b"}));
  EXPECT_NE(DetectionId({"a", "b"}), DetectionId({"ab", ""}));
  EXPECT_NE(DetectionId({"a", "b"}), DetectionId({"b", "a"}));
  EXPECT_EQ(DetectionId({"a"}).size(), 32U);
}

TEST(Detection, EvidenceShowsTheRulesFieldsFirst) {
  Rig rig(RuleList(R"(
  - {id: a, title: A, detect: {event_count: {event: x, where: {page: /home}, gte: 1, within: 1m}}}
  - {id: b, title: B, cause: [code], detect: {event_count: {event: y, where: {v: 1, w|exists: false}, gte: 1, within: 1m}}}
)"));
  rig.Play("ann y 1s page=/x code=500 v=1");
  const std::vector<Detection> all = rig.Detections();
  ASSERT_EQ(all.size(), 1U);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"v", "1"}, {"code", "500"}, {"page", "\"/x\""}};
  EXPECT_EQ(all[0].evidence[0].fields, expected);
}

}  // namespace
}  // namespace premura
