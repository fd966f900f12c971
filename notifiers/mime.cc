// SPDX-License-Identifier: Apache-2.0
#include "notifiers/mime.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "notifiers/mail_address.h"
#include "notifiers/text.h"
#include "rules/utf8.h"

namespace premura {
namespace {

constexpr std::size_t kLine = 76;
constexpr std::size_t kNameLimit = 100;

bool IsPlainAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c >= 0x20 && c < 0x7F; });
}

// Q encoding of one character, safe inside an address' phrase too.
std::string EncodeForWord(std::string_view character) {
  std::string encoded;
  for (const char c : character) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9');
    if (c == ' ') {
      encoded += '_';
    } else if (plain) {
      encoded += c;
    } else {
      encoded += fmt::format("={:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

// RFC 2047 words of at most 75 bytes, cutting no character, one per line.
std::string EncodeWords(std::string_view value, std::size_t used) {
  constexpr std::string_view kOpen = "=?UTF-8?Q?";
  constexpr std::string_view kClose = "?=";
  std::string words(kOpen);
  std::size_t length = used + kOpen.size();
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t start = at;
    NextCharacter(value, &at);
    const std::string next = EncodeForWord(value.substr(start, at - start));
    if (length + next.size() + kClose.size() > 75) {
      words += fmt::format("{}\r\n {}", kClose, kOpen);
      length = 1 + kOpen.size();
    }
    words += next;
    length += next.size();
  }
  return words.append(kClose);
}

// Folds ASCII at spaces; a word longer than a line stays whole.
std::string FoldAscii(std::string_view value, std::size_t used) {
  std::string folded;
  std::size_t column = used;
  for (std::size_t at = 0; at < value.size();) {
    const std::size_t space = std::min(value.find(' ', at + 1), value.size());
    const std::string_view word = value.substr(at, space - at);
    if (column + word.size() > kLine && word.front() == ' ' && at > 0) {
      folded += "\r\n";
      column = 0;
    }
    folded += word;
    column += word.size();
    at = space;
  }
  return folded;
}

std::string EncodePhrase(std::string_view name, std::size_t used) {
  if (!IsPlainAscii(name) || name.find("=?") != std::string_view::npos) {
    return EncodeWords(name, used);
  }
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return FoldAscii(quoted + "\"", used);
}

// "From: "Anna" <a@example.com>"
std::string AddressHeader(std::string_view field, std::string_view name,
                          std::string_view address) {
  std::string line = fmt::format("{}: ", field);
  if (name.empty()) return line + std::string(address) + "\r\n";
  line += EncodePhrase(name, line.size());
  const std::size_t start = line.rfind('\n') + 1;  // npos + 1 is 0.
  const bool fits = line.size() - start + address.size() + 3 <= kLine;
  return line + fmt::format("{}<{}>\r\n", fits ? " " : "\r\n ", address);
}

std::string Subject(const Message& message) {
  std::string subject = OneLine(message.subject);
  if (!message.ticket) return subject;
  const std::string& tag = message.ticket->subject_tag;
  if (tag.empty() || subject.find(tag) != std::string::npos) return subject;
  return subject + " " + tag;
}

std::string UnsubscribeHeaders(const Message& message,
                               const SmtpOptions& options) {
  std::string url = options.unsubscribe_url;
  constexpr std::string_view kPlace = "{key}";
  if (const std::size_t at = url.find(kPlace); at != std::string::npos) {
    url.replace(at, kPlace.size(), message.key);
  }
  std::string ways;
  if (!url.empty()) ways = fmt::format("<{}>", url);
  if (!options.unsubscribe_mailto.empty()) {
    ways += fmt::format("{}<mailto:{}?subject=unsubscribe%20{}>",
                        ways.empty() ? "" : ", ", options.unsubscribe_mailto,
                        message.key);
  }
  if (ways.empty()) return "";
  std::string headers = EncodeHeader("List-Unsubscribe", ways);
  if (url.starts_with("https://")) {  // RFC 8058 wants https.
    headers += "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n";
  }
  return headers;
}

std::string Part(std::string_view type, std::string_view text) {
  return fmt::format(
      "Content-Type: {}; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n{}",
      type, EncodeQuotedPrintable(text));
}

// In quoted-printable text "=_" cannot occur, so the boundary cannot either.
std::string Body(const Message& message) {
  if (message.html.empty()) return Part("text/plain", message.text);
  const std::string boundary = fmt::format("=_{}", message.key);
  return fmt::format(
      "Content-Type: multipart/alternative; boundary=\"{0}\"\r\n\r\n"
      "--{0}\r\n{1}\r\n--{0}\r\n{2}\r\n--{0}--\r\n",
      boundary, Part("text/plain", message.text),
      Part("text/html", message.html));
}

Status CheckAddresses(const Message& message, const SmtpOptions& options) {
  if (!IsMailAddress(message.to)) {
    return Error{"the customer's mail address is not one"};
  }
  if (!IsMailAddress(options.from_address)) {
    return Error{"`from` is not a mail address"};
  }
  if (!options.reply_to.empty() && !IsMailAddress(options.reply_to)) {
    return Error{"`reply_to` is not a mail address"};
  }
  if (!options.unsubscribe_mailto.empty() &&
      !IsMailAddress(options.unsubscribe_mailto)) {
    return Error{"`unsubscribe` is not a mail address"};
  }
  return {};
}

// Texts that go into headers as they are.
Status CheckHeaderTexts(const Message& message, const SmtpOptions& options) {
  const TicketReference ticket = message.ticket.value_or(TicketReference{});
  const std::pair<const char*, std::string_view> texts[] = {
      {"key", message.key},
      {"name of the sender", options.from_name},
      {"unsubscribe address", options.unsubscribe_url},
      {"domain of Message-ID", options.message_id_domain},
      {"ticket's tag", ticket.subject_tag},
      {"ticket's Message-ID", ticket.message_id},
      {"subject", message.subject},
  };
  for (const auto& [what, text] : texts) {
    if (HasControls(text)) {
      return Error{fmt::format("control characters in the {}", what)};
    }
  }
  for (const std::string_view token :
       {texts[0].second, texts[2].second, texts[3].second, texts[5].second}) {
    if (!IsHeaderToken(token)) {
      return Error{"a key, address or Message-ID is not plain ASCII"};
    }
  }
  return {};
}

}  // namespace

bool IsHeaderToken(std::string_view text) {
  return IsPlainAscii(text) &&
         text.find_first_of(" <>\"") == std::string_view::npos;
}

std::string FormatMailDate(Timestamp instant) {
  using std::chrono::days;
  constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed",
                                   "Thu", "Fri", "Sat"};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<days>(instant);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(
      std::chrono::floor<std::chrono::seconds>(instant - day));
  return fmt::format("{}, {} {} {} {:02}:{:02}:{:02} +0000",
                     kDays[std::chrono::weekday(day).c_encoding()],
                     unsigned{date.day()}, kMonths[unsigned{date.month()} - 1],
                     int{date.year()}, time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string EncodeHeader(std::string_view name, std::string_view value) {
  const std::string field = fmt::format("{}: ", name);
  const bool plain =
      IsPlainAscii(value) && value.find("=?") == std::string_view::npos;
  return field +
         (plain ? FoldAscii(value, field.size())
                : EncodeWords(value, field.size())) +
         "\r\n";
}

std::string EncodeQuotedPrintable(std::string_view text) {
  std::string encoded;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    if (c == '\n') {
      encoded += "\r\n";
      column = 0;
      continue;
    }
    const bool at_end =
        i + 1 == text.size() || text[i + 1] == '\n' || text[i + 1] == '\r';
    const bool plain =
        (c > 0x20 && c < 0x7F && c != '=') || (c == ' ' && !at_end);
    const std::string next =
        plain ? std::string(1, c)
              : fmt::format("={:02X}", static_cast<unsigned char>(c));
    // 76 with the "=" of a soft line break.
    if (column + next.size() > 75) {
      encoded += "=\r\n";
      column = 0;
    }
    encoded += next;
    column += next.size();
  }
  if (column > 0) encoded += "\r\n";
  return encoded;
}

Result<std::string> BuildMail(const Message& message,
                              const SmtpOptions& options) {
  for (const Status& status :
       {CheckAddresses(message, options), CheckHeaderTexts(message, options)}) {
    if (!status.ok()) return status.error();
  }
  std::string mail =
      fmt::format("Date: {}\r\n", FormatMailDate(message.first_attempt));
  mail += AddressHeader("From", options.from_name, options.from_address);
  const std::string name = OneLine(message.to_name);  // A customer's words.
  mail += AddressHeader("To", CutCharacters(name, kNameLimit), message.to);
  if (!options.reply_to.empty()) {
    mail += AddressHeader("Reply-To", "", options.reply_to);
  }
  mail += EncodeHeader("Subject", Subject(message));
  mail += fmt::format("Message-ID: <{}@{}>\r\n", message.key,
                      options.message_id_domain);
  if (message.ticket && !message.ticket->message_id.empty()) {
    mail += fmt::format("In-Reply-To: <{0}>\r\nReferences: <{0}>\r\n",
                        message.ticket->message_id);
  }
  mail += "Auto-Submitted: auto-generated\r\n";
  mail += UnsubscribeHeaders(message, options);
  mail +=
      fmt::format("X-Premura-Key: {}\r\nMIME-Version: 1.0\r\n", message.key);
  if (!message.locale.empty() && IsPlainAscii(message.locale)) {
    mail += fmt::format("Content-Language: {}\r\n", message.locale);
  }
  return mail + Body(message);
}

}  // namespace premura
