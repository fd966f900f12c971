// SPDX-License-Identifier: Apache-2.0
// HTML made from a mail's text. Pure functions.

#pragma once

#include <string>
#include <string_view>

namespace premura {

std::string EscapeHtml(std::string_view text);

// Paragraphs from blank lines, <br> from line ends, links from http(s) URLs.
std::string HtmlFromText(std::string_view text);

// A whole document around it; `footer` is text, shown smaller.
std::string HtmlDocument(std::string_view locale, std::string_view body_html,
                         std::string_view footer);

}  // namespace premura
