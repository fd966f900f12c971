// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin_server.h"

#include <openssl/crypto.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <thread>
#include <utility>

namespace premura {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;

using Request = http::request<http::empty_body>;
using Response = http::response<http::string_body>;

// The time it takes does not tell how much of `given` is right.
bool SameSecret(std::string_view given, const std::string& expected) {
  return given.size() == expected.size() &&
         CRYPTO_memcmp(given.data(), expected.data(), expected.size()) == 0;
}

class Session;

struct Shared {
  AdminServerOptions options;
  AdminPages pages;
  // Of the server's thread.
  int connections = 0;
  std::list<Session*> silent;  // Whose request has not come, oldest first.
};

AdminAnswer Page(const Shared& shared, std::string_view path, bool trusted) {
  if (path == "/healthz") return {200, "ok\n"};
  if (path == "/readyz") {
    const std::string why = shared.pages.not_ready();
    if (why.empty()) return {200, "ready\n"};
    return {503, trusted ? "not ready: " + why + "\n" : "not ready\n"};
  }
  if (!trusted) return {401, "a token is needed: Authorization: Bearer ..\n"};
  if (path == "/metrics") {
    return {200, shared.pages.metrics(), "text/plain; version=0.0.4"};
  }
  return {404, "there are /metrics, /healthz and /readyz\n"};
}

AdminAnswer Answer(const Shared& shared, const Request& request) {
  if (request.method() != http::verb::get &&
      request.method() != http::verb::head) {
    return {405, "only GET\n"};
  }
  const std::string& token = shared.options.token.Reveal();
  bool trusted = token.empty();
  if (!trusted) {
    const auto header = request[http::field::authorization];
    constexpr std::string_view kBearer = "Bearer ";
    const std::string_view text(header.data(), header.size());
    trusted = text.starts_with(kBearer) &&
              SameSecret(text.substr(kBearer.size()), token);
  }
  const auto target = request.target();
  std::string_view path(target.data(), target.size());
  return Page(shared, path.substr(0, path.find('?')), trusted);
}

// One connection; lives as long as something of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), shared_(std::move(shared)) {
    ++shared_->connections;
  }
  ~Session() {
    shared_->silent.remove(this);
    --shared_->connections;
  }

  // What is under way ends with an error, and the session with it.
  void Close() { stream_.close(); }

  void Read() {
    shared_->silent.push_back(this);
    parser_.emplace();
    parser_->header_limit(
        static_cast<std::uint32_t>(shared_->options.max_header));
    parser_->body_limit(0);
    stream_.expires_after(shared_->options.request_timeout);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) {
          self->OnRead(error);
        });
  }

 private:
  void OnRead(beast::error_code error) {
    shared_->silent.remove(this);
    if (error == http::error::body_limit) {
      return Write({413, "no bodies\n"}, false, 11, false);
    }
    if (error == http::error::header_limit) {
      return Write({431, "too large\n"}, false, 11, false);
    }
    if (error == http::error::end_of_stream || error == beast::error::timeout ||
        error == asio::error::operation_aborted || IsGone(error)) {
      return;
    }
    if (error) return Write({400, "not HTTP\n"}, false, 11, false);
    const Request& request = parser_->get();
    Write(Answer(*shared_, request), request.keep_alive(), request.version(),
          request.method() == http::verb::head);
  }

  static bool IsGone(beast::error_code error) {
    return error == asio::error::connection_reset ||
           error == asio::error::broken_pipe || error == asio::error::eof;
  }

  void Write(AdminAnswer answer, bool keep_alive, unsigned version, bool head) {
    response_.emplace(http::int_to_status(static_cast<unsigned>(answer.status)),
                      version);
    response_->set(http::field::content_type, answer.content_type);
    response_->set(http::field::cache_control, "no-store");
    response_->set("X-Content-Type-Options", "nosniff");
    if (answer.status == 401) {
      response_->set(http::field::www_authenticate, "Bearer");
    }
    response_->keep_alive(keep_alive);
    response_->body() = std::move(answer.body);
    response_->prepare_payload();
    if (head) response_->body().clear();
    stream_.expires_after(shared_->options.answer_timeout);
    http::async_write(stream_, *response_,
                      [self = shared_from_this(), keep_alive](
                          beast::error_code error, std::size_t) {
                        if (error) return;
                        if (keep_alive) return self->Read();
                        beast::error_code ignored;
                        self->stream_.socket().shutdown(
                            tcp::socket::shutdown_send, ignored);
                      });
  }

  beast::tcp_stream stream_;
  std::shared_ptr<Shared> shared_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::empty_body>> parser_;
  std::optional<Response> response_;
};

class BeastAdminServer final : public AdminServer {
 public:
  BeastAdminServer(AdminServerOptions options, AdminPages pages)
      : acceptor_(context_),
        again_(context_),
        shared_(std::make_shared<Shared>()) {
    shared_->options = std::move(options);
    shared_->pages = std::move(pages);
  }

  ~BeastAdminServer() override {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Status Start() {
    const AdminServerOptions& options = shared_->options;
    beast::error_code error;
    const std::string host =
        options.host == "localhost" ? "127.0.0.1" : options.host;
    const auto address = asio::ip::make_address(host, error);
    const std::string where = host + ":" + std::to_string(options.port);
    if (error) return Error{"cannot listen on " + where + ": not an address"};
    const tcp::endpoint endpoint(address,
                                 static_cast<std::uint16_t>(options.port));
    acceptor_.open(endpoint.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor_.bind(endpoint, error);
    if (!error)
      acceptor_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) port_ = acceptor_.local_endpoint(error).port();
    if (error) {
      return Error{"cannot listen on " + where + ": " + error.message()};
    }
    Accept();
    thread_ = std::thread([this] { Run(); });
    return {};
  }

  int port() const override { return port_; }

 private:
  // A page that throws costs its connection, not the server.
  void Run() {
    while (!context_.stopped()) {
      try {
        context_.run();
      } catch (const std::exception&) {
      }
    }
  }

  void Accept() {
    acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return AcceptLater();
      if (MakeRoom()) {
        std::make_shared<Session>(std::move(socket), shared_)->Read();
      }
      Accept();
    });
  }

  bool MakeRoom() {
    if (shared_->connections < shared_->options.max_connections) return true;
    if (shared_->silent.empty()) return false;
    Session* const oldest = shared_->silent.front();
    shared_->silent.pop_front();
    oldest->Close();
    return true;
  }

  // Out of file descriptors, say: trying at once would only spin.
  void AcceptLater() {
    again_.expires_after(std::chrono::milliseconds(200));
    again_.async_wait([this](beast::error_code error) {
      if (!error) Accept();
    });
  }

  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  asio::steady_timer again_;
  std::shared_ptr<Shared> shared_;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<AdminServer>> NewAdminServer(AdminServerOptions options,
                                                    AdminPages pages) {
  auto server =
      std::make_unique<BeastAdminServer>(std::move(options), std::move(pages));
  const Status started = server->Start();
  if (!started.ok()) return started.error();
  return std::unique_ptr<AdminServer>(std::move(server));
}

}  // namespace premura
