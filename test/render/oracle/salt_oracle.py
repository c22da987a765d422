"""Renders templates with Python's Jinja2, set up as Salt sets it up: a JSON list of requests on stdin, of answers on stdout.

{"files": {path: text}, "path": path, "sls": name, "grains": {…}, "pillar": yaml, "variables": yaml (more names)}
    ->  {"text": …} or {"error": class, "message": …}

The execution functions are stand-ins; test/support/salt_stand_ins.ts has the same ones.
"""

import copy
import functools
import json
import operator
import os.path
import pprint
import re
import shlex
import sys
from collections import OrderedDict
from collections.abc import Hashable
from fnmatch import fnmatchcase

import jinja2
import yaml
from jinja2 import nodes
from jinja2.environment import TemplateModule
from jinja2.ext import Extension
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

MISSING = object()


class Dumper(yaml.SafeDumper):
    pass


Dumper.add_representer(OrderedDict, lambda dumper, data: dumper.represent_dict(list(data.items())))
Dumper.add_representer(None, lambda dumper, data: dumper.represent_scalar("tag:yaml.org,2002:null", "NULL"))


class Loader(yaml.SafeLoader):
    def construct_scalar(self, node):
        text = super().construct_scalar(node)
        if node.tag.endswith(":int") and text.startswith("0") and text[:2] not in ("0b", "0x"):
            text = text.lstrip("0") or "0"
        return text


Loader.add_constructor("tag:yaml.org,2002:timestamp", Loader.construct_yaml_str)


def traverse(data, path, default=None, delimiter=":"):
    keys = path.split(delimiter) if isinstance(path, str) else [path] if isinstance(path, int) else path
    for key in keys:
        if isinstance(data, list):
            index = int(key) if re.fullmatch(r"-?\d+", str(key)) else None
            found = [d[key if index is None else index] for d in data if isinstance(d, dict) and (key if index is None else index) in d]
            if found:
                data = found[0]
            elif index is not None and -len(data) <= index < len(data):
                data = data[index]
            else:
                return default
        elif isinstance(data, dict) and key in data:
            data = data[key]
        elif isinstance(data, dict) and isinstance(key, str) and re.fullmatch(r"\d+", key) and int(key) in data:
            data = data[int(key)]
        else:
            return default
    return data


def update(into, other, lists=False):
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            update(into[key], value, lists)
        elif lists and isinstance(value, list) and isinstance(into.get(key), list):
            into[key] = into[key] + [item for item in value if item not in into[key]]
        else:
            into[key] = copy.deepcopy(value)
    return into


def functions(grains, pillar):
    def filter_by(choices, grain="os_family", merge=None, default="default", base=None):
        value = traverse(grains, grain, [])
        found = None
        for each in value if isinstance(value, list) else [value]:
            for key in choices:
                if found is None and fnmatchcase(str(each), str(key)):
                    found = choices[key]
        if found is None:
            found = choices.get(default)
        if base and base in choices:
            found = copy.deepcopy(choices[base]) if found is None else update(copy.deepcopy(choices[base]), found)
        if merge:
            found = merge if found is None else update(found, merge)
        return found

    def config_get(key, default="", merge=None):
        for source in (grains, pillar):
            value = traverse(source, key, MISSING)
            if value is not MISSING:
                return value
        return default

    def pillar_get(key, default="", merge=False, delimiter=":"):
        value = traverse(pillar, key, MISSING, delimiter)
        if merge and isinstance(default, dict) and isinstance(value, dict):
            return update(copy.deepcopy(default), value)
        return default if value is MISSING else value

    def serialize(format, value, **options):
        return json.dumps(value, sort_keys=True) if format == "json" else to_yaml(value, False)

    table = {
        "grains.filter_by": filter_by,
        "grains.get": lambda key, default="": traverse(grains, key, default),
        "pillar.get": pillar_get,
        "config.get": config_get,
        "slsutil.merge": lambda a, b, strategy="smart", merge_lists=False: update(copy.deepcopy(a), b, merge_lists),
        "defaults.merge": lambda a, b, **kw: update(copy.deepcopy(a), b),
        "slsutil.serialize": serialize,
        "file.dirname": os.path.dirname,
        "file.basename": os.path.basename,
        "file.join": os.path.join,
        "file.file_exists": lambda path: path.startswith("/etc"),
        "cmd.shell": lambda command: "out of " + command,
        "cmd.run_all": lambda command: {"retcode": 0, "stdout": command, "stderr": ""},
        "network.ip_addrs": lambda *args: ["10.0.0.5", "192.168.1.5"],
        "mine.get": lambda target, fun, tgt_type="glob": {"web1": ["10.0.0.1"], "web2": ["10.0.0.2", "10.0.1.2"]},
        "pkg.version": lambda name: "1.2.3-4",
        "test.echo": lambda value: value,
        "log.debug": lambda *args: True,
    }
    for name, function in table.items():
        function.__qualname__ = name
    return table


