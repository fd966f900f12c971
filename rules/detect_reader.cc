// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "rules/kinds/kind.h"
#include "rules/rule_reader.h"

namespace premura {
namespace {

const Kind* FindKind(const std::string& name) {
  const auto kinds = Kinds();
  const auto found =
      std::find_if(kinds.begin(), kinds.end(),
                   [&](const Kind* kind) { return kind->name == name; });
  return found == kinds.end() ? nullptr : *found;
}

void ComplainOfKind(const std::string& name, Mapping* detect) {
  if (name == "late") {
    detect->ComplainAtKey(name, "`late` stands beside `detect`, not in it");
    return;
  }
  std::vector<std::string> names;
  for (const Kind* kind : Kinds()) names.emplace_back(kind->name);
  const std::string nearest = Nearest(name, names);
  detect->ComplainAtKey(
      name, fmt::format("unknown kind `{}`", name),
      nearest.empty() ? fmt::format("the kinds are {}", fmt::join(names, ", "))
                      : fmt::format("did you mean `{}`?", nearest));
}

void ReadParameters(const Kind& kind, const Node& node, Reading* reading,
                    Detect* detect) {
  Mapping mapping = node.AsMapping(kind.name);
  if (!mapping) return;
  detect->kind = kind.name;
  detect->spec = kind.read(mapping, reading);
  detect->group_by = ReadFields(mapping.Get("group_by"), "group_by", reading);
  if (const Node unless = mapping.Get("unless")) {
    detect->unless = ReadPattern(unless, "unless", reading);
  }
  mapping.RejectOtherKeys(
      fmt::format("in `{}` of {}", kind.name, reading->rule));
}

}  // namespace

Detect ReadDetect(Mapping mapping, Reading* reading) {
  Detect detect;
  reading->detecting = true;
  int known = 0;
  const auto entries = mapping.Entries();
  for (const auto& [name, node] : entries) {
    const Kind* kind = FindKind(name);
    if (kind == nullptr) {
      ComplainOfKind(name, &mapping);
    } else if (++known > 1) {
      mapping.ComplainAtKey(name, "`detect` has exactly one kind",
                            "write another rule for the other");
    } else {
      ReadParameters(*kind, node, reading, &detect);
    }
  }
  if (mapping && entries.empty()) {
    mapping.node().Complain("`detect` names no kind");
  }
  reading->detecting = false;
  return detect;
}

}  // namespace premura
