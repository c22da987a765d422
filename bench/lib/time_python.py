"""Times Jinja2 and PyYAML by their processor time, within Python: a JSON request a line on stdin, a JSON answer a line on stdout.

{"source": template, "context": {…}}  ->  {"text": output}: to be timed from now on
{"do": "compile" | "render" | "load", "times": n}  ->  {"ms": processor time that one of n takes}
"""

import json
import sys
import time

import yaml
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

# As Salt sets it up; auto_reload and caches play no part for from_string.
environment = SandboxedEnvironment(undefined=StrictUndefined, extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
# Salt takes libyaml's loader where there is one.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
source = context = template = text = None


def run(what):
    if what == "compile":
        environment.from_string(source)
    elif what == "render":
        template.render(context)
    else:
        yaml.load(text, Loader=Loader)


for line in sys.stdin:
    request = json.loads(line)
    if "source" in request:
        source, context = request["source"], request["context"]
        template = environment.from_string(source)
        text = template.render(context)
        answer = {"text": text}
    else:
        begin = time.process_time()
        for _ in range(request["times"]):
            run(request["do"])
        answer = {"ms": (time.process_time() - begin) * 1000 / request["times"]}
    print(json.dumps(answer), flush=True)