class AliasedLoader(dict):
    __module__ = "salt.utils.templates"

    def __getattr__(self, module):
        found = {name.split(".", 1)[1]: fun for name, fun in self.items() if name.startswith(module + ".")}
        if not found:
            raise AttributeError(module)
        methods = {name: staticmethod(fun) for name, fun in found.items()}
        return type("LoadedMod", (), {"__module__": "salt.loader.lazy", **methods})()


def to_yaml(value, flow=True):
    text = yaml.dump(value, Dumper=Dumper, default_flow_style=flow, allow_unicode=True).strip()
    return text[:-4] if text.endswith("\n...") else text


class Printable(OrderedDict):
    def __str__(self):
        return "{%s}" % ", ".join("%r: %s" % (k, repr(v) if isinstance(v, str) else str(v)) for k, v in self.items())

    def __repr__(self):
        return "{%s}" % ", ".join("%r: %r" % item for item in self.items())


def printable(value):
    if isinstance(value, dict):
        return Printable((key, printable(item)) for key, item in value.items())
    if isinstance(value, (list, tuple, set)):
        return value.__class__([printable(item) for item in value])
    return value


def unshared(value):
    """Salt decodes what it loads, which copies: an alias is not the same object any more."""
    if isinstance(value, dict):
        return {key: unshared(item) for key, item in value.items()}
    return [unshared(item) for item in value] if isinstance(value, list) else value


def context(text, line):
    """The lines around one, which is marked, as Salt shows them."""
    lines = text.splitlines()
    if line > len(lines):
        return text
    start, end = max(0, line - 6), min(len(lines), line + 5)
    shown = lines[start:end]
    shown[line - 1 - start] += "    <======================"
    return "\n".join(["---", *["[...]"][: start > 0], *shown, *["[...]"][: end < len(lines)], "---"])


def load_yaml(value):
    try:
        return unshared(yaml.load(str(value) if isinstance(value, TemplateModule) else value, Loader=Loader))
    except yaml.YAMLError as error:
        mark = error.problem_mark
        text = context(mark.buffer.rstrip("\0"), mark.line + 1)
        raise jinja2.TemplateRuntimeError("Encountered error loading yaml: %s\n%s" % (error.problem, text))
    except AttributeError:
        raise jinja2.TemplateRuntimeError("Unable to load yaml from %s" % (value,))


def load_json(value):
    try:
        return json.loads(str(value) if isinstance(value, TemplateModule) else value)
    except (ValueError, TypeError, AttributeError):
        raise jinja2.TemplateRuntimeError("Unable to load json from %s" % (value,))


