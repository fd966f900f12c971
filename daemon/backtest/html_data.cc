// SPDX-License-Identifier: Apache-2.0
#include "daemon/backtest/html_data.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <map>

#include "daemon/backtest/html_chart.h"
#include "daemon/backtest/html_report.h"
#include "notifiers/signature.h"
#include "rules/value.h"

namespace premura {
namespace {

// What a policy calls the source: 'sha256-..'.
std::string PolicyHash(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  const std::string_view bytes(reinterpret_cast<const char*>(digest), size);
  return fmt::format("'sha256-{}'", EncodeBase64(bytes));
}

// Of a list of texts.
std::string JsonTexts(const std::vector<std::string>& texts) {
  std::string json;
  for (const std::string& text : texts) {
    json += json.empty() ? '[' : ',';
    AppendJsonText(text, &json);
  }
  return json.empty() ? "[]" : json + "]";
}

std::int64_t Ms(Timestamp at) { return at.time_since_epoch().count(); }

class Writer {
 public:
  explicit Writer(const RuleSet& rules) {
    for (const Rule& rule : rules.rules()) {
      numbers_.emplace(rule.id, titles_.size());
      titles_.push_back(fmt::format("{} ({})", rule.title, rule.id));
    }
  }

  std::string Rules() const { return JsonTexts(titles_); }

  std::string Customer(const Timeline& timeline) const {
    std::string json = "{\"id\":";
    AppendJsonText(timeline.customer, &json);
    json += fmt::format(",\"sent\":{},\"left_out\":{},\"events\":[",
                        timeline.sent, timeline.left_out);
    const char* comma = "";
    for (const Timeline::Event& event : timeline.events) {
      json += fmt::format("{}[{},{}]", comma, Ms(event.at), event.name);
      comma = ",";
    }
    json += "],\"detections\":[";
    comma = "";
    for (const Timeline::Found& found : timeline.detections) {
      json += fmt::format("{}[{},{}]", comma, Ms(found.at),
                          numbers_.at(found.rule));
      comma = ",";
    }
    json += "],\"contacts\":[";
    comma = "";
    for (const SimulatedContact& contact : timeline.contacts) {
      json += comma + Contact(contact);
      comma = ",";
    }
    return json + "]}";
  }

 private:
  std::string Contact(const SimulatedContact& contact) const {
    std::string json = fmt::format(
        "{{\"at\":{},\"rule\":{},\"channel\":\"{}\",\"what\":\"{}\"",
        Ms(contact.at), numbers_.at(contact.rule), contact.channel,
        ToString(contact.what));
    if (contact.reason != Reason::kNone) {
      json += fmt::format(",\"reason\":\"{}\"", ToString(contact.reason));
    }
    if (contact.until) json += fmt::format(",\"until\":{}", Ms(*contact.until));
    return json + "}";
  }

  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> titles_;
};

}  // namespace

std::string HtmlHead(const std::string& title) {
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
      "'none'; style-src {}; script-src {}; base-uri 'none'; form-action "
      "'none'\">\n<meta name=\"viewport\" content=\"width=device-width, "
      "initial-scale=1\"><meta name=\"referrer\" content=\"no-referrer\">"
      "<title>{}</title><style>{}</style></head>\n",
      PolicyHash(kReportStyle), PolicyHash(kReportScript), HtmlText(title),
      kReportStyle);
}

std::string HtmlData(const std::vector<const Timeline*>& timelines,
                     const std::vector<std::string>& names,
                     const RuleSet& rules) {
  const Writer writer(rules);
  // Only names that are used are in the page.
  std::map<std::uint32_t, std::uint32_t> numbers;
  std::vector<std::string> used;
  std::string customers;
  for (const Timeline* timeline : timelines) {
    Timeline own = *timeline;
    for (Timeline::Event& event : own.events) {
      const auto [number, fresh] = numbers.try_emplace(
          event.name, static_cast<std::uint32_t>(used.size()));
      if (fresh) used.push_back(names[event.name]);
      event.name = number->second;
    }
    customers += (customers.empty() ? "" : ",\n") + writer.Customer(own);
  }
  return "<script type=\"application/json\" id=\"timelines\">" +
         EscapeJsonInHtml(
             fmt::format("{{\"names\":{},\"rules\":{},\n\"customers\":[{}]}}",
                         JsonTexts(used), writer.Rules(), customers)) +
         "</script>\n";
}

std::string ReasonInWords(const std::string& reason) {
  static const std::map<std::string, const char*> kWords = {
      {"simulation", "The rule is in simulation"},
      {"stop_all", "All contacts were stopped"},
      {"only_if", "The action is not for this customer"},
      {"no_consent", "The customer has not consented"},
      {"no_address", "No address or number is known"},
      {"bad_address", "The address or number is no good"},
      {"holdout", "Left alone, for comparison"},
      {"cooldown", "The rule has just written to this customer"},
      {"frequency_cap", "The customer has had enough messages"},
      {"outranked_by", "Another rule's message went first"},
      {"quiet_hours", "It was quiet hours where the customer is"},
      {"timezone_missing", "The customer's time zone is not known"},
      {"delay", "The action waits before it is sent"},
      {"expired", "It came too late to be worth sending"},
      {"cancelled", "The customer got there meanwhile"},
      {"channel_missing", "This channel is not configured"},
      {"waiting_for_ticket", "It waits for the ticket's number"}};
  const auto found = kWords.find(reason);
  return found == kWords.end() ? HtmlText(reason) : found->second;
}

}  // namespace premura
