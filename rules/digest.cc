// SPDX-License-Identifier: Apache-2.0
#include "rules/digest.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <iterator>

#include "rules/number.h"
#include "rules/value.h"

namespace premura {
namespace {

void AppendScalar(const Node& node, std::string* out) {
  if (node.IsNull()) {
    out->append("null");
    return;
  }
  const std::string text = node.AsText("").value_or("");
  const bool special =
      text == "true" || text == "false" || ParseNumber(text).has_value();
  if (special && !node.IsQuoted()) {
    out->append(text);
  } else {
    AppendJsonText(text, out);
  }
}

void AppendMapping(const Node& node, std::string* out) {
  auto entries = node.AsMapping("").Entries();
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  out->push_back('{');
  for (const auto& [key, value] : entries) {
    AppendJsonText(key, out);
    out->push_back(':');
    AppendCanonical(value, out);
    out->push_back(',');
  }
  out->push_back('}');
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    fmt::format_to(std::back_inserter(hex), "{:02x}", byte);
  }
  return hex;
}

std::string ShortDigest(std::string_view bytes) {
  return Sha256(bytes).substr(0, 8);
}

void AppendCanonical(const Node& node, std::string* out) {
  switch (node.kind()) {
    case Node::Kind::kNone:
      return;
    case Node::Kind::kScalar:
      AppendScalar(node, out);
      return;
    case Node::Kind::kMapping:
      AppendMapping(node, out);
      return;
    case Node::Kind::kSequence:
      out->push_back('[');
      for (const Node& element : node.AsList("")) {
        AppendCanonical(element, out);
        out->push_back(',');
      }
      out->push_back(']');
      return;
  }
}

}  // namespace premura
