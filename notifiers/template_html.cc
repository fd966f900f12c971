// SPDX-License-Identifier: Apache-2.0
#include "notifiers/template_html.h"

#include <fmt/format.h>

#include <algorithm>

namespace premura {
namespace {

// Where the URL that begins at text[at] ends; signs that close a sentence are
// not of it.
std::size_t EndOfUrl(std::string_view text, std::size_t at) {
  std::size_t end =
      std::min(text.find_first_of(" \t\r\n<>\"", at), text.size());
  while (end > at && std::string_view(".,;:!?)'").find(text[end - 1]) !=
                         std::string_view::npos) {
    --end;
  }
  return end;
}

std::size_t FindUrl(std::string_view text, std::size_t at) {
  return std::min(text.find("https://", at), text.find("http://", at));
}

std::string Linked(std::string_view line) {
  std::string html;
  std::size_t at = 0;
  for (std::size_t url = FindUrl(line, 0); url != std::string_view::npos;
       url = FindUrl(line, at)) {
    const std::size_t end = EndOfUrl(line, url);
    const std::string escaped = EscapeHtml(line.substr(url, end - url));
    html += EscapeHtml(line.substr(at, url - at));
    html += fmt::format("<a href=\"{0}\">{0}</a>", escaped);
    at = end;
  }
  return html + EscapeHtml(line.substr(at));
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string HtmlFromText(std::string_view text) {
  std::string html;
  bool open = false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) {
      if (open) html += "</p>\n";
      open = false;
      continue;
    }
    html += open ? "<br>\n" : "<p>";
    html += Linked(line);
    open = true;
  }
  return open ? html + "</p>\n" : html;
}

std::string HtmlDocument(std::string_view locale, std::string_view body_html,
                         std::string_view footer) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>"
      "<meta charset=\"utf-8\"></head>\n<body>\n{}"
      "<div style=\"font-size:smaller;color:#555\">\n{}</div>\n"
      "</body>\n</html>\n",
      EscapeHtml(locale), body_html, HtmlFromText(footer));
}

}  // namespace premura
