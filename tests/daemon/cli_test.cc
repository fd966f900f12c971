// SPDX-License-Identifier: Apache-2.0
// The command line as a whole, and what runs without a subject of its own.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <sstream>

#include "tests/daemon/cli_fixture.h"

namespace premura {
namespace {

TEST_F(CliTest, WithoutACommandItIsAUsageError) {
  EXPECT_EQ(Premura({}).code, kUsage);
  EXPECT_EQ(Premura({"explode"}).code, kUsage);
  EXPECT_EQ(Premura({"check", "--formt", "json"}).code, kUsage);
  EXPECT_EQ(Premura({"stop-all", "maybe", "-c", "x"}).code, kUsage);
}

TEST_F(CliTest, AnUnknownCommandIsNamed) {
  const std::pair<std::vector<std::string>, const char*> cases[] = {
      {{"expain", "x"}, "`expain`: did you mean `explain`?"},
      {{"stopall", "on"}, "`stopall`: did you mean `stop-all`?"},
      {{"nothing-of-ours"}, "`nothing-of-ours`: `premura --help` lists them"},
      {{"help", "rum"}, "`rum`: did you mean `run`?"},
  };
  for (const auto& [arguments, message] : cases) {
    const Ran ran = Premura(arguments);
    EXPECT_EQ(ran.code, kUsage);
    EXPECT_EQ(ran.err,
              "premura: unknown command " + std::string(message) + "\n");
  }
}

TEST_F(CliTest, HelpIsACommandToo) {
  EXPECT_EQ(Premura({"help"}).out, Premura({"--help"}).out);
  EXPECT_EQ(Premura({"help", "run"}).out, Premura({"run", "--help"}).out);
  EXPECT_EQ(Premura({"help", "run"}).code, kOk);
}

TEST_F(CliTest, HelpTellsTheExitCodes) {
  const Ran ran = Premura({"--help"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(Contains(ran.out, "Exit codes: 0"));
  EXPECT_TRUE(Contains(ran.out, "PREMURA_CONFIG"));
  for (const char* command : {"run", "check", "infer", "rules", "schema",
                              "config", "backtest", "explain", "stop-all",
                              "held", "release", "drop", "settle", "version"}) {
    EXPECT_TRUE(Contains(ran.out, command)) << command;
    EXPECT_EQ(Premura({command, "--help"}).code, kOk) << command;
  }
}

TEST_F(CliTest, VersionIsPrinted) {
  for (const char* word : {"version", "--version"}) {
    const Ran ran = Premura({word});
    EXPECT_EQ(ran.code, kOk);
    EXPECT_EQ(ran.out, "premura " PREMURA_TEST_VERSION "\n");
  }
}

TEST_F(CliTest, SchemaIsJson) {
  const Ran ran = Premura({"schema"});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(ran.out.starts_with("{"));
  EXPECT_TRUE(Contains(ran.out, "2020-12"));
}

TEST_F(CliTest, TheConfigurationIsThatOfTheEnvironmentIfNoneIsNamed) {
  const std::string config = folder_.Path("premura.yaml");
  EXPECT_EQ(Premura({"check"}, config).out, "No mistakes found.\n");
  EXPECT_EQ(Premura({"config"}, config).code, kOk);
  folder_.Write("state/.keep", "");
  EXPECT_EQ(Premura({"run", "--once"}, config).code, kOk);
  EXPECT_EQ(Premura({"stop-all", "on"}, config).code, kOk);
  EXPECT_EQ(Premura({"stop-all", "off"}, config).code, kOk);
  EXPECT_EQ(Premura({"explain", "a"}, config).code, kOk);
  const Ran other = Premura({"config", "-c", config}, "/nowhere/else.yaml");
  EXPECT_EQ(other.code, kOk) << "what is named goes first";
}

TEST_F(CliTest, WithoutAConfigurationBothPlacesAreNamed) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"run"},
                                             {"config"},
                                             {"check"},
                                             {"explain", "a"},
                                             {"stop-all", "status"},
                                             {"held"},
                                             {"drop", "k"},
                                             {"settle", "k", "lost"}}) {
    const Ran ran = Premura(arguments);
    EXPECT_NE(ran.code, kOk) << arguments[0];
    EXPECT_TRUE(Contains(ran.err,
                         "which configuration? /nowhere/premura.yaml is not "
                         "there, and PREMURA_CONFIG names none: say -c FILE"))
        << ran.err;
  }
  EXPECT_TRUE(Contains(Premura({"config"}, "/nowhere/else.yaml").err,
                       "/nowhere/else.yaml: error: cannot open"));
}

TEST_F(CliTest, ConfigIsPrintedCompleteWithoutSecrets) {
  folder_.Write("premura.yaml",
                "sources: [{file: {path: e}}]\nrules: [rules]\n"
                "http: {admin: {listen: \"0.0.0.0:0\", token_file: token}}\n");
  folder_.Write("token", "s3cret");
  const Ran ran = Premura({"config", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kOk);
  EXPECT_TRUE(Contains(ran.out, "token_file: "));
  EXPECT_TRUE(Contains(ran.out, "timezone_missing: hold"));
  EXPECT_FALSE(Contains(ran.out, "s3cret"));
  EXPECT_EQ(Premura({"config", "-c", folder_.Path("nowhere")}).code, kFailure);
}

TEST_F(CliTest, WhatRunWritesIsNotForEverybody) {
  const mode_t before = umask(0);
  const Ran ran =
      Premura({"run", "--once", "-c", folder_.Path("premura.yaml")});
  umask(before);
  EXPECT_EQ(ran.code, kOk) << ran.err;
  using std::filesystem::perms;
  for (const char* name : {"out", "state", "state/ledger.db"}) {
    const auto mode = std::filesystem::status(folder_.Path(name)).permissions();
    EXPECT_EQ(mode & (perms::others_all | perms::group_write), perms::none)
        << name;
  }
}

TEST_F(CliTest, RunOnceNeedsSourcesThatEndAndStartsNothingElse) {
  folder_.Write("premura.yaml",
                "sources: [{kafka: {brokers: [\"127.0.0.1:1\"], topics: [t], "
                "group: g}}]\n"
                "rules: [rules]\ntemplates: [rules/templates]\n"
                "state: {dir: state}\n"
                "tickets: {desk: {type: file, directory: out}}\n"
                "http: {admin: {listen: \"127.0.0.1:0\"}}\n");
  const Ran ran =
      Premura({"run", "--once", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kUsage);
  EXPECT_TRUE(Contains(ran.err, "--once needs sources that end: files"));
  EXPECT_FALSE(std::filesystem::exists(folder_.Path("state")));
}

TEST_F(CliTest, RunRefusesWhatCheckRefuses) {
  folder_.Write("premura.yaml", "sources: []\nrules: [rules]\n");
  const Ran ran = Premura({"run", "-c", folder_.Path("premura.yaml")});
  EXPECT_EQ(ran.code, kFailure);
  EXPECT_TRUE(Contains(ran.err, "`sources` is an empty list"));
  EXPECT_TRUE(Contains(ran.err, "the configuration has mistakes"));
  EXPECT_EQ(Premura({"run", "-c", "x", "--drain", "soon"}).code, kUsage);
}

}  // namespace
}  // namespace premura
