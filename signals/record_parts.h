// SPDX-License-Identifier: Apache-2.0
// What surrounds the JSON of a record: framing, headers, and words about it.

#pragma once

#include <span>
#include <string>
#include <string_view>

#include "rules/value.h"
#include "signals/event_decoder.h"

namespace premura {

// Without the five bytes that a schema registry puts in front: no JSON begins
// with a zero byte.
std::string_view WithoutFraming(std::string_view bytes);

// Empty if there is none. Names compare without case; the last one counts.
std::string_view FindHeader(std::span<const Header> headers,
                            std::string_view name);

bool IsBinaryCloudEvent(std::span<const Header> headers);

// False if a content type says that it is something else.
bool MayBeJson(std::span<const Header> headers);

// "a list", for a message.
const char* Words(const Value& value);

// Cuts a message that quotes an event to a sensible length, at a character's
// end, and replaces control characters.
void MakePresentable(std::string* message);

}  // namespace premura
