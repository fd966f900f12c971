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

bool GoesOnFrom(std::string_view url, std::string_view own) {
  constexpr std::string_view kEnds = "/?#&=";
  if (!url.starts_with(own)) return false;
  return url.size() == own.size() ||
         kEnds.find(own.back()) != std::string_view::npos ||
         kEnds.find(url[own.size()]) != std::string_view::npos;
}

std::string Linked(std::string_view line, const std::vector<std::string>& own) {
  std::string html;
  std::size_t at = 0;
  for (std::size_t url = FindUrl(line, 0); url != std::string_view::npos;
       url = FindUrl(line, at)) {
    const std::size_t end = EndOfUrl(line, url);
    const std::string escaped = EscapeHtml(line.substr(url, end - url));
    html += EscapeHtml(line.substr(at, url - at));
    const bool ours =
        std::any_of(own.begin(), own.end(), [&](const std::string& one) {
          return GoesOnFrom(line.substr(url, end - url), one);
        });
    html += ours ? fmt::format("<a href=\"{0}\">{0}</a>", escaped) : escaped;
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

std::vector<std::string> UrlsIn(std::string_view template_text) {
  std::vector<std::string> urls;
  for (std::size_t at = FindUrl(template_text, 0);
       at != std::string_view::npos;) {
    const std::size_t end = EndOfUrl(template_text, at);
    const std::string_view url = template_text.substr(at, end - at);
    const std::size_t tag = url.find("{{");
    const std::size_t host = url.find("//") + 2;
    const std::size_t path = url.find('/', host);
    const bool whole = path < tag || tag == std::string_view::npos;
    if (whole && path > host && url.size() > host) {
      urls.emplace_back(url.substr(0, tag));
    }
    at = FindUrl(template_text, end);
  }
  return urls;
}

std::vector<std::string> UrlsOf(const SenderFacts& sender) {
  std::string all;
  for (const std::string& text :
       {sender.organisation, sender.name, sender.phone, sender.hours,
        sender.address, sender.help_url, sender.stop_url}) {
    all += text + "\n";
  }
  for (const auto& [name, text] : sender.extra) all += text + "\n";
  return UrlsIn(all);
}

std::string HtmlFromText(std::string_view text,
                         const std::vector<std::string>& own) {
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
    html += Linked(line, own);
    open = true;
  }
  return open ? html + "</p>\n" : html;
}

std::string HtmlDocument(std::string_view locale, std::string_view body_html,
                         std::string_view footer,
                         const std::vector<std::string>& own) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"{}\">\n<head>"
      "<meta charset=\"utf-8\"></head>\n<body>\n{}"
      "<div style=\"font-size:smaller;color:#555\">\n{}</div>\n"
      "</body>\n</html>\n",
      EscapeHtml(locale), body_html, HtmlFromText(footer, own));
}

}  // namespace premura
