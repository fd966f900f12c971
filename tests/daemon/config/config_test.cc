// SPDX-License-Identifier: Apache-2.0
#include "daemon/config/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/config/hide_secrets.h"
#include "tests/support/temp_folder.h"

namespace premura {
namespace {

namespace fs = std::filesystem;

const std::string kTestdata = PREMURA_SOURCE_DIR "/tests/daemon/testdata";

ConfigOptions Options() {
  ConfigOptions options;
  options.environment =
      [](const std::string& name) -> std::optional<std::string> {
    if (name == "TOKEN" || name == "PASSWORD" ||
        name == "ADMIN_TOKEN_OF_TESTS") {
      return "hush-" + name;
    }
    if (name == "HOST") return "eu-1";
    if (name == "HUNTER_URL") return "mysql://me:hunter2@h/x?a=hunter2";
    return std::nullopt;
  };
  return options;
}

LoadedConfig Read(const std::string& text) {
  return ReadConfig(kTestdata + "/good/premura.yaml", text, Options());
}

std::string Short(const Diagnostic& diagnostic) {
  std::ostringstream out;
  out << diagnostic.where.line << ':' << diagnostic.where.column << ": "
      << diagnostic.message;
  return out.str();
}

// `# expect: 3:5: message` lines of a file.
std::vector<std::string> Expected(const std::string& text) {
  std::vector<std::string> expected;
  std::istringstream lines(text);
  constexpr std::string_view kMark = "# expect: ";
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(kMark)) expected.push_back(line.substr(kMark.size()));
  }
  std::sort(expected.begin(), expected.end());
  return expected;
}

std::string Slurp(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(ConfigTest, EveryBadFileGivesExactlyItsMessages) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(kTestdata + "/bad")) {
    const std::string path = entry.path();
    if (!path.ends_with(".yaml")) continue;
    SCOPED_TRACE(path);
    ++files;
    const LoadedConfig loaded = LoadConfig(path, Options());
    EXPECT_EQ(loaded.config, nullptr);
    std::vector<std::string> found;
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
      found.push_back(Short(diagnostic));
    }
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, Expected(Slurp(path)));
    if (::testing::Test::HasFailure() && getenv("PREMURA_SHOW")) {
      for (const auto& line : found) std::cout << "# expect: " << line << "\n";
    }
  }
  EXPECT_GT(files, 80);
}

