// SPDX-License-Identifier: Apache-2.0
// What was seen, in one plain line: "page_viewed x4 from 09:41 to 09:52".

#pragma once

#include <string>

#include "notifiers/case_record.h"

namespace premura {

// Names in order of their first occurrence; times with dates where they lie on
// different days or on another than the detection, in UTC, which is named,
// unless another zone is given.
std::string Summarise(const CaseRecord& record, const std::string& zone = "");

}  // namespace premura
