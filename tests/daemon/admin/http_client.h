// SPDX-License-Identifier: Apache-2.0
// A few bytes over a socket and what comes back, for tests of the admin server.

#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <string>

namespace premura {

class TestConnection {
 public:
  explicit TestConnection(int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address),
                         sizeof(address)) == 0;
  }
  ~TestConnection() { close(fd_); }
  TestConnection(const TestConnection&) = delete;
  TestConnection& operator=(const TestConnection&) = delete;

  bool connected() const { return connected_; }

  void Send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t now =
          send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (now <= 0) return;
      sent += static_cast<std::size_t>(now);
    }
  }

  // Everything until the other side closes.
  std::string Read() {
    std::string answer;
    char buffer[4096];
    while (true) {
      const ssize_t got = recv(fd_, buffer, sizeof(buffer), 0);
      if (got <= 0) return answer;
      answer.append(buffer, static_cast<std::size_t>(got));
    }
  }

 private:
  const int fd_;
  bool connected_ = false;
};

// `headers` are whole lines.
inline std::string HttpGet(int port, const std::string& path,
                           const std::string& headers = "") {
  TestConnection connection(port);
  connection.Send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers +
                  "Connection: close\r\n\r\n");
  return connection.Read();
}

inline int HttpStatus(const std::string& answer) {
  return answer.size() < 12 ? 0 : std::stoi(answer.substr(9, 3));
}

}  // namespace premura
