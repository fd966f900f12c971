// SPDX-License-Identifier: Apache-2.0
// The version of this program.

#pragma once

namespace premura {

const char* Version();  // "0.1.0"

}  // namespace premura
