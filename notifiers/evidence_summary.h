// SPDX-License-Identifier: Apache-2.0
// What was seen, in one plain line: "page_viewed x4 from 09:41 to 09:52".

#pragma once

#include <string>

#include "notifiers/case_record.h"

namespace premura {

// Names in order of their first occurrence; times in UTC, with dates where they
// lie on different days.
std::string Summarise(const CaseRecord& record);

}  // namespace premura