class SaltTags(Extension):
    tags = {"load_yaml", "load_json", "load_text", "import_yaml", "import_json", "import_text", "profile"}

    def parse(self, parser):
        word = parser.stream.current.value
        line = parser.stream.current.lineno
        if word == "profile":
            next(parser.stream)
            parser.stream.expect("name:as")
            label = parser.parse_expression()
            return [nodes.ExprStmt(label, lineno=line)] + parser.parse_statements(["name:endprofile"], drop_needle=True)
        if word.startswith("import_"):
            node = parser.parse_import()
            source = nodes.Name(node.target, "load", lineno=line)
            value = nodes.Filter(source, word.replace("import", "load"), [], [], None, None, lineno=line)
            return [node, nodes.Assign(nodes.Name(node.target, "store", lineno=line), value, lineno=line)]
        next(parser.stream)
        parser.stream.expect("name:as")
        target = parser.parse_assign_target()
        name = "_" + parser.free_identifier().name
        body = parser.parse_statements(["name:endload"], drop_needle=True)
        call = nodes.Call(nodes.Name(name, "load", lineno=line), [], [], None, None, lineno=line)
        value = nodes.Filter(call, word, [], [], None, None, lineno=line)
        return [nodes.Macro(name, [], [], body, lineno=line), nodes.Assign(target, value, lineno=line)]


def unique(values):
    if isinstance(values, Hashable):
        return set(values)
    return functools.reduce(lambda seen, item: seen if item in seen else seen + [item], values, [])


def by_sets(on_sets, on_lists):
    """Salt works with sets where both values are hashable, else with lists."""
    return lambda a, b: (
        on_sets(set(a), set(b)) if isinstance(a, Hashable) and isinstance(b, Hashable) else unique(on_lists(a, b))
    )


union = by_sets(operator.or_, lambda a, b: a + b)
intersect = by_sets(operator.and_, lambda a, b: [item for item in a if item in b])


def lst_min(obj):
    return min(obj)


def lst_max(obj):
    return max(obj)


def to_bool(value):
    if isinstance(value, str):
        return value.lower() in ("yes", "1", "true")
    if value is None or isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return value > 0
    return len(value) > 0 if isinstance(value, (list, dict, set)) else False


def regex_flags(ignorecase, multiline):
    return (re.I if ignorecase else 0) | (re.M if multiline else 0)


def emit(text, quote):
    import io

    stream = io.StringIO()
    emitter = yaml.emitter.Emitter(stream, width=sys.maxsize)
    (emitter.write_double_quoted if quote == '"' else emitter.write_single_quoted)(str(text))
    return stream.getvalue()


def yaml_encode(value):
    node = yaml.representer.SafeRepresenter().represent_data(value)
    if not isinstance(node, yaml.ScalarNode):
        raise TypeError("yaml_encode() only works with YAML scalar data; failed for %s" % type(value))
    return emit(node.value, '"') if node.tag.endswith(":str") else node.value


def groups(match):
    return match.groups() if match else None


FILTERS = {
    "yaml": lambda value, flow_style=True: Markup(to_yaml(value, flow_style)),
    "json": lambda value, sort_keys=True, indent=None: Markup(
        json.dumps(value, sort_keys=sort_keys, indent=indent, ensure_ascii=False).strip()
    ),
    "python": lambda value: Markup(pprint.pformat(value).strip()),
    "load_yaml": load_yaml,
    "load_json": load_json,
    "load_text": lambda value: str(value) if isinstance(value, TemplateModule) else value,
    "yaml_dquote": lambda text: emit(text, '"'),
    "yaml_squote": lambda text: emit(text, "'"),
    "yaml_encode": yaml_encode,
    "dict_to_sls_yaml_params": lambda value, flow_style=False: Markup(to_yaml([{k: v} for k, v in value.items()], flow_style)),
    "traverse": traverse,
    "to_bool": to_bool,
    "unique": unique,
    "union": union,
    "intersect": intersect,
    "difference": by_sets(operator.sub, lambda a, b: [item for item in a if item not in b]),
    "symmetric_difference": by_sets(
        operator.xor, lambda a, b: [item for item in union(a, b) if item not in intersect(a, b)]
    ),
    "sequence": lambda value: value if isinstance(value, (list, tuple, set, dict)) else [value],
    "is_list": lambda value: isinstance(value, list),
    "quote": shlex.quote,
    "skip": lambda value: "",
    "avg": lambda values: float(values if isinstance(values, Hashable) else sum(values) / len(values)),
    "min": lst_min,
    "max": lst_max,
    "regex_escape": re.escape,
    "regex_search": lambda text, rgx, ignorecase=False, multiline=False: groups(
        re.search(rgx, text, regex_flags(ignorecase, multiline))
    ),
    "regex_match": lambda text, rgx, ignorecase=False, multiline=False: groups(
        re.match(rgx, text, regex_flags(ignorecase, multiline))
    ),
    "regex_replace": lambda text, rgx, val, ignorecase=False, multiline=False: re.sub(
        rgx, val, text, flags=regex_flags(ignorecase, multiline)
    ),
}


