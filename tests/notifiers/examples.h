// SPDX-License-Identifier: Apache-2.0
// A case and a message for tests: Marta and the billing page.

#pragma once

#include "notifiers/case_record.h"
#include "notifiers/channel.h"

namespace premura {

inline Timestamp At(const char* text) { return ParseRfc3339(text).value(); }

inline CaseRecord ExampleRecord() {
  CaseRecord record;
  record.detection_id = "d7f3a0c1d7f3a0c1d7f3a0c1d7f3a0c1";
  record.rule_id = "billing-page-loop";
  record.revision = "3f2a0001";
  record.rule_hash = "9c0d0002";
  record.title = "Keeps coming back to the billing page";
  record.level = "medium";
  record.phase = "buy";
  record.article = "card-confirmation";
  record.customer = "acme";
  record.group = {{"d.ip", "\"10.0.0.1\""}};
  record.at = At("2026-11-22T08:52:00Z");
  record.evidence = {
      {"page_viewed",
       At("2026-11-22T08:41:00Z"),
       "e1",
       {{"page", "\"/billing/card\""}}},
      {"payment_failed",
       At("2026-11-22T08:44:00Z"),
       "e2",
       {{"reason", "\"3ds_timeout\""}, {"amount", "12.5"}}},
      {"page_viewed",
       At("2026-11-22T08:52:00Z"),
       "e3",
       {{"page", "\"/billing/card\""}}},
  };
  return record;
}

inline Message ExampleMessage() {
  Message message;
  message.key = "pre-0123456789abcdef0123";
  message.detection_id = "d7f3a0c1d7f3a0c1d7f3a0c1d7f3a0c1";
  message.rule_id = "billing-page-loop";
  message.customer = "acme";
  message.to = "jane@acme.example";
  message.to_name = "Jane Doe";
  message.locale = "en";
  message.category = "service";
  message.subject = "Can we help with the payment?";
  message.text = "Hello Jane,\n\nanswer this mail.\n";
  message.priority = "high";
  message.case_json = ToJson(ExampleRecord());
  message.first_attempt = At("2026-11-22T04:00:00Z");
  return message;
}

}  // namespace premura
