// SPDX-License-Identifier: Apache-2.0
// Signatures of Standard Webhooks 1.0. Pure functions.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "notifiers/secret.h"
#include "rules/result.h"

namespace premura {

// "v1,<base64 of HMAC-SHA256>" over "<id>.<seconds>.<body>". `secret` is
// "whsec_" and base64 of 24 to 64 bytes.
Result<std::string> SignWebhook(const Secret& secret, std::string_view id,
                                std::int64_t seconds, std::string_view body);

std::string EncodeBase64(std::string_view bytes);
Result<std::string> DecodeBase64(std::string_view text);

}  // namespace premura
