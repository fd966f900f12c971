// SPDX-License-Identifier: Apache-2.0
// ConfigReader: the files and folders that the configuration names are looked
// at when it is read, so that what is not there is told with its line, and a
// reload that could not work is refused as a whole.

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <unistd.h>

#include <filesystem>

#include "daemon/config/config_reader.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

// A system's whole collection has a quarter of this.
constexpr std::size_t kLargestCertificates = 1 << 20;

bool HoldsCertificate(const std::string& pem) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr), X509_free);
  ERR_clear_error();
  return certificate != nullptr;
}

}  // namespace

void ConfigReader::CheckReadable(const Node& node, const std::string& path,
                                 std::string_view what) {
  if (!node || path.empty() || path == "-" || !options_->read_secrets) return;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  std::string problem;
  if (status.type() == fs::file_type::not_found) {
    problem = "there is no such file";
  } else if (error) {
    problem = error.message();
  } else if (status.type() == fs::file_type::directory) {
    problem = "it is a folder";
  } else if (access(path.c_str(), R_OK) != 0) {
    problem = std::generic_category().message(errno);
  }
  if (problem.empty()) return;
  node.Complain(fmt::format("`{}` cannot be read: {}: {}", what, path, problem),
                kReadableHint);
}

std::string ConfigReader::File(Mapping* mapping, std::string_view key) {
  const std::string path = Path(mapping, key);
  CheckReadable(mapping->Get(key), path, key);
  return path;
}

std::string ConfigReader::Certificates(Mapping* mapping, std::string_view key) {
  const std::string path = Path(mapping, key);
  if (path.empty() || !options_->read_secrets) return path;
  const Node node = mapping->Get(key);
  const Result<std::string> pem = ReadFile(path, kLargestCertificates);
  if (!pem.ok()) {
    node.Complain(fmt::format("`{}` cannot be read: {}: {}", key, path,
                              pem.error().message),
                  kReadableHint);
  } else if (!HoldsCertificate(pem.value())) {
    node.Complain(fmt::format("`{}` holds no certificate: {}", key, path),
                  "it must be PEM: -----BEGIN CERTIFICATE-----");
  }
  return path;
}

void ConfigReader::CheckWritableFile(const Node& node, const std::string& path,
                                     std::string_view what) {
  std::error_code error;
  if (options_->read_secrets && fs::exists(path, error) &&
      !fs::is_regular_file(path, error)) {
    return node.Complain(fmt::format("`{}` cannot be written: {} is no "
                                     "regular file",
                                     what, path),
                         "name another place, or remove what is there");
  }
  CheckWritable(node, fs::path(path).parent_path().string(), what);
}

void ConfigReader::CheckWritable(const Node& node, const std::string& folder,
                                 std::string_view what) {
  if (!node || folder.empty() || !options_->read_secrets) return;
  // What is missing of it will be made, in the first that is there.
  fs::path there = folder;
  std::error_code error;
  while (there.has_relative_path() &&
         fs::status(there, error).type() == fs::file_type::not_found) {
    there = there.parent_path();
  }
  const bool is_folder = fs::is_directory(there, error);
  if (!error && !is_folder) {
    node.Complain(fmt::format("`{}` cannot be written: {} is no folder", what,
                              there.string()),
                  "name another place, or remove what is there");
  } else if (error || access(there.c_str(), W_OK | X_OK) != 0) {
    // Perhaps another user will run it.
    node.Warn(
        fmt::format("`{}`: you may not write in {}", what, there.string()),
        "the user that runs premura must; to check as that user: sudo -u "
        "premura premura check");
  }
}

}  // namespace premura
