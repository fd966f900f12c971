// SPDX-License-Identifier: Apache-2.0
// By the text of the lines and not by the parsed values: a file that is no
// YAML has no values, and its mistakes are shown all the same. Where it is not
// clear how far a value reaches, rather too much is hidden.

#include "daemon/config/hide_secrets.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace premura {
namespace {

constexpr std::string_view kBlank = " \t";
// The last word of a key whose value is a secret.
constexpr std::array<std::string_view, 10> kWords = {
    "password",   "passwd", "pass", "passphrase", "token",
    "credential", "secret", "key",  "pem",        "jaas"};
// The last word of one that only says where a secret is, or what it is for.
constexpr std::array<std::string_view, 5> kPlaces = {
    "location", "file", "field", "url", "mechanism"};
// Short words in messages and values are met by chance.
constexpr std::size_t kShortest = 3;

struct Span {
  std::size_t begin = 0;
  std::size_t end = 0;
  bool path = false;  // Of a URL: in words it has its slash before it.
};

bool IsKeyCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

// Of librdkafka and its like: `sasl.jaas.config`, whose words stand anywhere.
bool IsSecretProperty(std::string_view name) {
  if (name == "sasl.oauthbearer.config") return true;
  if (name.find('.') == name.npos) return false;
  bool secret = false;
  while (!name.empty()) {
    const std::string_view word = name.substr(0, name.find_first_of("_-."));
    name.remove_prefix(std::min(word.size() + 1, name.size()));
    secret |= std::count(kWords.begin(), kWords.end(), word) > 0;
    if (name.empty() && std::count(kPlaces.begin(), kPlaces.end(), word) > 0) {
      return false;
    }
  }
  return secret;
}

// A misspelled one too: `pasword`.
bool IsSecretKey(std::string_view key) {
  if (IsSecretProperty(key)) return true;
  std::string word(key.substr(key.find_last_of("_-.") + 1));
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c;
  if (word.ends_with('s') && !word.ends_with("ss")) word.pop_back();
  if (std::count(kWords.begin(), kWords.end(), word) > 0) return true;
  static const std::vector<std::string> long_words = {"password", "secret"};
  return word.size() > 4 && !Nearest(word, long_words).empty();
}

// The key that ends before the colon at `colon`, without its quotes.
std::string_view KeyBefore(std::string_view line, std::size_t colon) {
  std::size_t end = colon;
  while (end > 0 && (kBlank.find(line[end - 1]) != kBlank.npos ||
                     line[end - 1] == '"' || line[end - 1] == '\'')) {
    --end;
  }
  std::size_t begin = end;
  while (begin > 0 && IsKeyCharacter(line[begin - 1])) --begin;
  return line.substr(begin, end - begin);
}

// `, port: ` at `at`: the value before it has ended.
bool BeginsNextKey(std::string_view line, std::size_t at) {
  if (line[at] != ',') return false;
  std::size_t key = line.find_first_not_of(" \t\"'", at + 1);
  const std::size_t begin = key;
  while (key < line.size() && IsKeyCharacter(line[key])) ++key;
  if (key >= line.size() || key == begin) return false;
  if (line[key] == '"' || line[key] == '\'') ++key;
  return key + 1 < line.size() && line[key] == ':' && line[key + 1] == ' ';
}

std::size_t QuotedEnd(std::string_view line, std::size_t begin) {
  const char quote = line[begin];
  std::size_t end = begin + 1;
  while (end < line.size() && line[end] != quote) {
    end += quote == '"' && line[end] == '\\' ? 2 : 1;
  }
  return std::min(end + 1, line.size());
}

// The value that begins at `begin`, or the rest of the line. `*open`: it may
// go on in the next.
Span ValueAt(std::string_view line, std::size_t begin, bool* open) {
  if (line[begin] == '"' || line[begin] == '\'') {
    const std::size_t end = QuotedEnd(line, begin);
    *open =
        end == line.size() && (end < begin + 2 || line.back() != line[begin]);
    return {begin, end};
  }
  if (line.substr(begin).starts_with("${env:")) {
    *open = false;
    return {begin, std::min(line.find('}', begin), line.size() - 1) + 1};
  }
  std::size_t end = begin;
  while (end < line.size() && !BeginsNextKey(line, end)) ++end;
  *open = end == line.size();
  while (end > begin && std::string_view(" \t,]}").find(line[end - 1]) !=
                            std::string_view::npos) {
    --end;
    *open = false;
  }
  return {begin, end};
}

bool IsReference(std::string_view value) {
  if (value.size() > 1 && (value[0] == '"' || value[0] == '\'')) {
    value = value.substr(1, value.size() - 2);
  }
  return value.starts_with("${env:") && value.find('}') == value.size() - 1;
}

// The values of a query `?sslmode=a&b`, and what has no name.
void FindInQuery(std::string_view line, Span query, std::vector<Span>* spans) {
  for (std::size_t at = query.begin; at < query.end;) {
    const std::size_t end = std::min(line.find('&', at), query.end);
    const std::size_t name = line.substr(0, end).find('=', at);
    const std::size_t value = name == line.npos ? at : name + 1;
    if (value < end) spans->push_back({value, end});
    at = end + 1;
  }
}

// Of one URL `user:password@` and the query, and of a web address the path: a
// webhook's is often the secret. `url`: what follows "://".
void FindInUrl(std::string_view line, Span url, bool web,
               std::vector<Span>* spans) {
  const std::string_view whole = line.substr(0, url.end);
  const std::size_t user = whole.rfind('@');
  const bool has_user = user != whole.npos && user >= url.begin;
  const std::size_t host = has_user ? user + 1 : url.begin;
  // An `@` in the query, or a `?` in the password.
  if (has_user && whole.substr(0, user).find('?', url.begin) != whole.npos) {
    spans->push_back(url);
    return;
  }
  if (has_user && user > url.begin) spans->push_back({url.begin, user});
  const std::size_t rest = whole.find_first_of(web ? "/?#" : "?#", host);
  if (rest == whole.npos) return;
  if (whole[rest] == '/') {
    if (rest + 1 < url.end) spans->push_back({rest + 1, url.end, true});
  } else {
    FindInQuery(line, {rest + 1, url.end}, spans);
  }
}

void FindInUrls(std::string_view line, std::vector<Span>* spans) {
  for (std::size_t at = line.find("://"); at != line.npos;
       at = line.find("://", at + 3)) {
    const std::string_view scheme = line.substr(0, at);
    const std::size_t begin = at + 3;
    std::size_t end =
        std::min(line.find_first_of(" \t\"'`", begin), line.size());
    while (end > begin && std::string_view(",]}").find(line[end - 1]) !=
                              std::string_view::npos) {
      --end;
    }
    FindInUrl(line, {begin, end},
              scheme.ends_with("http") || scheme.ends_with("https"), spans);
  }
}

// `: value` below `? key`: nobody writes it, so whatever the key is.
bool IsExplicitValue(std::string_view line, std::size_t colon) {
  return line.find_first_not_of(kBlank) == colon &&
         (colon + 1 == line.size() ||
          kBlank.find(line[colon + 1]) != kBlank.npos);
}

// Where a line shows secrets. True: the last may go on in the next lines.
bool FindSecrets(std::string_view line, std::vector<Span>* spans) {
  bool open = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] != ':') continue;
    if (!IsSecretKey(KeyBefore(line, at)) && !IsExplicitValue(line, at)) {
      continue;
    }
    const std::size_t begin = line.find_first_not_of(kBlank, at + 1);
    if (begin == line.npos) {
      open = true;
      break;
    }
    const Span span = ValueAt(line, begin, &open);
    const auto value = line.substr(span.begin, span.end - span.begin);
    if (!value.empty() && !IsReference(value)) spans->push_back(span);
    at = std::max(at, span.end - 1);
  }
  FindInUrls(line, spans);
  return open;
}

