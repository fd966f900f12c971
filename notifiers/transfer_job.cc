// SPDX-License-Identifier: Apache-2.0
#include "notifiers/transfer_job.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "notifiers/text.h"

namespace premura {
namespace {

using Fault = TransferAnswer::Fault;

// An answer that is as many times longer than what is kept of it has no end.
constexpr std::size_t kEndless = 10;

constexpr char kNoTimeLeft[] = "no time was left to send it";

bool IsTlsProblem(CURLcode code) {
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
      return true;
    default:
      return false;
  }
}

// That one must log in, or how: to MAIL it is said of us, to RCPT and DATA of
// this one mail.
bool MustLogIn(long reply, std::string_view problem) {
  const bool login =
      reply == 530 || reply == 534 || reply == 535 || reply == 538;
  return login && problem.starts_with("MAIL failed");  // libcurl's words.
}

// `ended`: the mail's last line may be out, and `reply` is what came after it
// (0: no whole reply). Then only a reply says what became of the mail, whatever
// libcurl makes of it: there are servers that take it with 251.
Fault SmtpFault(CURLcode code, long reply, bool ended,
                std::string_view problem) {
  const bool late = code == CURLE_OPERATION_TIMEDOUT;
  const bool refused = reply / 100 == 4 || reply / 100 == 5;
  if (code == CURLE_OK) return Fault::kNone;
  if (ended) {
    if (reply / 100 == 2) return Fault::kNone;
    if (refused) return Fault::kRefused;
    return late ? Fault::kTimeout : Fault::kBroken;
  }
  if (IsTlsProblem(code)) return Fault::kTls;
  if (late) return Fault::kTimeoutBefore;
  if (code == CURLE_LOGIN_DENIED && reply / 100 != 4) return Fault::kLogin;
  if (!refused) return Fault::kUnreachable;
  // What libcurl calls a no to MAIL, RCPT and DATA.
  return code == CURLE_SEND_ERROR && !MustLogIn(reply, problem)
             ? Fault::kRefused
             : Fault::kTurnedAway;
}

// Of the last line of a reply ("250 Ok", "250"); 0 if it is none.
long SmtpCode(std::string_view line) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (line.size() < 3 || !std::all_of(line.begin(), line.begin() + 3, digit) ||
      (line.size() > 3 && line[3] != ' ')) {
    return 0;
  }
  return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

// In seconds. What is too long for a number is long, not nothing.
curl_off_t RetryAfter(CURL* handle) {
  constexpr curl_off_t kMost = 24 * 3600;
  curl_off_t seconds = 0;
  curl_easy_getinfo(handle, CURLINFO_RETRY_AFTER, &seconds);
  curl_header* header = nullptr;
  if (seconds == 0 && curl_easy_header(handle, "Retry-After", 0, CURLH_HEADER,
                                       -1, &header) == CURLHE_OK) {
    const std::string_view text = header->value;
    const bool whole = text.find_first_not_of("0123456789") == text.npos;
    if (whole && text.find_first_not_of('0') != text.npos) seconds = kMost;
  }
  return std::min(seconds, kMost);
}

Fault HttpFault(CURLcode code, bool sent) {
  if (code == CURLE_OK) return Fault::kNone;
  if (IsTlsProblem(code)) return Fault::kTls;
  if (code == CURLE_OPERATION_TIMEDOUT) {
    return sent ? Fault::kTimeout : Fault::kTimeoutBefore;
  }
  return sent ? Fault::kBroken : Fault::kUnreachable;
}

// libcurl adds whatever call failed last: "response reading failed (errno:
// 115)".
std::string WithoutErrno(std::string problem) {
  const std::size_t at = problem.find(" (errno: ");
  if (at != problem.npos) problem.resize(at);
  return problem;
}

}  // namespace

curl_socket_t OpenSockets::Open(const curl_sockaddr& address) {
  const std::lock_guard lock(mutex_);
  if (shut_) return CURL_SOCKET_BAD;
  const curl_socket_t opened =
      socket(address.family, address.socktype | SOCK_CLOEXEC, address.protocol);
  if (opened >= 0) open_.insert(opened);
  return opened;
}

int OpenSockets::Close(curl_socket_t socket) {
  const std::lock_guard lock(mutex_);
  open_.erase(socket);
  return close(socket);
}

void OpenSockets::ShutAll() {
  const std::lock_guard lock(mutex_);
  shut_ = true;
  for (const curl_socket_t open : open_) shutdown(open, SHUT_RDWR);
}

TransferJob::TransferJob(TransferRequest request,
                         std::function<void(TransferAnswer)> done,
                         OpenSockets* sockets,
                         const std::function<Duration()>* boottime)
    : smtp_(request.url.starts_with("smtp")),
      request_(std::move(request)),
      done_(std::move(done)),
      sockets_(sockets),
      boottime_(*boottime) {}

TransferJob::~TransferJob() {
  curl_easy_cleanup(handle_);
  curl_slist_free_all(headers_);
  curl_slist_free_all(recipients_);
}

