# SPDX-License-Identifier: Apache-2.0
"""Whether objects are such as Kubernetes' API knows: every field is one of its
type's, of the right kind, and none that must be there is missing. The types are
those of the npm package kubernetes-types, made from the API's own description."""
import re

import npm

MODULES = {"v1": "core/v1", "apps/v1": "apps/v1", "policy/v1": "policy/v1",
           "networking.k8s.io/v1": "networking/v1"}
SCALARS = {"string": str, "number": (int, float), "boolean": bool}


class Types:
    def __init__(self):
        self.folder = npm.package("kubernetes-types", "1.30.0")
        self.modules = {}

    def module(self, path):
        if path not in self.modules:
            text = (self.folder / (path + ".d.ts")).read_text()
            text = re.sub(r"/\*\*.*?\*/", "", text, flags=re.S)
            text = re.sub(r"\{\s*\[\w+: string\]: ([^;]+);\s*\}",
                          r"Record<string, \1>", text)
            imports = {}
            for names, source in re.findall(
                    r'import \{ ([^}]*) \} from "(?:\.\./)+([^"]+)";', text):
                for name in names.split(", "):
                    imports[name] = source
            bodies = dict(re.findall(
                r"export interface (\w+) (?:extends \w+ )?\{\n(.*?)^\}", text,
                re.S | re.M))
            fields = {
                name: {field: (kind, optional == "?") for field, optional, kind
                       in re.findall(r'^ +(?:readonly )?"?([\w$]+)"?(\??): (.+);$',
                                     body, re.M)}
                for name, body in bodies.items()}
            aliases = dict(re.findall(r"export (?:declare )?type (\w+) = (.+);",
                                      text))
            self.modules[path] = imports, fields, aliases
        return self.modules[path]

    def mistakes(self, value, kind, module, where):
        kind = kind.strip()
        if kind in SCALARS:
            right = isinstance(value, SCALARS[kind]) and (
                kind == "boolean" or not isinstance(value, bool))
            return [] if right else ["%s is %r, no %s" % (where, value, kind)]
        if kind.startswith('"'):
            return [] if value == kind.strip('"') else [
                "%s is %r, not %s" % (where, value, kind)]
        if " | " in kind:
            each = [self.mistakes(value, one, module, where)
                    for one in kind.split(" | ")]
            return min(each, key=len)
        array = re.fullmatch(r"Array<(.+)>", kind)
        if array:
            if not isinstance(value, list):
                return ["%s is no list" % where]
            return [mistake for number, one in enumerate(value)
                    for mistake in self.mistakes(
                        one, array[1], module, "%s[%d]" % (where, number))]
        table = re.fullmatch(r"Record<string, (.+)>", kind)
        if table:
            if not isinstance(value, dict):
                return ["%s is no mapping" % where]
            return [mistake for key, one in value.items()
                    for mistake in self.mistakes(
                        one, table[1], module, where + "." + key)]
        return self.named(value, kind, module, where)

    def named(self, value, kind, module, where):
        imports, interfaces, aliases = self.module(module)
        if kind in imports:
            return self.named(value, kind, imports[kind], where)
        if kind in aliases:
            return self.mistakes(value, aliases[kind], module, where)
        assert kind in interfaces, "%s: no type %s in %s" % (where, kind, module)
        fields = interfaces[kind]
        if not isinstance(value, dict):
            return ["%s is no %s" % (where, kind)]
        found = ["%s.%s: %s has no such field" % (where, key, kind)
                 for key in value if key not in fields]
        found += ["%s.%s is missing" % (where, key)
                  for key, (_, optional) in fields.items()
                  if not optional and key not in value]
        for key, one in value.items():
            if key in fields:
                found += self.mistakes(one, fields[key][0], module,
                                       where + "." + key)
        return found


def mistakes(objects):
    """Of all objects; those of other people's kinds (monitoring.coreos.com) are
    not looked at."""
    types = Types()
    found = []
    for one in objects:
        module = MODULES.get(one["apiVersion"])
        if module is None:
            assert one["apiVersion"] == "monitoring.coreos.com/v1", one
            continue
        found += types.named(one, one["kind"], module, one["kind"])
    return found
