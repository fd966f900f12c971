// SPDX-License-Identifier: Apache-2.0
#include "daemon/admin/admin_server.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <list>
#include <mutex>
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

// How other threads reach the server's, while it is there.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context* context) : context_(context) {}
  void Post(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    if (context_ != nullptr) asio::post(*context_, std::move(work));
  }
  void Close() {
    const std::lock_guard lock(mutex_);
    context_ = nullptr;
  }

 private:
  std::mutex mutex_;
  asio::io_context* context_;  // Guarded by mutex_.
};

struct Shared {
  AdminServerOptions options;
  std::shared_ptr<Mailbox> mailbox;
  AdminPages pages;
  // Of the server's thread.
  int connections = 0;
  std::list<Session*> silent;  // Whose request has not come, oldest first.
};

AdminAnswer ReadyPage(const Readiness& readiness, std::string_view query,
                      bool trusted) {
  AdminAnswer answer;
  answer.status = readiness.ready() ? 200 : 503;
  const auto names = ParseAdminQuery(query);
  const auto format = names ? names->find("format") : AdminQuery::iterator();
  if (names && format != names->end() && format->second == "json") {
    answer.body = ToJson(readiness, trusted);
    answer.content_type = "application/json";
  } else {
    answer.body = ToText(readiness, trusted);
  }
  return answer;
}

AdminAnswer Page(const Shared& shared, std::string_view path,
                 std::string_view query, bool trusted) {
  if (path == "/livez" || path == "/healthz") return {200, "ok\n"};
  if (path == "/readyz") {
    return ReadyPage(shared.pages.readiness(), query, trusted);
  }
  if (!trusted && shared.options.token.empty()) {
    return {421,
            "without a token only by the name of this machine's own "
            "address: localhost, 127.0.0.1 or [::1]\n"};
  }
  if (!trusted) return {401, "a token is needed: Authorization: Bearer ..\n"};
  if (path == "/metrics") {
    return {200, shared.pages.metrics(), "text/plain; version=0.0.4"};
  }
  std::string pages = "there are /metrics, /livez, /healthz";
  for (const auto& [name, page] : shared.pages.api) pages += ", " + name;
  return {404, pages + " and /readyz\n"};
}

// A page of the web can give its own name this machine's address, and a browser
// would let it read what is here: but the browser says that name. Who is no
// browser may say none.
bool NamesThisMachine(std::string_view host, const std::string& listen) {
  if (host.empty()) return true;
  const bool bracketed = host.starts_with('[') && host.find(']') != host.npos;
  host = bracketed ? host.substr(1, host.find(']') - 1)
                   : host.substr(0, host.find(':'));
  if (beast::iequals({host.data(), host.size()}, "localhost")) return true;
  if (host == listen) return true;
  beast::error_code error;
  const auto address = asio::ip::make_address(host, error);
  return !error && address.is_loopback();
}

bool IsTrusted(const Shared& shared, const Request& request) {
  const std::string& token = shared.options.token.Reveal();
  if (token.empty()) {
    const auto host = request[http::field::host];
    return NamesThisMachine({host.data(), host.size()}, shared.options.host);
  }
  const auto header = request[http::field::authorization];
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view text(header.data(), header.size());
  return text.starts_with(kBearer) &&
         SameSecret(text.substr(kBearer.size()), token);
}

std::pair<std::string_view, std::string_view> SplitTarget(
    const Request& request) {
  const auto target = request.target();
  const std::string_view all(target.data(), target.size());
  const std::size_t mark = all.find('?');
  return {all.substr(0, mark), mark == all.npos ? "" : all.substr(mark + 1)};
}

// One connection; lives as long as something of it is under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)),
        patience_(stream_.get_executor()),
        shared_(std::move(shared)) {
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
    Answer(parser_->get());
  }

  void Answer(const Request& request) {
    const bool head = request.method() == http::verb::head;
    const auto write = [&](AdminAnswer answer) {
      Write(std::move(answer), request.keep_alive(), request.version(), head);
    };
    if (request.method() != http::verb::get && !head) {
      return write({405, "only GET\n"});
    }
    const auto [path, query_text] = SplitTarget(request);
    const bool trusted = IsTrusted(*shared_, request);
    const auto api = shared_->pages.api.find(path);
    if (!trusted || api == shared_->pages.api.end()) {
      return write(Page(*shared_, path, query_text, trusted));
    }
    const auto query = ParseAdminQuery(query_text);
    if (!query) {
      return write({400, "a broken escape after the `?`, or no UTF-8\n"});
    }
    Ask(api->second, *query);
  }

  // The session lives on the timer until the answer is there.
  template <typename ApiPage>
  void Ask(const ApiPage& page, const AdminQuery& query) {
    const std::uint64_t question = ++questions_;
    patience_.expires_after(shared_->options.api_timeout);
    patience_.async_wait(
        [self = shared_from_this(), question](beast::error_code) {
          self->Reply(question, {503, "no answer in time: try again\n"});
        });
    page(query, [mailbox = shared_->mailbox, weak = weak_from_this(),
                 question](std::function<AdminAnswer()> make) {
      mailbox->Post([weak, question, make = std::move(make)] {
        const auto self = weak.lock();
        if (self && self->waits_for(question)) self->Reply(question, make());
      });
    });
  }

  bool waits_for(std::uint64_t question) const {
    return question == questions_ && question != answered_;
  }
  void Reply(std::uint64_t question, AdminAnswer answer) {
    if (!waits_for(question)) return;
    answered_ = question;
    patience_.cancel();
    const Request& request = parser_->get();
    Write(std::move(answer), request.keep_alive(), request.version(),
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
  asio::steady_timer patience_;
  std::uint64_t questions_ = 0;  // Of the API; the newest.
  std::uint64_t answered_ = 0;
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
    shared_->mailbox = std::make_shared<Mailbox>(&context_);
    shared_->options = std::move(options);
    shared_->pages = std::move(pages);
  }

  ~BeastAdminServer() override {
    shared_->mailbox->Close();
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
