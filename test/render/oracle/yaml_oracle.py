"""Answers what PyYAML makes of texts and values: a JSON list of requests on stdin, a JSON list of answers on stdout.

{"load": text, "rules": "plain" | "salt" | "sls"}  ->  {"value": repr} or {"error": message, "type": class}
{"dump": repr, "flow": true | false | null, "sort": bool, "width": columns, "indent": columns}
  ->  {"text": yaml} or {"error": message}
{"dump_of": text, …}  ->  the same for what the plain rules read from a text, aliases and all
"""

import json
import sys
from collections import OrderedDict

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, SequenceNode

TAG = "tag:yaml.org,2002:"


class PlainLoader(yaml.SafeLoader):
    """SafeLoader, but dates stay text: the templates have no type for them."""


PlainLoader.add_constructor(TAG + "timestamp", PlainLoader.construct_yaml_str)


class SaltLoader(PlainLoader):
    """Salt's rules: no octals, duplicate keys refused, own keys win over merged ones."""

    def construct_scalar(self, node):
        text = super().construct_scalar(node)
        if node.tag == TAG + "int" and text.startswith("0") and text[:2] not in ("0b", "0x"):
            text = text.lstrip("0") or "0"
        return text

    def construct_mapping(self, node, deep=False):
        if not isinstance(node, MappingNode):
            raise ConstructorError(None, None, "expected a mapping node, but found %s" % node.id, node.start_mark)
        self.flatten_mapping(node)
        result = {}
        where = ("while constructing a mapping", node.start_mark)
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=deep)
            try:
                hash(key)
            except TypeError:
                raise ConstructorError(*where, "found unacceptable key %s" % key_node.value, key_node.start_mark)
            value = self.construct_object(value_node, deep=deep)
            if key in result:
                raise ConstructorError(*where, "found conflicting ID '%s'" % key, key_node.start_mark)
            result[key] = value
        return result

    def flatten_mapping(self, node):
        names = [k.value for k, _ in node.value if k.tag != TAG + "merge"]
        count = sum(k.tag != TAG + "merge" for k, _ in node.value)
        super().flatten_mapping(node)
        extra = len(node.value) - count
        node.value = [p for p in node.value[:extra] if p[0].value not in names] + node.value[extra:]


SaltLoader.add_constructor(TAG + "python/unicode", lambda loader, node: node.value)



class SlsLoader(SaltLoader):
    """As the yaml renderer calls it: mappings keep their order, and !!omap is a mapping."""

    def construct_yaml_map(self, node):
        result = OrderedDict()
        yield result
        result.update(self.construct_mapping(node))


SlsLoader.add_constructor(TAG + "map", SlsLoader.construct_yaml_map)
SlsLoader.add_constructor(TAG + "omap", SlsLoader.construct_yaml_map)

LOADERS = {"plain": PlainLoader, "salt": SaltLoader, "sls": SlsLoader}


def load(request):
    try:
        return {"value": repr(yaml.load(request["load"], Loader=LOADERS[request["rules"]]))}
    except Exception as error:  # every error is an answer
        return {"error": str(error), "type": type(error).__name__}


class Dumper(yaml.SafeDumper):
    """Salt's: OrderedDicts keep their order, what has no type is NULL."""


Dumper.add_representer(OrderedDict, lambda dumper, data: dumper.represent_dict(list(data.items())))
Dumper.add_representer(None, lambda dumper, data: dumper.represent_scalar(TAG + "null", "NULL"))

NAMES = {"nan": float("nan"), "inf": float("inf"), "OrderedDict": OrderedDict}


def dump(request):
    try:
        if "dump_of" in request:
            value = yaml.load(request["dump_of"], Loader=PlainLoader)
        else:
            value = eval(request["dump"], NAMES)
        text = yaml.dump(
            value,
            Dumper=Dumper,
            default_flow_style=request["flow"],
            allow_unicode=True,
            sort_keys=request.get("sort", True),
            width=request.get("width"),
            indent=request.get("indent"),
        )
    except Exception as error:
        return {"error": str(error)}
    return {"text": text}


requests = json.load(sys.stdin)
json.dump([load(r) if "load" in r else dump(r) for r in requests], sys.stdout)
