// SPDX-License-Identifier: Apache-2.0
// HTML made from a mail's text. Pure functions.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "notifiers/templates.h"

namespace premura {

std::string EscapeHtml(std::string_view text);

// The http(s) URLs written in a template's text: of one that holds a tag, what
// stands before the tag, if its host does.
std::vector<std::string> UrlsIn(std::string_view template_text);

// Those of the configuration.
std::vector<std::string> UrlsOf(const SenderFacts& sender);

// Paragraphs from blank lines, <br> from line ends, links from those http(s)
// URLs that are one of `own` or go on from it: what a customer calls themselves
// must not become a link in our name.
std::string HtmlFromText(std::string_view text,
                         const std::vector<std::string>& own);

// A whole document around it; `footer` is text, shown smaller.
std::string HtmlDocument(std::string_view locale, std::string_view body_html,
                         std::string_view footer,
                         const std::vector<std::string>& own);

}  // namespace premura
