// SPDX-License-Identifier: Apache-2.0
// Texts from customers and servers made fit for headers, single lines and
// limits. Pure functions on UTF-8; bytes that are not UTF-8 count as control
// characters.

#pragma once

#include <string>
#include <string_view>

namespace premura {

// The first `characters` characters.
std::string_view CutCharacters(std::string_view text, std::size_t characters);

// Each run of control characters (line ends among them) and spaces becomes one
// space; the ends are trimmed.
std::string OneLine(std::string_view text);

// Whether it holds a control character (see rules/printable.h).
bool HasControls(std::string_view text);

// Percent-encoded for a query or a form.
std::string UrlEncode(std::string_view text);

// Mail addresses and telephone numbers in an answer's text become "j***@x.com"
// and "+39*******90": for details that go into log and ledger.
std::string MaskAddresses(std::string_view text);

// The same of what a server answered, where numbers stand without their plus
// too: 9 to 15 digits become "393*******67" unless letters make them a part of
// an identifier. A ticket's number or a time of that length goes with them.
std::string MaskAnswer(std::string_view text);

}  // namespace premura
