#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Judges YAML files by a JSON Schema: one line for each, `good FILE` or
`bad FILE: why`. Scalars are read as YAML 1.2 core has them."""

import json
import re
import sys

import jsonschema
import yaml

NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?"


class Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = {}


def whole_or_real(loader, node):
    text = loader.construct_scalar(node)
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else float(text)


Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), None)
Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), None)
Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(rf"^{NUMBER}$"), None)
Loader.add_constructor("tag:yaml.org,2002:float", whole_or_real)


def main():
    schema = json.load(open(sys.argv[1], encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    for path in sys.argv[2:]:
        try:
            document = yaml.load(open(path, encoding="utf-8"), Loader)
        except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
            print(f"bad {path}: {type(error).__name__}")
            continue
        # The first is enough, and a list of all would print what aliases
        # stand for as often as they do.
        error = next(validator.iter_errors(document), None)
        if error:
            print(f"bad {path}: {'/'.join(map(str, error.absolute_path))}")
        else:
            print(f"good {path}")


main()
