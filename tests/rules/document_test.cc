// SPDX-License-Identifier: Apache-2.0
#include "rules/document.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace premura {
namespace {

std::string MessagesOf(const Document& document) {
  std::string messages;
  for (const Diagnostic& d : document.diagnostics()) {
    messages += std::to_string(d.where.line) + ":" +
                std::to_string(d.where.column) + ": " + d.message +
                (d.hint.empty() ? "" : " (" + d.hint + ")") + "\n";
  }
  return messages;
}

TEST(DocumentTest, PlacesCountFromOneInCharacters) {
  Document document =
      Document::Parse("f.yaml", "é: 1\n  \nà: {ü: bé, x: 'q'}\n");
  Mapping mapping = document.root().AsMapping("f").MappingOf("à");
  const SourcePosition value = mapping.Get("ü").position();
  EXPECT_EQ(value.line, 3);
  EXPECT_EQ(value.column, 8);
  EXPECT_EQ(value.length, 2);
  EXPECT_EQ(mapping.KeyPosition("x").column, 12);
  EXPECT_EQ(mapping.Get("x").position().length, 3);
  EXPECT_EQ(document.Line(3), "à: {ü: bé, x: 'q'}");
  EXPECT_EQ(document.Line(99), "");
}

TEST(DocumentTest, AQuoteThatIsNotClosedIsSaidWhereItBegins) {
  const struct {
    const char* text;
    const char* expected;
  } cases[] = {
      {"a: 1\nb: \"x\nc: 2\n",
       "2:4: the quote that begins here is not closed (end the text with "
       "\")\n"},
      {"a: 1\nb: 'x\nc: 2\n",
       "2:4: the quote that begins here is not closed (end the text with ')\n"},
      {"b: 'it''s\n",
       "1:4: the quote that begins here is not closed (end the text with ')\n"},
      {"b: \"x\\\"\n\n",
       "1:4: the quote that begins here is not closed (end the text with "
       "\")\n"},
      {"é: [1, \"x\n]\n",
       "1:8: the quote that begins here is not closed (end the text with "
       "\")\n"},
      {"{a: {b: 'x\n}}\n",
       "1:9: the quote that begins here is not closed (end the text with ')\n"},
      {"a:\n  &n # why\n  \"x\n",
       "3:3: the quote that begins here is not closed (end the text with "
       "\")\n"},
      {"b: \"x",
       "1:4: the quote that begins here is not closed (end the text with "
       "\")\n"},
      {"b: 'x\n  y'\n", ""},
      {"b: 'it''s'\nc: \"x \\\"\n\n  y\\\n  z\"", ""},
      {"b: ''\nc: \"\"\n", ""},
      {"b: &n 'x'\nc: *n\nd: it's\ne: |\n  \"x\n", ""},
      {"'b': [\"x\", 'y'] # don't\n", ""},
  };
  for (const auto& c : cases) {
    const Document document = Document::Parse("f.yaml", c.text);
    EXPECT_EQ(MessagesOf(document), c.expected) << c.text;
  }
}

TEST(DocumentTest, OnlyTrueAndFalseAreBooleans) {
  Document document = Document::Parse(
      "f.yaml", "{a: true, b: false, c: yes, d: \"true\", e: True, f: [1]}");
  Mapping mapping = document.root().AsMapping("f");
  EXPECT_EQ(mapping.Bool("a"), true);
  EXPECT_EQ(mapping.Bool("b"), false);
  EXPECT_EQ(mapping.Bool("c"), std::nullopt);
  EXPECT_EQ(mapping.Bool("d"), std::nullopt);
  EXPECT_EQ(mapping.Bool("e"), std::nullopt);
  EXPECT_EQ(mapping.Bool("f"), std::nullopt);
  EXPECT_EQ(mapping.Bool("missing"), std::nullopt);
  EXPECT_EQ(MessagesOf(document),
            "1:24: `c` must be `true` or `false`, not `yes`\n"
            "1:32: `d` must be `true` or `false`, not the text `true`\n"
            "1:43: `e` must be `true` or `false`, not `True`\n"
            "1:52: `f` must be `true` or `false`, not a list\n");
}

TEST(DocumentTest, NumbersAreWrittenWithoutQuotes) {
  Document document = Document::Parse(
      "f.yaml",
      "{a: 5, b: -5, c: +5, d: 5.5, e: '5', f: 99999999999999999999, g: 2e3, "
      "h: x, i: '2'}");
  Mapping mapping = document.root().AsMapping("f");
  EXPECT_EQ(mapping.Int("a", 0, 10), 5);
  EXPECT_EQ(mapping.Int("b", 0, 10), std::nullopt);
  EXPECT_EQ(mapping.Int("c", 0, 10), 5);
  EXPECT_EQ(mapping.Int("d", 0, 10), std::nullopt);
  EXPECT_EQ(mapping.Int("e", 0, 10), std::nullopt);
  EXPECT_EQ(mapping.Int("f", 0, 10), std::nullopt);
  EXPECT_EQ(mapping.Get("g").AsNumber("g"), 2000.0);
  EXPECT_EQ(mapping.Get("h").AsNumber("h"), std::nullopt);
  EXPECT_EQ(mapping.Get("i").AsNumber("i"), std::nullopt);
  EXPECT_EQ(MessagesOf(document),
            "1:11: `b` is -5; it must be between 0 and 10\n"
            "1:25: `d` must be a whole number, not `5.5`\n"
            "1:33: `e` must be a whole number, not the text `5` (write it "
            "without quotes)\n"
            "1:41: `f` must be a whole number, not `99999999999999999999`\n"
            "1:74: `h` must be a number, not `x`\n"
            "1:80: `i` must be a number, not the text `2` (write it without "
            "quotes)\n");
}

TEST(DocumentTest, SizesHaveUnits) {
  Document document =
      Document::Parse("f.yaml",
                      "{a: 512, b: 64MiB, c: 10kB, d: 1GB, e: 5MBit, f: GiB, "
                      "g: 9999999999999GiB, h: -1}");
  Mapping mapping = document.root().AsMapping("f");
  EXPECT_EQ(mapping.Get("a").AsSize("a"), 512);
  EXPECT_EQ(mapping.Get("b").AsSize("b"), 64 << 20);
  EXPECT_EQ(mapping.Get("c").AsSize("c"), 10'000);
  EXPECT_EQ(mapping.Get("d").AsSize("d"), 1'000'000'000);
  for (const char* key : {"e", "f", "g", "h"}) {
    EXPECT_EQ(mapping.Get(key).AsSize(key), std::nullopt);
  }
  EXPECT_TRUE(MessagesOf(document).starts_with(
      "1:40: `e` is `5MBit`, which is no size (a whole number and one of B kB "
      "MB GB KiB MiB GiB, for example 64MiB)\n"));
}

TEST(DocumentTest, AnUnknownKeyIsComparedWithThoseAskedFor) {
  Document document =
      Document::Parse("f.yaml", "cooldwon: 1h\nid: a\nextra: 1\n");
  Mapping mapping = document.root().AsMapping("f");
  mapping.DurationOf("cooldown");
  mapping.Text("id");
  mapping.RejectOtherKeys("in rule `a`");
  EXPECT_EQ(MessagesOf(document),
            "1:1: unknown key `cooldwon` in rule `a` (did you mean "
            "`cooldown`?)\n3:1: unknown key `extra` in rule `a`\n");
}

TEST(DocumentTest, AMisspeltRequiredKeyIsOneMistake) {
  Document document = Document::Parse("f.yaml", "titel: a\n");
  Mapping mapping = document.root().AsMapping("f");
  mapping.Require("title");
  mapping.Require("title");
  mapping.Require("id");
  mapping.RejectOtherKeys("");
  EXPECT_EQ(MessagesOf(document),
            "1:1: `id` is missing\n"
            "1:1: unknown key `titel` (did you mean `title`?)\n");
}

TEST(DocumentTest, AnEmptyValueIsToldAtItsKey) {
  Document document = Document::Parse("f.yaml", "a:\n  b:\n  c: ~\nd: null\n");
  Mapping mapping = document.root().AsMapping("f");
  Mapping inner = mapping.MappingOf("a");
  EXPECT_FALSE(inner.Get("b"));
  EXPECT_FALSE(inner.Get("c"));
  EXPECT_FALSE(mapping.Require("d"));
  EXPECT_EQ(MessagesOf(document),
            "2:3: `b` is empty\n3:3: `c` is empty\n4:1: `d` is empty\n");
}

TEST(DocumentTest, AnEmptyElementIsToldAtItsDash) {
  Document document =
      Document::Parse("f.yaml", "a:\n  - x\n  -\n  - y\nb: 1\n");
  document.root().AsMapping("f").Texts("a");
  EXPECT_EQ(MessagesOf(document), "3:3: `a` is empty\n");
}

TEST(DocumentTest, AnAliasStandsForItsValue) {
  Document document = Document::Parse("f.yaml", "{a: &x [1, 2], b: *x}");
  EXPECT_EQ(document.root().AsMapping("f").Texts("b"),
            (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(MessagesOf(document), "");
}

TEST(DocumentTest, OneValueStandsForAListOfOne) {
  Document document = Document::Parse("f.yaml", "{a: x, b: [x, y], c: {}}");
  Mapping mapping = document.root().AsMapping("f");
  EXPECT_EQ(mapping.Texts("a").size(), 1U);
  EXPECT_EQ(mapping.Texts("b").size(), 2U);
  EXPECT_EQ(mapping.Texts("c").size(), 0U);
  EXPECT_EQ(MessagesOf(document), "1:22: `c` must be a list, not a mapping\n");
}

TEST(DocumentTest, WhatIsNotThereSaysNothing) {
  const Node nothing;
  nothing.Complain("x");
  nothing.Warn("x");
  EXPECT_EQ(nothing.AsText("x"), std::nullopt);
  EXPECT_EQ(nothing.position().line, 0);
  Mapping mapping;
  EXPECT_FALSE(mapping);
  EXPECT_FALSE(mapping.Get("x"));
  EXPECT_FALSE(mapping.Require("x"));
  EXPECT_TRUE(mapping.Entries().empty());
  EXPECT_FALSE(mapping.KeyNode("x"));
  mapping.RejectOtherKeys("");
  mapping.ComplainAtKey("x", "y");
}

TEST(DocumentTest, WindowsLineEndsAreNoPartOfTheLines) {
  Document document = Document::Parse("f.yaml", "a: 1\r\nb: x\r\n");
  EXPECT_EQ(document.root().AsMapping("f").Text("b"), "x");
  EXPECT_EQ(document.Line(2), "b: x");
}

TEST(DocumentTest, OfVeryManyMistakesTheRestIsCounted) {
  std::string text = "{";
  for (int i = 0; i < 150; ++i) text += "k" + std::to_string(i) + ": 1, ";
  Document document = Document::Parse("f.yaml", text + "}");
  Mapping mapping = document.root().AsMapping("f");
  mapping.node().Warn("first");
  mapping.RejectOtherKeys("");
  // Beyond what is kept, one may be changed and taken back as any other.
  Mapping again = document.root().AsMapping("f");
  again.Require("k999");
  again.RejectOtherKeys("");
  const Diagnostics diagnostics = document.diagnostics();
  ASSERT_EQ(diagnostics.size(), 101U);
  const Diagnostic& last = diagnostics.back();
  EXPECT_EQ(last.message, "202 more are not shown");
  EXPECT_EQ(last.severity, Diagnostic::Severity::kError);
  EXPECT_EQ(last.where.line, 1);
}

TEST(DocumentTest, TooLargeIsAMistake) {
  const Document document =
      Document::Parse("f.yaml", std::string((4 << 20) + 1, '\n'));
  EXPECT_EQ(MessagesOf(document), "0:0: is larger than 4 MiB\n");
}

TEST(DocumentTest, WhatCannotBeReadIsAMistakeOfTheFile) {
  const Document missing = Document::Load("/nonexistent/f.yaml");
  EXPECT_EQ(MessagesOf(missing),
            "0:0: cannot open: No such file or directory\n");
  EXPECT_FALSE(missing.root());
  const Document folder = Document::Load("/");
  EXPECT_EQ(MessagesOf(folder), "0:0: cannot read: Is a directory\n");
}

TEST(ReadFileTest, HasALimit) {
  const std::string path = testing::TempDir() + "premura-read-file-test";
  std::ofstream(path) << "12345";
  EXPECT_EQ(ReadFile(path, 5).value(), "12345");
  EXPECT_EQ(ReadFile(path, 4).error().message, "is larger than 4 bytes");
  std::ofstream(path) << std::string((1 << 20) + 1, 'a');
  EXPECT_EQ(ReadFile(path, 1 << 20).error().message, "is larger than 1 MiB");
  EXPECT_EQ(ReadFile(path, 64 << 10).error().message, "is larger than 64 KiB");
}

TEST(ReadFileTest, WaitsForNothing) {
  const std::string path = testing::TempDir() + "premura-read-file-pipe";
  unlink(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(ReadFile(path).error().message, "is no regular file");
  unlink(path.c_str());
  EXPECT_EQ(ReadFile("/dev/zero").error().message, "is no regular file");
}

}  // namespace
}  // namespace premura
