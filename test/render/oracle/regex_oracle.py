"""Answers what Python's re makes of patterns: a JSON list of requests on stdin, a JSON list of answers on stdout.

{"pattern": …, "text": …, "template": …, "ignoreCase": bool, "multiline": bool}
    ->  {"match": groups, "search": groups, "replaced": text} or {"error": message}; a bad template leaves "replaced" out
"""

import json
import re
import sys
import warnings

warnings.simplefilter("ignore")


def groups(match):
    return match and [match.group(0), *match.groups()]


def answer(request):
    flags = (re.I if request["ignoreCase"] else 0) | (re.M if request["multiline"] else 0)
    try:
        regex = re.compile(request["pattern"], flags)
    except re.error as error:
        return {"error": str(error)}
    found = {"match": groups(regex.match(request["text"])), "search": groups(regex.search(request["text"]))}
    try:
        found["replaced"] = regex.sub(request["template"], request["text"])
    except (re.error, IndexError):
        pass
    return found


json.dump([answer(request) for request in json.load(sys.stdin)], sys.stdout)