TEST(ConfigTest, TheSmallestFileHasSafeDefaults) {
  const LoadedConfig loaded = Read(R"(
sources:
  - kafka: {brokers: [kafka-1:9092], topics: [product-events], group: premura}
    format: segment
rules: [rules/*.yaml]
tickets:
  rt: {type: rt, url: "https://rt.example.com", token: "${env:TOKEN}", key_field: Premura Key}
)");
  ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
  const Config& config = *loaded.config;
  EXPECT_TRUE(loaded.diagnostics.empty());
  EXPECT_EQ(config.name, "premura");
  EXPECT_EQ(config.sources[0].id, "source-1");
  EXPECT_EQ(config.sources[0].preset, Preset::kSegment);
  EXPECT_EQ(config.rules,
            std::vector<std::string>{kTestdata + "/good/rules/*.yaml"});
  EXPECT_EQ(config.ledger.url, "sqlite:/var/lib/premura/ledger.db");
  EXPECT_EQ(config.admin.host, "127.0.0.1");
  EXPECT_EQ(config.admin.port, 9464);
  EXPECT_TRUE(config.log.json);
  EXPECT_FALSE(config.customer_is_user);
  EXPECT_EQ(config.restraint.timezone_missing, "hold");
  EXPECT_EQ(config.restraint.frequency_cap.at("sms").count, 1);
  EXPECT_FALSE(config.restraint.quiet_hours.at("sms").empty());
  EXPECT_EQ(config.restraint.consent.at("marketing"),
            ConsentPolicy::kOnlyIfGiven);
  EXPECT_EQ(config.email, std::nullopt);
  const auto& rt = std::get<RtOptions>(config.tickets[0].second);
  EXPECT_EQ(rt.token.Reveal(), "hush-TOKEN");
}

TEST(ConfigTest, AKafkaSourceIsWhatLibrdkafkaUnderstands) {
  const LoadedConfig loaded = Read(R"(
name: premura-eu
sources:
  - id: product
    kafka:
      brokers: [kafka-1:9092, kafka-2:9092]
      topics: [product-events, billing-events]
      group: premura
      instance_id: ${env:HOST}
      tls: {ca: ../certificate.pem, certificate: ../certificate.pem, key_file: client.key}
      sasl: {mechanism: SCRAM-SHA-512, username: premura, password: "${env:PASSWORD}"}
      properties: {client.rack: eu-1a}
rules: [rules]
)");
  ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
  const auto& kafka = std::get<KafkaConfig>(loaded.config->sources[0].from);
  const std::map<std::string, std::string> expected = {
      {"bootstrap.servers", "kafka-1:9092,kafka-2:9092"},
      {"client.id", "premura-eu"},
      {"client.rack", "eu-1a"},
      {"group.id", "premura"},
      {"group.instance.id", "eu-1"},
      {"sasl.mechanisms", "SCRAM-SHA-512"},
      {"sasl.password", "hush-PASSWORD"},
      {"sasl.username", "premura"},
      {"security.protocol", "sasl_ssl"},
      {"ssl.ca.location", kTestdata + "/certificate.pem"},
      {"ssl.certificate.location", kTestdata + "/certificate.pem"},
      {"ssl.key.location", kTestdata + "/good/client.key"}};
  EXPECT_EQ(KafkaProperties(kafka, loaded.config->name), expected);
  auto connection = expected;
  for (const char* key : {"client.rack", "group.id", "group.instance.id"}) {
    connection.erase(key);
  }
  EXPECT_EQ(KafkaConnection(kafka, loaded.config->name), connection);
}

TEST(ConfigTest, StateInKafkaIsReadWithItsDefaultsAndWrittenAgain) {
  const std::string source =
      "sources: [{kafka: {brokers: [k], topics: [t], group: g, instance_id: "
      "i}}]\nrules: [r]\nledger: postgresql://premura@localhost/premura\n";
  const LoadedConfig plain = Read(source + "state: {kafka: {}}\n");
  ASSERT_NE(plain.config, nullptr) << RenderText(plain.diagnostics);
  EXPECT_TRUE(plain.diagnostics.empty());
  EXPECT_EQ(plain.config->kafka_state,
            (KafkaStateConfig{"g-state", Partitioner::kMurmur2}));
  const LoadedConfig other =
      Read(source +
           "state: {kafka: {changelog_topic: s, partitioner: crc32, "
           "replication: 2}}\n");
  ASSERT_NE(other.config, nullptr) << RenderText(other.diagnostics);
  EXPECT_EQ(other.config->kafka_state,
            (KafkaStateConfig{"s", Partitioner::kCrc32, 2}));
  const LoadedConfig again = Read(FormatConfig(*other.config));
  ASSERT_NE(again.config, nullptr) << RenderText(again.diagnostics);
  EXPECT_EQ(again.config->kafka_state, other.config->kafka_state);
  EXPECT_EQ(Read(source).config->kafka_state, std::nullopt);
}

TEST(ConfigTest, ReplaySpeedIsAFactorOrAsFastAsItGoes) {
  const std::pair<const char*, double> cases[] = {
      {"1x", 1}, {"60x", 60}, {"0.5x", 0.5}, {"max", 0}};
  for (const auto& [text, speed] : cases) {
    const LoadedConfig loaded =
        Read(std::string("sources: [{file: {path: e, speed: ") + text +
             "}}]\nrules: [r]\n");
    ASSERT_NE(loaded.config, nullptr) << text;
    EXPECT_EQ(std::get<ReplayConfig>(loaded.config->sources[0].from).speed,
              speed);
  }
}

TEST(ConfigTest, ACapThatIsNotNamedKeepsItsDefault) {
  const LoadedConfig loaded = Read(
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "restraint: {frequency_cap: {email: 5/1d}}\n");
  ASSERT_NE(loaded.config, nullptr);
  EXPECT_EQ(loaded.config->restraint.frequency_cap.at("email").count, 5);
  EXPECT_EQ(loaded.config->restraint.frequency_cap.at("any").count, 3);
}

TEST(ConfigTest, WhatToWriteInsteadOfAPathOrASecretIsSaid) {
  const std::pair<const char*, const char*> cases[] = {
      {"state: {dir: ~/st}",
       "write the path in full, or \"${env:NAME}\" in its place"},
      {"name: a-${env:HOST}", "write \"${env:NAME}\" and nothing beside it"},
      {"ledger: {url: \"postgresql://p@localhost/p\", password: abc}",
       "write \"${env:NAME}\", or put it in a file and name that in a key that "
       "ends in `_file`"},
      {"state: {kafka: {}}\nledger: postgresql://p@localhost/p",
       "write `instance_id: \"${env:HOSTNAME}\"` below `kafka`: the same at "
       "each start, and another for each instance"},
  };
  for (const auto& [text, hint] : cases) {
    const LoadedConfig loaded =
        Read(std::string("sources: [{kafka: {brokers: [k], topics: [t]}}]\n"
                         "rules: [r]\n") +
             text + "\n");
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << RenderText(loaded.diagnostics);
    EXPECT_EQ(loaded.diagnostics[0].hint, hint);
  }
}

TEST(ConfigTest, AChannelThatDoesNotExistGetsASuggestion) {
  const std::pair<const char*, const char*> cases[] = {
      {"phone", "email, sms or ticket"}, {"emial", "did you mean `email`?"}};
  for (const auto& [channel, hint] : cases) {
    const LoadedConfig loaded =
        Read(std::string("sources: [{file: {path: e}}]\nrules: [r]\n"
                         "restraint: {quiet_hours: {") +
             channel + ": none}}\n");
    EXPECT_EQ(loaded.config, nullptr);
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << channel;
    EXPECT_EQ(loaded.diagnostics[0].hint, hint);
  }
}

TEST(ConfigTest, ALocaleIsOneThatTemplatesCanHave) {
  const std::pair<const char*, const char*> cases[] = {
      {"it", "it"},         {"it-CH", "it-CH"}, {"it_ch", "it-CH"},
      {"italian", nullptr}, {"it-", nullptr},   {"it-CH-x", nullptr},
      {"\"\"", nullptr},    {"i", nullptr}};
  for (const auto& [written, locale] : cases) {
    const LoadedConfig loaded =
        Read(std::string("sources: [{file: {path: e}}]\nrules: [r]\n"
                         "restraint: {locale: ") +
             written + "}\n");
    ASSERT_EQ(loaded.config != nullptr, locale != nullptr) << written;
    if (locale != nullptr) {
      EXPECT_EQ(loaded.config->restraint.default_locale, locale);
      continue;
    }
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << written;
    EXPECT_EQ(loaded.diagnostics[0].hint,
              "write it as templates are named: `it`, or `it-CH`");
  }
}

TEST(ConfigTest, WhatIsTakenAndDoesNoGoodIsAWarning) {
  const struct {
    const char* yaml;
    const char* message;  // nullptr: nothing is said.
    const char* hint;
  } cases[] = {
      {"sender: {help_url: example.com/help}",
       "3:20: `help_url` is `example.com/help`, of which nobody makes a link",
       "write https://host/path"},
      {"sender: {stop_url: www.example.com}",
       "3:20: `stop_url` is `www.example.com`, of which nobody makes a link",
       "write https://host/path"},
      {"sender: {help_url: http://a, stop_url: \"mailto:stop@a\"}", nullptr,
       ""},
      {"sms: {sender: Example Company, gateway: {type: file, directory: d}}",
       "3:15: `sender` has 15 characters, and a name has 11 at most",
       "gateways cut off or refuse the rest"},
      {"sms: {sender: Example Com, gateway: {type: file, directory: d}}",
       nullptr, ""},
      {"sms: {sender: \"+39 333 1234567\", gateway: {type: file, directory: "
       "d}}",
       nullptr, ""},
      {"delivery: {give_up_after: 1s}",
       "3:27: `give_up_after` is shorter than `retry_first`: nothing is tried "
       "again",
       "they are 1s and 5s"},
      {"delivery: {retry_first: 2d, retry_most: 3d}",
       "3:25: `give_up_after` is shorter than `retry_first`: nothing is tried "
       "again",
       "they are 1d and 2d"},
      {"delivery: {retry_first: 1h, retry_most: 2h, give_up_after: 1h}",
       nullptr, ""},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.yaml);
    const LoadedConfig loaded =
        Read(std::string("sources: [{file: {path: e}}]\nrules: [rules]\n") +
             c.yaml + "\n");
    EXPECT_NE(loaded.config, nullptr);
    ASSERT_EQ(loaded.diagnostics.size(), c.message ? 1U : 0U)
        << RenderText(loaded.diagnostics);
    if (c.message == nullptr) continue;
    EXPECT_EQ(Short(loaded.diagnostics[0]), c.message);
    EXPECT_EQ(loaded.diagnostics[0].hint, c.hint);
  }
}

TEST(ConfigTest, WhatGoesInClearToAnotherMachineIsAWarning) {
  const std::pair<const char*, bool> cases[] = {
      {"https://rt.example.com/", false}, {"http://localhost:8080/rt", false},
      {"http://127.0.0.1", false},        {"http://[::1]:3000/", false},
      {"http://rt.example.com", true},    {"http://10.0.0.7:8080/rt", true},
      {"http://127.example.com/", true},  {"http://[fe80::1]:80/", true}};
  for (const auto& [url, warns] : cases) {
    const LoadedConfig loaded = Read(
        "sources: [{file: {path: e}}]\nrules: [rules]\n"
        "tickets:\n  rt: {type: rt, token: \"${env:TOKEN}\",\n    url: \"" +
        std::string(url) + "\"}\n");
    EXPECT_NE(loaded.config, nullptr) << url;
    ASSERT_EQ(loaded.diagnostics.size(), warns ? 1U : 0U) << url;
    if (!warns) continue;
    EXPECT_EQ(Short(loaded.diagnostics[0]),
              "5:10: `url` leads to another machine without TLS");
  }
}

TEST(ConfigTest, ALedgerIsAFile) {
  const TempFolder folder;
  fs::create_directory(folder.Path("folder"));
  for (const std::string& path :
       {std::string("/dev/null"), folder.Path("folder")}) {
    const LoadedConfig loaded = Read(
        "sources: [{file: {path: e}}]\nrules: [rules]\nledger: sqlite:" + path +
        "\n");
    ASSERT_EQ(loaded.diagnostics.size(), 1U) << path;
    EXPECT_EQ(loaded.diagnostics[0].message,
              "`ledger` cannot be written: " + path + " is no regular file");
  }
}

TEST(ConfigTest, SecretsComeFromFilesWithoutTheirLineEnd) {
  TempFolder folder;
  folder.Write("e", "");
  folder.Write("token", "s3cret-of-the-desk\n");
  folder.Write("premura.yaml", R"(
sources: [{file: {path: e}}]
rules: [r]
http: {admin: {listen: "0.0.0.0:0", token_file: token}}
)");
  const LoadedConfig loaded =
      LoadConfig(folder.Path("premura.yaml"), Options());
  ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
  EXPECT_EQ(loaded.config->admin.token.Reveal(), "s3cret-of-the-desk");
  EXPECT_EQ(FormatConfig(*loaded.config).find("s3cret"), std::string::npos);
}

TEST(ConfigTest, AFileOfCertificatesHoldsOne) {
  TempFolder folder;
  folder.Write("e", "");
  const auto read = [&folder](const std::string& pem) {
    folder.Write("ca.pem", pem);
    folder.Write("premura.yaml",
                 "sources: [{file: {path: e}}]\nrules: [r]\n"
                 "email: {smtp: {host: m, ca: ca.pem}, from: {address: "
                 "a@example.com}}\n");
    return LoadConfig(folder.Path("premura.yaml"), Options());
  };
  const std::string good = Slurp(kTestdata + "/certificate.pem");
  EXPECT_NE(read(good).config, nullptr);
  EXPECT_NE(read("# ours\n" + good).config, nullptr);
  for (const std::string& bad :
       {std::string(), std::string("hello"), good.substr(0, 200)}) {
    const LoadedConfig loaded = read(bad);
    EXPECT_EQ(loaded.config, nullptr);
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(Short(loaded.diagnostics[0]),
              "3:29: `ca` holds no certificate: " + folder.Path("ca.pem"));
    EXPECT_EQ(loaded.diagnostics[0].hint,
              "it must be PEM: -----BEGIN CERTIFICATE-----");
  }
}

TEST(ConfigTest, AStateFolderThatIsNotThereYetIsNoMistake) {
  TempFolder folder;
  folder.Write("e", "");
  folder.Write("premura.yaml",
               "sources: [{file: {path: e}}]\nrules: [r]\n"
               "state: {dir: a/b/c}\nledger: sqlite:a/d/ledger.db\n");
  const LoadedConfig loaded =
      LoadConfig(folder.Path("premura.yaml"), Options());
  EXPECT_NE(loaded.config, nullptr);
  EXPECT_TRUE(loaded.diagnostics.empty()) << RenderText(loaded.diagnostics);
}

TEST(ConfigTest, AStateFolderOfAnotherUserIsAWarning) {
  // Root may write everywhere: it asks as another then.
  constexpr uid_t kNobody = 65534;
  constexpr auto kSame = static_cast<uid_t>(-1);
  const uid_t me = getuid();
  if (me == 0) {
    ASSERT_EQ(setreuid(kNobody, kSame), 0);
  }
  const LoadedConfig loaded = Read(
      "sources: [{file: {path: e}}]\nrules: [r]\nstate: {dir: /premura}\n");
  if (me == 0) {
    ASSERT_EQ(setreuid(me, kSame), 0);
  }
  EXPECT_NE(loaded.config, nullptr);
  ASSERT_EQ(loaded.diagnostics.size(), 1U);
  EXPECT_EQ(Short(loaded.diagnostics[0]),
            "3:14: `dir`: you may not write in /");
}

// Whatever the mistake: what is shown of the line hides its secrets, and the
// caret stands where it stood.
TEST(ConfigTest, NoSecretIsShownWithAMistake) {
  const std::pair<const char*, const char*> cases[] = {
      {"  smtp: {host: h, port: 70000, tls: none, password: hunter2}",
       "  smtp: {host: h, port: 70000, tls: none, password: *******}"},
      {"  smtp: {host: h, password: hunter2, port: 70000}",
       "  smtp: {host: h, password: *******, port: 70000}"},
      {"  smtp: {host: h, password: \"hünter2, x: }\", port: 0}",
       "  smtp: {host: h, password: ***************, port: 0}"},
      {"  pasword: hunter2 and more", "  pasword: ****************"},
      {"  auth_token: 'hunter2' # old", "  auth_token: ********* # old"},
      {"  api_key : hunter2", "  api_key : *******"},
      {"  {password:hunter2}", "  {password:*******}"},
      {"  {password: hunter2, b", "  {password: **********"},
      {"  password: {a: hunter2}", "  password: ***********}"},
      {"  url: https://me:hunter2@example.com/x, b: 1",
       "  url: https://**********@example.com/*, b: 1"},
      {"  url: https://hooks.example.com/T01/hunter2?a=b, b: 1",
       "  url: https://hooks.example.com/***************, b: 1"},
      {"  fix: {type: webhook, url: \"http://h:80/hunter2\"}",
       "  fix: {type: webhook, url: \"http://h:80/*******\"}"},
      {"  url: https://h?token=hunter2&hunter2&b=#hunter2}",
       "  url: https://h?token=*******&*******&b=********}"},
      {"  url: https://h#hunter2", "  url: https://h#*******"},
      {"  url: https://h/ # a/b", "  url: https://h/ # a/b"},
      {"  ledger: postgresql://p@h/name?password=hunter2&sslmode=x",
       "  ledger: postgresql://*@h/name?password=*******&sslmode=*"},
      {"  ledger: postgresql://p:hunt?er2@h/name",
       "  ledger: postgresql://*****************"},
      {"  url: https://h/hunter2?mail=a@b&c=hunter2",
       "  url: https://****************************"},
      {"  password_file: /etc/hunter2, key_field: Premura Key",
       "  password_file: /etc/hunter2, key_field: Premura Key"},
      {"  token: ${env:RT_TOKEN}", "  token: ${env:RT_TOKEN}"},
      {"  : hunter2 and more", "  : ****************"},
      {"  {properties: {sasl.jaas.config: hunter2}}",
       "  {properties: {sasl.jaas.config: *******}}"},
      {"  sasl.oauthbearer.client.secrets: hunter2",
       "  sasl.oauthbearer.client.secrets: *******"},
      {"  my.token.of.old: hunter2", "  my.token.of.old: *******"},
      {"  ssl.key.location: /etc/x, client.rack: a",
       "  ssl.key.location: /etc/x, client.rack: a"},
      {"  token: \"${env:RT_TOKEN}\"", "  token: \"${env:RT_TOKEN}\""},
  };
  for (const auto& [line, shown] : cases) {
    const Document document =
        Document::Parse("f", std::string("email:\n") + line + "\n");
    Diagnostic diagnostic;
    diagnostic.where = {.file = "f", .line = 2, .column = 3};
    diagnostic.line = line;
    Diagnostics diagnostics = {diagnostic};
    HideSecrets(document, &diagnostics);
    EXPECT_EQ(diagnostics[0].line, shown);
    EXPECT_EQ(diagnostics[0].where.column, 3);
  }
}

TEST(ConfigTest, NoSecretIsShownFromTheLinesBelowItsKey) {
  for (const char* text :
       {"email:\n  smtp:\n    password:\n      hunter2\n",
        "email:\n  smtp:\n    password: >\n      hunter2\n",
        "email:\n  smtp:\n    password: x\n      hunter2\n",
        "email:\n  smtp:\n    password: \"x\n      hunter2\"\n"}) {
    const Document document = Document::Parse("f", text);
    Diagnostic diagnostic;
    diagnostic.where = {.file = "f", .line = 4, .column = 7};
    diagnostic.line = document.Line(4);
    Diagnostics diagnostics = {diagnostic};
    HideSecrets(document, &diagnostics);
    EXPECT_EQ(diagnostics[0].line.find("hunter2"), std::string::npos) << text;
    EXPECT_TRUE(diagnostics[0].line.starts_with("      *******"));
  }
}

TEST(ConfigTest, NoSecretIsToldInTheWordsOfAMistake) {
  const char* const files[] = {
      "sources: [{file: {path: e}}]\nrules: [r]\n{password:hunter2}\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "email: {smtp: {host: h, password:hunter2}, from: {address: a@b.c}}\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "ledger: mysql://me:hunter2@example.com/x\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "ledger: postgresql://me:hunter2@example.com/x\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "ledger: mysql://example.com/x?password=hunter2\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "ledger: https://example.com/hunter2\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "ledger: \"${env:HUNTER_URL}\"\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "email: {smtp: {host: h, password: [hunter2]}, from: {address: a@b.c}}\n",
      // Told at another key.
      "sources: [{file: {path: e}}]\nrules: [r]\nemail:\n  smtp:\n"
      "    host: h\n    password: &p\n      hunter2\n    ca: *p\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "email: {smtp: {password: &p \"hunter\\x32\", host: h, ca: *p}}\n",
      "sources: [{file: {path: e}}]\nrules: [r]\n"
      "email:\n  smtp:\n    host: h\n    ? password\n    : hunter2\n",
  };
  for (const char* text : files) {
    const LoadedConfig loaded = Read(text);
    EXPECT_EQ(loaded.config, nullptr);
    for (const std::string& shown :
         {RenderText(loaded.diagnostics), RenderJson(loaded.diagnostics),
          RenderGithub(loaded.diagnostics)}) {
      EXPECT_EQ(shown.find("hunter2"), std::string::npos) << shown;
    }
  }
}

TEST(ConfigTest, CommandsThatOnlyLookNeedNoSecrets) {
  ConfigOptions options = Options();
  options.read_secrets = false;
  const LoadedConfig loaded = ReadConfig("/etc/premura/premura.yaml", R"(
sources: [{file: {path: e}}]
rules: [r]
tickets: {rt: {type: rt, url: "https://rt.example.com", token_file: /nowhere}}
)",
                                         options);
  ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
  EXPECT_TRUE(
      std::get<RtOptions>(loaded.config->tickets[0].second).token.empty());
}

// Every file of good/, and the example that is shipped.
TEST(ConfigTest, WhatIsPrintedReadsBackAsTheSame) {
  std::vector<std::string> paths = {PREMURA_SOURCE_DIR "/deploy/premura.yaml"};
  for (const auto& entry : fs::directory_iterator(kTestdata + "/good")) {
    if (entry.path().extension() == ".yaml") paths.push_back(entry.path());
  }
  ASSERT_GT(paths.size(), 1U);
  ConfigOptions options = Options();
  options.read_secrets = false;
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const LoadedConfig first = LoadConfig(path, options);
    ASSERT_NE(first.config, nullptr) << RenderText(first.diagnostics);
    const std::string printed = FormatConfig(*first.config);
    EXPECT_EQ(printed.find("hush"), std::string::npos);
    const LoadedConfig again = ReadConfig(path, printed, options);
    ASSERT_NE(again.config, nullptr)
        << printed << RenderText(again.diagnostics);
    EXPECT_EQ(FormatConfig(*again.config), printed);
  }
}

TEST(ConfigTest, OfAnAddressThatMayBeASecretOnlyTheHostIsPrinted) {
  const std::pair<const char*, const char*> cases[] = {
      {"https://hooks.example.com/T01/hush?token=hush",
       "https://hooks.example.com/..."},
      {"https://hooks.example.com:8443?token=hush",
       "https://hooks.example.com:8443/..."},
      {"https://hooks.example.com#hush", "https://hooks.example.com/..."},
      {"https://hooks.example.com/", "https://hooks.example.com"},
      {"https://hooks.example.com", "https://hooks.example.com"},
  };
  const char* const places[] = {
      "tickets: {fix: {type: webhook, url: \"${env:HOOK}\", secret: "
      "\"${env:TOKEN}\"}}\n",
      "sms: {sender: me, gateway: {type: kannel, url: \"${env:HOOK}\", "
      "username: u, password: \"${env:TOKEN}\"}}\n",
      "sms: {sender: me, gateway: {type: twilio, url: \"${env:HOOK}\", "
      "account_sid: AC1, auth_token: \"${env:TOKEN}\"}}\n"};
  for (const auto& [url, printed] : cases) {
    for (const char* place : places) {
      SCOPED_TRACE(std::string(url) + " " + place);
      ConfigOptions options;
      options.environment = [url = url](const std::string& name) {
        return std::optional<std::string>(name == "HOOK" ? url : "t");
      };
      const LoadedConfig loaded = ReadConfig(
          kTestdata + "/good/premura.yaml",
          std::string("sources: [{file: {path: e}}]\nrules: [r]\n") + place,
          options);
      ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
      const std::string text = FormatConfig(*loaded.config);
      EXPECT_EQ(text.find("hush"), std::string::npos) << text;
      EXPECT_NE(text.find(std::string("    url: ") + printed + "\n"),
                std::string::npos)
          << text;
    }
  }
}

// All keys of a printed configuration, as words.
TEST(ConfigTest, TheShippedExampleNamesEveryKey) {
  const std::string example = Slurp(PREMURA_SOURCE_DIR "/deploy/premura.yaml");
  const LoadedConfig loaded =
      LoadConfig(kTestdata + "/good/everything.yaml", Options());
  ASSERT_NE(loaded.config, nullptr) << RenderText(loaded.diagnostics);
  std::istringstream printed(FormatConfig(*loaded.config));
  int keys = 0;
  for (std::string line; std::getline(printed, line);) {
    const std::size_t start = line.find_first_not_of(" -");
    const std::size_t colon = line.find(':', start);
    if (start == line.npos || colon == line.npos) continue;
    const std::string key = line.substr(start, colon - start);
    if (key.starts_with("my-") || key.starts_with('"')) continue;
    ++keys;
    EXPECT_NE(example.find(key), std::string::npos) << key;
  }
  EXPECT_GT(keys, 80);
}

}  // namespace
}  // namespace premura
