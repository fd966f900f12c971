// SPDX-License-Identifier: Apache-2.0
// What a field looks like by its name and its values, so that no report shows
// what only the customer should see. A guess, on the safe side: what looks
// harmless may still be personal, and the reader of a report must know.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace premura {

enum class FieldNature : std::uint8_t {
  kOrdinary,
  kId,        // Tells one thing apart from all others: "order_id", a UUID.
  kPersonal,  // Addresses of people and machines, phone numbers, names.
  kSecret,    // Passwords, tokens, numbers of cards and accounts.
};
const char* ToString(FieldNature nature);  // "id"

// By the last name of a path ("user.email_address", "userId").
FieldNature NatureOfName(std::string_view path);
// `name` and `display_name`: of a person's own fields a person's name.
bool IsAnyName(std::string_view path);
// `first_name`, `email`: the fields beside it are a person's own.
bool IsOfAPerson(std::string_view path);
FieldNature NatureOfValue(std::string_view text);

// The form without the content: "ab-12" is "aa-99". Cut to a sensible length.
std::string Shape(std::string_view text);

}  // namespace premura
