// SPDX-License-Identifier: Apache-2.0
// Templates: whatever the file, it is refused with mistakes that can be shown
// or renders, and nothing that a customer or an event says becomes markup or
// another line of a subject. The input is a template's file.

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

#include "notifiers/templates.h"
#include "tests/fuzz/check.h"

namespace premura {
namespace {

// No template holds it by chance.
constexpr const char* kHostile = "<script src=x>\r\nBcc: a@b.example\"'&{{x}}";

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/premura-fuzz-XXXXXX";
    Check(mkdtemp(name) != nullptr, "there is room for a file");
    path_ = name;
    Write("_standard.en.yaml",
          "signature: '{{sender.name}}'\nfooter: '{{why}} answer STOP'\n");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

CaseRecord Record() {
  CaseRecord record;
  record.detection_id = "d7f3a0c1d7f3a0c1d7f3a0c1d7f3a0c1";
  record.rule_id = record.title = record.article = kHostile;
  record.level = "medium";
  record.customer = kHostile;
  record.group = {{"page", "\"<script>\""}};
  record.evidence = {
      {kHostile, {}, kHostile, {{"page", "\"<script>\\r\\nX: y\""}}}};
  return record;
}

void CheckRendered(const Rendered& rendered) {
  Check(rendered.subject.find_first_of("\r\n") == std::string::npos,
        "a subject is one line");
  Check(rendered.html.find("<script src=x>\r\n") == std::string::npos,
        "facts are escaped");
}

void Render(const std::string& text) {
  static const Folder folder;
  folder.Write("t.en.yaml", text);
  const std::string folders[] = {folder.path()};
  Diagnostics diagnostics;
  const auto templates = TemplateSet::Load(folders, "en", &diagnostics);
  RenderText(diagnostics);
  if (templates == nullptr || HasErrors(diagnostics)) return;
  templates->EventProperties();
  const CaseRecord record = Record();
  const Profile profile({{"name", "\"<script src=x>\\r\\nBcc: a@b\""}}, {});
  SenderFacts sender;
  sender.name = sender.organisation = kHostile;
  RenderInput input{.record = &record, .profile = &profile, .sender = &sender};
  input.locale = "en";
  for (const char* channel : {"email", "ticket", "sms"}) {
    if (!templates->Has("t", channel)) continue;
    RenderText(templates->Check("t", channel, sender, {}));
    const auto rendered = templates->Render("t", channel, input);
    if (rendered.ok()) CheckRendered(rendered.value());
  }
}

}  // namespace
}  // namespace premura

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  premura::Render(std::string(reinterpret_cast<const char*>(data), size));
  return 0;
}
