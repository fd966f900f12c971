// SPDX-License-Identifier: Apache-2.0
#include "signals/field_nature.h"

#include <algorithm>
#include <array>
#include <vector>

#include "signals/name_words.h"

namespace premura {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLetter(char c) { return IsUpper(c) || (c >= 'a' && c <= 'z'); }
bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), Lower);
  return lowered;
}

template <typename Test>
bool All(std::string_view text, const Test& test) {
  return std::all_of(text.begin(), text.end(), test);
}

std::size_t Digits(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), IsDigit));
}

template <std::size_t kSize>
bool HasOneOf(const std::vector<std::string>& words,
              const std::array<std::string_view, kSize>& known) {
  return std::any_of(words.begin(), words.end(), [&](const auto& word) {
    return std::find(known.begin(), known.end(), word) != known.end();
  });
}

bool IsEmail(std::string_view text) {
  const std::size_t at = text.find('@');
  return at != text.npos && at > 0 && text.find(' ') == text.npos &&
         text.find('.', at) != text.npos;
}

bool IsPhone(std::string_view text) {
  return text.starts_with('+') && Digits(text) >= 8 &&
         All(text.substr(1), [](char c) {
           return IsDigit(c) || c == ' ' || c == '-' || c == '(' || c == ')';
         });
}

bool IsInternetAddress(std::string_view text) {
  const auto count = [text](char c) {
    return std::count(text.begin(), text.end(), c);
  };
  const bool four = count('.') == 3 && Digits(text) >= 4 &&
                    All(text, [](char c) { return IsDigit(c) || c == '.'; });
  const bool six = count(':') >= 3 && text.size() >= 8 &&
                   All(text, [](char c) { return IsHex(c) || c == ':'; });
  return four || six;
}

// Numbers of cards have a check digit (Luhn).
bool IsCardNumber(std::string_view text) {
  if (!All(text, [](char c) { return IsDigit(c) || c == ' ' || c == '-'; })) {
    return false;
  }
  const std::size_t digits = Digits(text);
  if (digits < 13 || digits > 19) return false;
  int sum = 0;
  bool twice = false;
  for (auto c = text.rbegin(); c != text.rend(); ++c) {
    if (!IsDigit(*c)) continue;
    const int digit = (*c - '0') * (twice ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
    twice = !twice;
  }
  return sum % 10 == 0;
}

bool HoldsSecret(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kSigns = {
      "password=", "token=",  "secret=", "signature=",
      "api_key=",  "apikey=", "bearer ", "-----begin"};
  const std::string lowered = Lowered(text);
  return text.starts_with("eyJ") || IsCardNumber(text) ||
         std::any_of(kSigns.begin(), kSigns.end(), [&](std::string_view sign) {
           return lowered.find(sign) != lowered.npos;
         });
}

// UUIDs, hashes, and other long texts of letters and digits alone.
bool IsOpaque(std::string_view text) {
  constexpr std::size_t kLong = 20;
  if (text.size() < kLong || Digits(text) < 4) return false;
  return All(text, [](char c) { return IsHex(c) || c == '-'; }) ||
         All(text, [](char c) { return IsLetter(c) || IsDigit(c); });
}

std::vector<std::string> LastWords(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return WordsOf(dot == path.npos ? path : path.substr(dot + 1));
}

}  // namespace

const char* ToString(FieldNature nature) {
  switch (nature) {
    case FieldNature::kId:
      return "id";
    case FieldNature::kPersonal:
      return "personal";
    case FieldNature::kSecret:
      return "secret";
    case FieldNature::kOrdinary:
      break;
  }
  return "ordinary";
}

FieldNature NatureOfName(std::string_view path) {
  static constexpr std::array<std::string_view, 18> kSecrets = {
      "password", "passwd", "pwd",  "passphrase", "token", "secret",
      "apikey",   "cookie", "pin",  "cvv",        "cvc",   "otp",
      "iban",     "ssn",    "card", "session",    "auth",  "authorization"};
  static constexpr std::array<std::string_view, 21> kPeople = {
      "email",    "mail",     "phone",  "mobile",   "tel",      "msisdn",
      "fax",      "ip",       "street", "address",  "birthday", "birthdate",
      "user",     "gender",   "login",  "username", "contact",  "firstname",
      "lastname", "fullname", "surname"};
  // Whose name: "customerName".
  static constexpr std::array<std::string_view, 16> kWhose = {
      "first",  "last",   "full",   "user",     "sur",      "middle",
      "given",  "family", "nick",   "person",   "customer", "client",
      "member", "owner",  "holder", "recipient"};
  static constexpr std::array<std::string_view, 4> kIds = {"id", "ids", "uuid",
                                                           "guid"};
  const auto words = LastWords(path);
  const auto has = [&words](std::string_view word) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  const bool key = has("key") && (has("api") || has("access") ||
                                  has("private") || has("license"));
  const bool named = has("name") && HasOneOf(words, kWhose);
  if (words.empty()) return FieldNature::kOrdinary;
  const bool id =
      std::find(kIds.begin(), kIds.end(), words.back()) != kIds.end();
  if (!id && (key || HasOneOf(words, kSecrets))) return FieldNature::kSecret;
  if (!id && (named || HasOneOf(words, kPeople))) return FieldNature::kPersonal;
  return id ? FieldNature::kId : FieldNature::kOrdinary;
}

bool IsAnyName(std::string_view path) {
  const auto words = LastWords(path);
  return !words.empty() && words.back() == "name";
}

bool IsOfAPerson(std::string_view path) {
  static constexpr std::array<std::string_view, 7> kSigns = {
      "email",    "firstname", "lastname", "surname",
      "fullname", "birthday",  "birthdate"};
  static constexpr std::array<std::string_view, 3> kParts = {"first", "last",
                                                             "full"};
  const auto words = LastWords(path);
  return HasOneOf(words, kSigns) ||
         (IsAnyName(path) && HasOneOf(words, kParts));
}

FieldNature NatureOfValue(std::string_view text) {
  if (HoldsSecret(text)) return FieldNature::kSecret;
  if (IsEmail(text) || IsPhone(text) || IsInternetAddress(text)) {
    return FieldNature::kPersonal;
  }
  return IsOpaque(text) ? FieldNature::kId : FieldNature::kOrdinary;
}

std::string Shape(std::string_view text) {
  constexpr std::size_t kLongest = 24;
  std::string shape;
  for (const char c : text) {
    const bool follows = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (follows) continue;  // The rest of a character of several bytes.
    if (shape.size() == kLongest) return shape + "..";
    const bool letter = IsLetter(c) || static_cast<unsigned char>(c) >= 0x80U;
    shape.push_back(IsDigit(c) ? '9' : letter ? 'a' : c);
  }
  return shape;
}

}  // namespace premura