// Whether a line is a further line of a secret above it: of a text over
// several, or below its key.
bool Continues(const Document& document, int number, std::size_t indent) {
  for (int above = number - 1; above > 0; --above) {
    const std::string line = document.Line(above);
    const std::size_t first = line.find_first_not_of(kBlank);
    if (first == line.npos || first >= indent) continue;
    std::vector<Span> ignored;
    return FindSecrets(line, &ignored);
  }
  return false;
}

std::string Stars(std::string_view text) {
  return std::string(static_cast<std::size_t>(std::count_if(
                         text.begin(), text.end(),
                         [](char c) {
                           return (static_cast<unsigned char>(c) & 0xc0) !=
                                  0x80;
                         })),
                     '*');
}

// `line` with stars for `spans`. What they held is added to `secrets`.
std::string Hidden(const std::string& line, std::vector<Span> spans,
                   std::vector<std::string>* secrets = nullptr) {
  std::sort(spans.begin(), spans.end(),
            [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::string shown;
  std::size_t at = 0;
  for (const Span& span : spans) {
    if (span.end <= at) continue;
    const std::size_t begin = std::max(span.begin, at);
    const std::size_t told = span.path ? span.begin - 1 : span.begin;
    if (secrets != nullptr) {
      secrets->push_back(line.substr(told, span.end - told));
    }
    shown += line.substr(at, begin - at) +
             Stars(line.substr(begin, span.end - begin));
    at = span.end;
  }
  return shown + line.substr(at);
}

// The values below secret keys, as read: an alias takes them to other places,
// where messages tell them.
void CollectSecrets(const Node& node, bool below_secret,
                    std::vector<std::string>* secrets) {
  if (node.kind() == Node::Kind::kMapping) {
    for (const auto& [key, value] : node.AsMapping("").Entries()) {
      CollectSecrets(value, below_secret || IsSecretKey(key), secrets);
    }
  } else if (node.kind() == Node::Kind::kSequence) {
    for (const Node& item : node.AsList("")) {
      CollectSecrets(item, below_secret, secrets);
    }
  } else if (below_secret && node && !node.IsNull()) {
    const std::string value = node.AsText("").value_or("");
    if (!IsReference(value)) secrets->push_back(value);
  }
}

void HideValues(const std::vector<std::string>& secrets, std::string* text) {
  for (const std::string& secret : secrets) {
    if (secret.size() <= kShortest) continue;
    const std::string stars = Stars(secret);
    for (std::size_t at = text->find(secret); at != text->npos;
         at = text->find(secret, at + stars.size())) {
      text->replace(at, secret.size(), stars);
    }
  }
}

// Of a message what it quotes of a secret, and secrets that it holds.
void HideInWords(const std::vector<std::string>& secrets, std::string* text) {
  HideValues(secrets, text);
  std::size_t begin = text->find('`');
  while (begin != text->npos) {
    const std::size_t end = text->find('`', begin + 1);
    if (end == text->npos) return;
    const std::string word = text->substr(begin + 1, end - begin - 1);
    const bool told =
        std::any_of(secrets.begin(), secrets.end(),
                    [&word](const auto& s) { return s.find(word) != s.npos; });
    if (told && word.size() >= kShortest && !IsSecretKey(word)) {
      text->replace(begin + 1, word.size(), std::string(word.size(), '*'));
    }
    begin = text->find('`', end + 1);
  }
}

}  // namespace

void HideSecrets(const Document& document, Diagnostics* diagnostics) {
  if (diagnostics->empty()) return;
  std::vector<std::string> values;
  CollectSecrets(document.root(), false, &values);
  for (Diagnostic& diagnostic : *diagnostics) {
    HideValues(values, &diagnostic.message);
    HideValues(values, &diagnostic.hint);
    // A URL that stands in a variable is in no line.
    std::vector<Span> in_words;
    FindInUrls(diagnostic.message, &in_words);
    diagnostic.message = Hidden(diagnostic.message, std::move(in_words));
    const std::string line = document.Line(diagnostic.where.line);
    const std::size_t first = line.find_first_not_of(kBlank);
    if (first == line.npos) continue;
    std::vector<Span> spans;
    FindSecrets(line, &spans);
    if (Continues(document, diagnostic.where.line, first)) {
      spans = {{first, line.size()}};
    }
    std::vector<std::string> secrets;
    const std::string shown = Hidden(line, std::move(spans), &secrets);
    if (!diagnostic.line.empty()) diagnostic.line = shown;
    HideInWords(secrets, &diagnostic.message);
    HideInWords(secrets, &diagnostic.hint);
  }
}

}  // namespace premura
