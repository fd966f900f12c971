// SPDX-License-Identifier: Apache-2.0
// The channels there are, one factory each; the classes stay in
// notifiers/channels/*.cc. A TransferPool must outlive its channels.

#pragma once

#include <memory>
#include <string>

#include "notifiers/channel.h"
#include "notifiers/clock.h"
#include "notifiers/secret.h"
#include "notifiers/transfer.h"

namespace premura {

// Request Tracker 5, REST 2.0.
struct RtOptions {
  std::string desk;
  std::string url;
  Secret token;
  std::string key_field = "Premura Key";
  std::string queue;  // Default queue.
  // RT's $rtname and $Organization, in "[name #4711]" and its Message-IDs;
  // empty: the url's host.
  std::string name;
  // Names the customer as requestor: RT's own scrips then write to them.
  bool requestor = true;
  std::string ca_file;
};
std::unique_ptr<Channel> NewRtChannel(RtOptions options, TransferPool* pool);

// Redmine 5.
struct RedmineOptions {
  std::string desk;
  std::string url;
  Secret key;
  std::string key_field = "Premura Key";
  std::string project;
  std::string tracker;  // Empty: the project's first.
  std::string ca_file;
};
std::unique_ptr<Channel> NewRedmineChannel(RedmineOptions options,
                                           TransferPool* pool);

// Standard Webhooks 1.0 (https://www.standardwebhooks.com).
struct WebhookOptions {
  std::string desk;
  std::string url;
  Secret secret;      // whsec_...
  Secret old_secret;  // While rotating: signed with both.
  std::string ca_file;
};
// The clock gives the signature its time.
std::unique_ptr<Channel> NewWebhookChannel(WebhookOptions options,
                                           TransferPool* pool,
                                           const Clock* clock);

struct SmtpOptions {
  std::string host;
  int port = 587;
  enum class Tls { kStarttls, kImplicit, kNone } tls = Tls::kStarttls;
  std::string username;
  Secret password;
  std::string ca_file;
  std::string from_name;
  std::string from_address;
  std::string reply_to;
  std::string unsubscribe_mailto;
  std::string unsubscribe_url;  // Empty until something answers there.
  std::string message_id_domain;
};
std::unique_ptr<Channel> NewSmtpChannel(SmtpOptions options,
                                        TransferPool* pool);

struct KannelOptions {
  std::string url;  // http://host:13013/cgi-bin/sendsms
  std::string username;
  Secret password;
  std::string sender;
  std::string ca_file;
};
std::unique_ptr<Channel> NewKannelChannel(KannelOptions options,
                                          TransferPool* pool);

struct TwilioOptions {
  std::string url = "https://api.twilio.com";
  std::string account_sid;
  Secret auth_token;
  std::string sender;                 // A number or alphanumeric sender, or
  std::string messaging_service_sid;  // this.
  std::string ca_file;
};
std::unique_ptr<Channel> NewTwilioChannel(TwilioOptions options,
                                          TransferPool* pool);

// Writes `.eml`, ticket and SMS files below `directory`: <channel>/<key>.<ext>.
// `channel` is "ticket", "email" or "sms". The mail is the same bytes that SMTP
// would send.
struct FileChannelOptions {
  std::string channel;
  std::string desk;
  std::string directory;
  SmtpOptions mail;  // For the headers of email.
};
std::unique_ptr<Channel> NewFileChannel(FileChannelOptions options);

}  // namespace premura