class FileLoader(jinja2.BaseLoader):
    """Salt's SaltCacheLoader: what is asked for by a relative path counts from the tpldir of that moment, and keeps it."""

    def __init__(self, files):
        self.files = files

    def get_source(self, environment, template):
        is_relative = template.split("/", 1)[0] in ("..", ".")
        path, directory = template, os.path.dirname(template)
        if is_relative:
            path = os.path.normpath("/".join((environment.globals["tpldir"], template)))
            if path.split("/", 1)[0] == "..":
                raise jinja2.TemplateNotFound(template)
            directory = environment.globals["tpldir"]
        place = {"tplfile": template, "tpldir": directory or ".", "tpldot": directory.replace("/", ".")}
        environment.globals.update(place)
        if path not in self.files:
            raise jinja2.TemplateNotFound(template)
        return self.files[path], path, lambda: True


def make_environment(files):
    environment = SandboxedEnvironment(
        loader=FileLoader(files),
        undefined=jinja2.StrictUndefined,
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", SaltTags],
        finalize=printable,
    )
    environment.filters.update(FILTERS)
    environment.tests.update(
        match=lambda text, rgx, ignorecase=False, multiline=False: bool(
            re.match(rgx, text, regex_flags(ignorecase, multiline))
        ),
        equalto=lambda value, other: value == other,
        list=lambda value: isinstance(value, list),
    )
    environment.globals["odict"] = OrderedDict

    def jinja_raise(msg):
        raise jinja2.TemplateRuntimeError(msg)

    jinja_raise.__qualname__ = "jinja_raise"
    environment.globals["raise"] = jinja_raise
    return environment


def names(sls, path):
    # Without the name of an SLS, Salt does not know where below the roots a file is.
    file = path if sls else os.path.basename(path)
    slspath = os.path.dirname(file)
    return {
        "sls": sls,
        "slspath": slspath,
        "sls_path": slspath.replace("/", "_"),
        "slsdotpath": slspath.replace("/", "."),
        "slscolonpath": slspath.replace("/", ":"),
        "tplroot": file.split("/")[0] if slspath else ".",
        "tpldir": slspath or ".",
        "tpldot": slspath.replace("/", "."),
        "tplfile": file,
        "tplpath": path,
    }


@functools.lru_cache
def parsed(text):
    return yaml.load(text, Loader=Loader)


def render(request):
    grains, pillar = request["grains"], copy.deepcopy(parsed(request["pillar"]))
    environment = make_environment(request["files"])
    context = dict(
        names(request["sls"], request["path"]),
        salt=AliasedLoader(functions(grains, pillar)),
        grains=grains,
        pillar=pillar,
        opts={"test": False, "id": "minion1"},
        saltenv="base",
        env="base",
    )
    context.update(copy.deepcopy(parsed(request.get("variables", "{}"))))
    context["salt"]["cmd.run"] = context["salt"]["cmd.shell"]
    environment.globals.update(context)
    text = request["files"][request["path"]]
    try:
        template = environment.get_template(request["path"])
        output = template.render(**context)
    except Exception as error:  # every error is an answer
        return {"error": type(error).__name__, "message": str(error)}
    return {"text": output + "\n" if text.endswith("\n") else output}


json.dump([render(request) for request in json.load(sys.stdin)], sys.stdout)