std::string TransferJob::Objection() const {
  if (HasControls(request_.url)) return "control characters in the URL";
  for (const std::string& header : request_.headers) {
    if (HasControls(header)) return "control characters in a header";
  }
  for (const auto& [name, value] : request_.secret_headers) {
    if (HasControls(name) || HasControls(value.Reveal())) {
      return "control characters in a secret";
    }
  }
  std::vector<std::string> addresses = request_.recipients;
  addresses.push_back(request_.mail_from);
  for (const std::string& address : addresses) {
    if (HasControls(address) ||
        address.find_first_of("<> ") != std::string::npos) {
      return "not a mail address";
    }
  }
  return "";
}

bool TransferJob::IsLate() const {
  return request_.end && boottime_() >= *request_.end;
}

CURL* TransferJob::Prepare() {
  handle_ = curl_easy_init();
  if (handle_ == nullptr) return nullptr;
  const auto set = [this](CURLoption option, auto value) {
    curl_easy_setopt(handle_, option, value);
  };
  set(CURLOPT_PRIVATE, this);
  set(CURLOPT_URL, request_.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_ERRORBUFFER, problem_);
  set(CURLOPT_CONNECTTIMEOUT_MS,
      static_cast<long>(request_.connect_timeout.count()));
  set(CURLOPT_WRITEFUNCTION, &TransferJob::OnBody);
  set(CURLOPT_WRITEDATA, this);
  if (!request_.ca_file.empty()) {
    set(CURLOPT_CAINFO, request_.ca_file.c_str());
    set(CURLOPT_CAPATH, static_cast<char*>(nullptr));
  }
  if (!request_.username.empty()) {
    set(CURLOPT_USERNAME, request_.username.c_str());
    set(CURLOPT_PASSWORD, request_.password.Reveal().c_str());
  }
  PrepareSockets();
  PrepareEnd();
  smtp_ ? PrepareSmtp() : PrepareHttp();
  return handle_;
}

void TransferJob::PrepareSockets() {
  curl_easy_setopt(
      handle_, CURLOPT_OPENSOCKETFUNCTION,
      +[](void* sockets, curlsocktype, curl_sockaddr* address) {
        return static_cast<OpenSockets*>(sockets)->Open(*address);
      });
  curl_easy_setopt(handle_, CURLOPT_OPENSOCKETDATA, sockets_);
  curl_easy_setopt(
      handle_, CURLOPT_CLOSESOCKETFUNCTION,
      +[](void* sockets, curl_socket_t closing) {
        return static_cast<OpenSockets*>(sockets)->Close(closing);
      });
  curl_easy_setopt(handle_, CURLOPT_CLOSESOCKETDATA, sockets_);
}

// The connection stands, and the request would go out next: between that and
// the call's begin the process may have slept.
void TransferJob::PrepareEnd() {
  Duration deadline = request_.deadline;
  if (request_.end) deadline = std::min(deadline, *request_.end - boottime_());
  deadline = std::max(deadline, Duration(1));
  curl_easy_setopt(handle_, CURLOPT_TIMEOUT_MS,
                   static_cast<long>(deadline.count()));
  curl_easy_setopt(
      handle_, CURLOPT_PREREQFUNCTION, +[](void* job, char*, char*, int, int) {
        auto* self = static_cast<TransferJob*>(job);
        self->late_ = self->IsLate();
        return self->late_ ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
      });
  curl_easy_setopt(handle_, CURLOPT_PREREQDATA, this);
}

