// SPDX-License-Identifier: Apache-2.0
// `tickets:`, `email:` and `sms:` of the configuration.

#include <fmt/format.h>

#include "daemon/config/config_reader.h"
#include "notifiers/loopback.h"
#include "notifiers/mail_address.h"
#include "notifiers/mime.h"

namespace premura {
namespace {

RtOptions ReadRt(Mapping* mapping, const std::string& desk,
                 ConfigReader* reader) {
  RtOptions rt;
  rt.desk = desk;
  rt.url = reader->RequireUrl(mapping, "url");
  rt.token =
      reader->ReadSecret(mapping, "token", "tickets." + desk + ".token", true);
  rt.key_field = reader->TextOr(mapping, "key_field", rt.key_field);
  rt.queue = reader->TextOr(mapping, "queue", "General");
  rt.name = reader->TextOr(mapping, "name", "");
  rt.requestor = mapping->Bool("requestor").value_or(rt.requestor);
  rt.ca_file = reader->Certificates(mapping, "ca");
  return rt;
}

RedmineOptions ReadRedmine(Mapping* mapping, const std::string& desk,
                           ConfigReader* reader) {
  RedmineOptions redmine;
  redmine.desk = desk;
  redmine.url = reader->RequireUrl(mapping, "url");
  redmine.key =
      reader->ReadSecret(mapping, "key", "tickets." + desk + ".key", true);
  redmine.key_field = reader->TextOr(mapping, "key_field", redmine.key_field);
  redmine.project = reader->RequireText(mapping, "project").value_or("");
  redmine.tracker = reader->TextOr(mapping, "tracker", "");
  redmine.ca_file = reader->Certificates(mapping, "ca");
  return redmine;
}

WebhookOptions ReadWebhook(Mapping* mapping, const std::string& desk,
                           ConfigReader* reader) {
  const std::string path = "tickets." + desk;
  WebhookOptions webhook;
  webhook.desk = desk;
  webhook.url = reader->RequireUrl(mapping, "url");
  webhook.secret =
      reader->ReadSecret(mapping, "secret", path + ".secret", true);
  webhook.old_secret =
      reader->ReadSecret(mapping, "old_secret", path + ".old_secret", false);
  webhook.ca_file = reader->Certificates(mapping, "ca");
  return webhook;
}

FileChannelOptions ReadFileChannel(Mapping* mapping, const std::string& channel,
                                   const std::string& desk,
                                   ConfigReader* reader) {
  FileChannelOptions file;
  file.channel = channel;
  file.desk = desk;
  file.directory = reader->RequirePath(mapping, "directory");
  return file;
}

std::optional<DeskOptions> ReadDesk(Mapping* mapping, const std::string& desk,
                                    ConfigReader* reader) {
  const auto type = mapping->Require("type").AsChoice(
      "type", {"rt", "redmine", "webhook", "file"});
  if (!type) return std::nullopt;
  switch (*type) {
    case 0:
      return ReadRt(mapping, desk, reader);
    case 1:
      return ReadRedmine(mapping, desk, reader);
    case 2:
      return ReadWebhook(mapping, desk, reader);
    default:
      return ReadFileChannel(mapping, "ticket", desk, reader);
  }
}

RateLimit ReadLimit(Mapping* mapping, ConfigReader* reader) {
  const Node node = mapping->Get("limit");
  const auto text = reader->Expand(node, "limit");
  if (!text || *text == "none") return {};
  const auto limit = ParseRateLimit(*text);
  if (!limit) {
    node.Complain(fmt::format("`limit` is `{}`, which is no rate", *text),
                  "write 30/1s (calls per time), or none");
  }
  return limit.value_or(RateLimit{});
}

// One that mails can be written with.
std::string ReadAddress(const Node& node, std::string_view what,
                        ConfigReader* reader) {
  const std::string address = reader->Expand(node, what).value_or("");
  if (!address.empty() && !IsMailAddress(address)) {
    node.Complain(
        fmt::format("`{}` is `{}`, which is no mail address", what, address),
        "write someone@example.com, in ASCII letters, with a whole domain");
  }
  return address;
}

// What stands in headers as it is, if it was written.
void CheckToken(const Node& node, std::string_view what,
                const std::string& text) {
  if (!node || IsHeaderToken(text)) return;
  node.Complain(fmt::format("`{}` cannot stand in a mail's header", what),
                "ASCII without spaces, `<`, `>` and `\"`");
}

void ReadSmtp(Mapping mapping, ConfigReader* reader, SmtpOptions* smtp) {
  smtp->host = reader->RequireText(&mapping, "host").value_or("");
  const Node tls = mapping.Get("tls");
  const auto choice = tls.AsChoice("tls", {"starttls", "implicit", "none"});
  smtp->tls = choice ? static_cast<SmtpOptions::Tls>(*choice) : smtp->tls;
  const int usual = smtp->tls == SmtpOptions::Tls::kImplicit ? 465 : 587;
  smtp->port = static_cast<int>(mapping.Int("port", 1, 65535).value_or(usual));
  if (smtp->tls == SmtpOptions::Tls::kNone && !IsLoopback(smtp->host)) {
    tls.Complain("mail without TLS is sent only to a relay on this machine",
                 "write `tls: starttls` or `tls: implicit`");
  }
  smtp->username = reader->TextOr(&mapping, "username", "");
  smtp->password = reader->ReadSecret(
      &mapping, "password", "email.smtp.password", !smtp->username.empty());
  smtp->ca_file = reader->Certificates(&mapping, "ca");
  mapping.RejectOtherKeys("in `smtp`");
}

// The headers: who writes, where answers go, how to stop it.
void ReadMailHeaders(Mapping* mapping, ConfigReader* reader,
                     SmtpOptions* smtp) {
  Mapping from = mapping->Require("from").AsMapping("from");
  smtp->from_name = reader->TextOr(&from, "name", "");
  smtp->from_address = ReadAddress(from.Require("address"), "address", reader);
  from.RejectOtherKeys("in `from`");
  smtp->reply_to = ReadAddress(mapping->Get("reply_to"), "reply_to", reader);
  Mapping unsubscribe = mapping->MappingOf("unsubscribe");
  smtp->unsubscribe_mailto =
      ReadAddress(unsubscribe.Get("mailto"), "mailto", reader);
  if (unsubscribe.Get("url")) {
    smtp->unsubscribe_url = reader->RequireUrl(&unsubscribe, "url");
    CheckToken(unsubscribe.Get("url"), "url", smtp->unsubscribe_url);
  }
  unsubscribe.RejectOtherKeys("in `unsubscribe`");
  const std::size_t at = smtp->from_address.find('@');
  smtp->message_id_domain = reader->TextOr(
      mapping, "message_id_domain",
      at == std::string::npos ? "" : smtp->from_address.substr(at + 1));
  CheckToken(mapping->Get("message_id_domain"), "message_id_domain",
             smtp->message_id_domain);
}

KannelOptions ReadKannel(Mapping* mapping, ConfigReader* reader) {
  KannelOptions kannel;
  kannel.url = reader->RequireUrl(mapping, "url");
  kannel.username = reader->RequireText(mapping, "username").value_or("");
  kannel.password =
      reader->ReadSecret(mapping, "password", "sms.gateway.password", true);
  kannel.ca_file = reader->Certificates(mapping, "ca");
  return kannel;
}

TwilioOptions ReadTwilio(Mapping* mapping, ConfigReader* reader) {
  TwilioOptions twilio;
  if (mapping->Get("url")) twilio.url = reader->RequireUrl(mapping, "url");
  twilio.account_sid = reader->RequireText(mapping, "account_sid").value_or("");
  twilio.auth_token =
      reader->ReadSecret(mapping, "auth_token", "sms.gateway.auth_token", true);
  twilio.messaging_service_sid =
      reader->TextOr(mapping, "messaging_service_sid", "");
  twilio.ca_file = reader->Certificates(mapping, "ca");
  return twilio;
}

void ReadGateway(Mapping mapping, ConfigReader* reader, SmsConfig* sms) {
  const auto type =
      mapping.Require("type").AsChoice("type", {"kannel", "twilio", "file"});
  if (!type) return;
  if (*type == 0) {
    sms->gateway = ReadKannel(&mapping, reader);
  } else if (*type == 1) {
    sms->gateway = ReadTwilio(&mapping, reader);
  } else {
    sms->gateway = ReadFileChannel(&mapping, "sms", "", reader);
  }
  mapping.RejectOtherKeys("in `gateway`");
}

// GSM has room for so many characters of a name; a number is longer.
void WarnOfLongSender(const Node& node, const std::string& sender) {
  constexpr std::size_t kMost = 11;
  const bool number = sender.find_first_not_of("+0123456789 ") == sender.npos;
  if (number || sender.size() <= kMost) return;
  node.Warn(fmt::format("`sender` has {} characters, and a name has {} at most",
                        sender.size(), kMost),
            "gateways cut off or refuse the rest");
}

// Some gateways need to be told who writes.
void GiveSender(Mapping* mapping, SmsConfig* sms) {
  bool missing = false;
  if (auto* kannel = std::get_if<KannelOptions>(&sms->gateway)) {
    kannel->sender = sms->sender;
    missing = sms->sender.empty();
  } else if (auto* twilio = std::get_if<TwilioOptions>(&sms->gateway)) {
    twilio->sender = sms->sender;
    missing = sms->sender.empty() && twilio->messaging_service_sid.empty();
  }
  if (missing) mapping->Require("sender");
}

}  // namespace

void ReadTickets(Mapping* root, ConfigReader* reader) {
  Mapping tickets = root->MappingOf("tickets");
  for (const auto& [name, node] : tickets.Entries()) {
    Mapping mapping = node.AsMapping(name);
    if (!mapping) continue;
    if (!IsPlainName(name)) {
      tickets.ComplainAtKey(
          name, fmt::format("the desk's name `{}` must be letters, digits, "
                            "`.`, `_`, `-`, at most 64",
                            name));
    }
    auto desk = ReadDesk(&mapping, name, reader);
    if (!desk) continue;
    mapping.RejectOtherKeys(fmt::format("in desk `{}`", name));
    reader->config()->tickets.emplace_back(name, std::move(*desk));
  }
}

void ReadEmail(Mapping* root, ConfigReader* reader) {
  Mapping mapping = root->MappingOf("email");
  if (!mapping) return;
  EmailConfig email;
  const Node smtp = mapping.Get("smtp");
  const Node file = mapping.Get("file");
  if (smtp && file) {
    mapping.ComplainAtKey("file", "`email` has either `smtp` or `file`");
  } else if (smtp) {
    ReadSmtp(smtp.AsMapping("smtp"), reader, &email.smtp);
  } else if (file) {
    Mapping folder = file.AsMapping("file");
    email.directory = ReadFileChannel(&folder, "email", "", reader).directory;
    folder.RejectOtherKeys("in `file`");
  } else {
    mapping.node().Complain("`email` needs `smtp` or `file`");
  }
  ReadMailHeaders(&mapping, reader, &email.smtp);
  email.limit = ReadLimit(&mapping, reader);
  mapping.RejectOtherKeys("in `email`");
  reader->config()->email = std::move(email);
}

void ReadSms(Mapping* root, ConfigReader* reader) {
  Mapping mapping = root->MappingOf("sms");
  if (!mapping) return;
  SmsConfig sms;
  sms.sender = reader->TextOr(&mapping, "sender", "");
  WarnOfLongSender(mapping.Get("sender"), sms.sender);
  ReadGateway(mapping.Require("gateway").AsMapping("gateway"), reader, &sms);
  GiveSender(&mapping, &sms);
  sms.limit = ReadLimit(&mapping, reader);
  mapping.RejectOtherKeys("in `sms`");
  reader->config()->sms = std::move(sms);
}

}  // namespace premura
