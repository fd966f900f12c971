// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/admin_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <memory>

#include "daemon/config/secret_origin.h"

namespace premura {
namespace {

constexpr long kPatienceMs = 5000;
constexpr std::size_t kLargestAnswer = std::size_t{64} << 20;

std::string UrlOf(const AdminConfig& admin, const std::string& target) {
  std::string host = admin.host;
  if (host == "0.0.0.0") host = "127.0.0.1";
  if (host == "::") host = "::1";
  if (host.find(':') != std::string::npos) host = "[" + host + "]";
  return fmt::format("http://{}:{}{}", host, admin.port, target);
}

std::size_t Append(char* data, std::size_t size, std::size_t count,
                   void* into) {
  auto* body = static_cast<std::string*>(into);
  if (body->size() + size * count > kLargestAnswer) return 0;
  body->append(data, size * count);
  return size * count;
}

struct Freed {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

}  // namespace

Result<AdminPage> AdminGet(const Config& config,
                           const ConfigOptions& environment,
                           const std::string& target) {
  if (config.admin.port == 0) {
    return Error{"http.admin.listen leaves the port open: nobody knows it"};
  }
  const auto token = FetchSecret(config, environment, "http.admin.token");
  if (!token.ok()) return token.error();
  const std::unique_ptr<CURL, Freed> curl(curl_easy_init());
  if (!curl) return Error{"no memory"};
  std::unique_ptr<curl_slist, Freed> headers;
  if (!token.value().empty()) {
    const std::string header =
        "Authorization: Bearer " + token.value().Reveal();
    headers.reset(curl_slist_append(nullptr, header.c_str()));
  }
  AdminPage page;
  const std::string url = UrlOf(config.admin, target);
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_PROXY, "");
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kPatienceMs);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &page.body);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK) {
    return Error{fmt::format("{}:{}: {}", config.admin.host, config.admin.port,
                             curl_easy_strerror(code))};
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  page.status = static_cast<int>(status);
  return page;
}

}  // namespace premura
