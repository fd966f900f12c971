// SPDX-License-Identifier: Apache-2.0
#include "notifiers/signature.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace premura {
namespace {

constexpr std::string_view kPrefix = "whsec_";

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Result<std::string> KeyOf(const Secret& secret) {
  const std::string_view text = secret.Reveal();
  if (!text.starts_with(kPrefix)) {
    return Error{"a webhook's secret begins with whsec_"};
  }
  Result<std::string> key = DecodeBase64(text.substr(kPrefix.size()));
  if (!key.ok()) return key.error().WithContext("webhook's secret");
  if (key.value().size() < 24 || key.value().size() > 64) {
    return Error{fmt::format(
        "a webhook's secret holds 24 to 64 bytes after whsec_, not {}",
        key.value().size())};
  }
  return key;
}

}  // namespace

std::string EncodeBase64(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      Bytes(bytes), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Result<std::string> DecodeBase64(std::string_view text) {
  const std::size_t padding = text.ends_with("==")  ? 2
                              : text.ends_with("=") ? 1
                                                    : 0;
  std::string bytes(text.size() / 4 * 3 + 1, '\0');
  const int length =
      text.size() % 4 != 0
          ? -1
          : EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                            Bytes(text), static_cast<int>(text.size()));
  if (length < static_cast<int>(padding)) return Error{"not base64"};
  bytes.resize(static_cast<std::size_t>(length) - padding);
  return bytes;
}

Result<std::string> SignWebhook(const Secret& secret, std::string_view id,
                                std::int64_t seconds, std::string_view body) {
  Result<std::string> key = KeyOf(secret);
  if (!key.ok()) return key.error();
  const std::string content = fmt::format("{}.{}.{}", id, seconds, body);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  if (HMAC(EVP_sha256(), key.value().data(),
           static_cast<int>(key.value().size()), Bytes(content), content.size(),
           digest, &length) == nullptr) {
    return Error{"HMAC-SHA256 failed"};
  }
  return "v1," + EncodeBase64({reinterpret_cast<const char*>(digest), length});
}

}  // namespace premura