void TransferJob::PrepareHttp() {
  for (const std::string& header : request_.headers) {
    headers_ = curl_slist_append(headers_, header.c_str());
  }
  for (const auto& [name, value] : request_.secret_headers) {
    headers_ =
        curl_slist_append(headers_, (name + ": " + value.Reveal()).c_str());
  }
  headers_ = curl_slist_append(headers_, "Expect:");
  curl_easy_setopt(handle_, CURLOPT_HTTPHEADER, headers_);
  curl_easy_setopt(handle_, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(handle_, CURLOPT_USERAGENT, "premura");
  if (request_.method == "GET") return;
  curl_easy_setopt(handle_, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(request_.body.size()));
  curl_easy_setopt(handle_, CURLOPT_POSTFIELDS, request_.body.c_str());
  curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  // libcurl would send a request twice if a connection that it uses again dies
  // without an answer.
  curl_easy_setopt(handle_, CURLOPT_FRESH_CONNECT,
                   request_.repeat_safe ? 0L : 1L);
}

void TransferJob::PrepareSmtp() {
  for (const std::string& recipient : request_.recipients) {
    recipients_ =
        curl_slist_append(recipients_, ("<" + recipient + ">").c_str());
  }
  curl_easy_setopt(handle_, CURLOPT_USE_SSL,
                   request_.plain_smtp ? CURLUSESSL_NONE : CURLUSESSL_ALL);
  curl_easy_setopt(handle_, CURLOPT_MAIL_FROM,
                   ("<" + request_.mail_from + ">").c_str());
  curl_easy_setopt(handle_, CURLOPT_HEADERFUNCTION, &TransferJob::OnHeader);
  curl_easy_setopt(handle_, CURLOPT_HEADERDATA, this);
  if (recipients_ == nullptr) {  // Only a look whether the server is there.
    curl_easy_setopt(handle_, CURLOPT_CUSTOMREQUEST, "NOOP");
    return;
  }
  curl_easy_setopt(handle_, CURLOPT_MAIL_RCPT, recipients_);
  curl_easy_setopt(handle_, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(handle_, CURLOPT_READFUNCTION, &TransferJob::OnRead);
  curl_easy_setopt(handle_, CURLOPT_READDATA, this);
}

// libcurl keeps an SMTP connection whose last reply is still to come, and would
// take that reply for the next mail's.
void TransferJob::ShutSocket() const {
  curl_socket_t active = CURL_SOCKET_BAD;
  curl_easy_getinfo(handle_, CURLINFO_ACTIVESOCKET, &active);
  if (active != CURL_SOCKET_BAD) shutdown(active, SHUT_RDWR);
}

void TransferJob::Finish(CURLcode code) {
  if (smtp_ && code != CURLE_OK) ShutSocket();
  if (done_) done_(AnswerOf(code));
}

void TransferJob::Refuse(std::string objection) {
  TransferAnswer answer;
  answer.fault = Fault::kBadRequest;
  answer.problem = std::move(objection);
  if (done_) done_(std::move(answer));
}

void TransferJob::RefuseLate() {
  TransferAnswer answer;
  answer.fault = Fault::kTimeoutBefore;
  answer.problem = kNoTimeLeft;
  if (done_) done_(std::move(answer));
}

TransferAnswer TransferJob::AnswerOf(CURLcode code) const {
  // Its status, by which it is judged, was there before.
  if (endless_) code = CURLE_OK;
  TransferAnswer answer;
  long status = 0;
  long request_bytes = 0;
  curl_easy_getinfo(handle_, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(handle_, CURLINFO_REQUEST_SIZE, &request_bytes);
  if (smtp_ && ended_) status = end_code_;
  answer.code = static_cast<int>(status);
  answer.fault = smtp_ ? SmtpFault(code, status, ended_, problem_)
                       : HttpFault(code, request_bytes > 0);
  if (code != CURLE_OK) {
    answer.problem = WithoutErrno(
        OneLine(problem_[0] != '\0' ? problem_ : curl_easy_strerror(code)));
  }
  if (late_) {
    answer.fault = Fault::kTimeoutBefore;
    answer.problem = kNoTimeLeft;
  }
  const curl_off_t retry_after = RetryAfter(handle_);
  if (retry_after > 0) answer.retry_after = std::chrono::seconds(retry_after);
  answer.body = smtp_ ? SmtpReply(answer.fault) : body_;
  return answer;
}

// A mail that was taken may have been refused something on the way: EHLO.
std::string TransferJob::SmtpReply(Fault fault) const {
  const bool taken = fault == Fault::kNone || last_refusal_.empty();
  return taken ? last_reply_ : last_refusal_;
}

// What is over the limit is taken and forgotten, but not for ever: taking less
// than there is ends the transfer.
std::size_t TransferJob::OnBody(char* data, std::size_t size, std::size_t count,
                                void* job) {
  auto* self = static_cast<TransferJob*>(job);
  const std::size_t room = self->request_.max_answer - self->body_.size();
  self->body_.append(data, std::min(size * count, room));
  self->answered_ += size * count;
  self->endless_ = self->answered_ / kEndless > self->request_.max_answer;
  return self->endless_ ? 0 : size * count;
}

std::size_t TransferJob::OnHeader(char* data, std::size_t size,
                                  std::size_t count, void* job) {
  auto* self = static_cast<TransferJob*>(job);
  const std::string line = OneLine({data, size * count});
  if (self->ended_ && self->end_code_ == 0) self->end_code_ = SmtpCode(line);
  if (line.starts_with("4") || line.starts_with("5")) {
    self->last_refusal_ = line.substr(0, 500);
  } else if (!line.starts_with("221")) {
    self->last_reply_ = line.substr(0, 500);
  }
  return size * count;
}

std::size_t TransferJob::OnRead(char* buffer, std::size_t size,
                                std::size_t count, void* job) {
  auto* self = static_cast<TransferJob*>(job);
  const std::string& mail = self->request_.body;
  const std::size_t taken = std::min(size * count, mail.size() - self->read_);
  std::copy_n(mail.data() + self->read_, taken, buffer);
  self->read_ += taken;
  self->late_ = taken == 0 && self->IsLate();
  if (self->late_) return CURL_READFUNC_ABORT;
  self->ended_ = taken == 0;  // Now libcurl sends the last line, the dot.
  return taken;
}

}  // namespace premura
