#!/usr/bin/env python3
"""A minion of Python and paho-mqtt: it checks jobs, stops those that are cancelled and pulls those that do not fit.

From the environment: SALT_HOST, SALT_PORT, SALT_ID, SALT_PASSWORD and SALT_HMAC_KEY, as `salt-key --add-constrained
ID --blocks` prints them, SALT_MAX_PACKET, and SALT_STATE, a folder that outlives a restart.
"""

import base64
import hashlib
import hmac
import json
import os
import queue
import threading
import time

import paho.mqtt.client as mqtt

ID = os.environ["SALT_ID"]
KEY = bytes.fromhex(os.environ["SALT_HMAC_KEY"])
BLOCK = int(os.environ.get("SALT_MAX_PACKET", "256")) - len(ID) - 48
STATE = os.path.join(os.environ["SALT_STATE"], "jobs")
KEEP_SECONDS = 7 * 86400


class Cancelled(Exception):
    """The master wants the job to end."""


class Minion:
    def __init__(self):
        os.makedirs(STATE, mode=0o700, exist_ok=True)
        self.jobs = queue.Queue()
        self.blocks = queue.Queue()
        self.cancelled = set()
        self.client = mqtt.Client(client_id=ID)
        self.client.username_pw_set(ID, os.environ["SALT_PASSWORD"])
        self.client.reconnect_delay_set(1, 60)
        self.client.on_connect = lambda client, *_: client.subscribe("salt/job/%s/#" % ID, qos=1)
        self.client.on_message = self.received
        self.functions = {
            "test.ping": lambda jid: True,
            "test.echo": lambda jid, text: text,
            "test.count": lambda jid: len(os.listdir(STATE)),
            "test.sleep": self.sleep,
            "status.loadavg": lambda jid: list(os.getloadavg()),
        }

    def received(self, _client, _data, message):
        level = message.topic.split("/")[3:]
        if message.retain:
            return
        if level[:1] == ["blk"]:
            self.blocks.put((level[1], int(level[2]), message.payload))
        elif level == ["ctl"]:
            order = self.opened(message.payload, b"ctl")
            if order is not None and order["op"] == "cancel" and order["exp"] > time.time():
                self.cancelled.add(order["jid"])
        elif not level:
            self.take(message.payload)

    def opened(self, line, word):
        """What the master signed for this minion as that; None for anything else."""
        payload, _, envelope = line.partition(b"\t")
        signed = b"salt-" + word + b"-v1\0" + ID.encode() + b"\0" + payload
        digest = hmac.new(KEY, signed, hashlib.sha256).digest()[:16]
        expected = b"h." + base64.urlsafe_b64encode(digest).rstrip(b"=")
        return json.loads(payload) if hmac.compare_digest(envelope, expected) else None

    def sleep(self, jid, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if jid in self.cancelled:
                raise Cancelled()
            time.sleep(0.02)
        return True

    def pull(self, ref):
        """The arguments of a job that did not fit, by hash. What does not come is asked for again, by bitmap."""
        count = -(-ref["z"] // BLOCK)
        got = {}
        for attempt in range(10):
            missing = [n for n in range(count) if n not in got]
            if not missing:
                break
            first = missing[0]
            wanted = [n for n in missing if n < first + 4]
            bits = sum(8 >> (n - first) for n in wanted)
            question = {"c": "b%d" % attempt, "f": ref["f"], "l": BLOCK, "o": first, "n": 4, "b": "%x" % bits}
            self.client.publish("salt/req/%s/blk" % ID, json.dumps(question), qos=1)
            try:
                while any(n not in got for n in wanted):
                    name, number, piece = self.blocks.get(timeout=2)
                    if name == ref["f"]:
                        got[number] = piece
            except queue.Empty:
                pass
        body = b"".join(got[n] for n in sorted(got))
        digest = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).rstrip(b"=").decode()
        if digest != ref["h"]:
            raise ValueError("the arguments did not arrive whole")
        return json.loads(body)

    def answer(self, jid, value, retcode=0, **more):
        payload = json.dumps({"id": ID, "return": value, "retcode": retcode, **more})
        with open(os.path.join(STATE, jid), "w") as file:
            file.write(payload)
        self.client.publish("salt/ret/" + jid, payload, qos=1)

    def run(self, job):
        jid, function = job["jid"], self.functions.get(job["fun"])
        if job["exp"] <= time.time():
            return self.answer(jid, None, 124, ended="expired")
        if function is None:
            return self.answer(jid, "'%s' is not available." % job["fun"], 127)
        running = threading.Timer(0.1, self.client.publish, ["salt/ack/%s/%s" % (jid, ID), '{"st":"run"}', 1])
        running.start()
        try:
            given = self.pull(job["ref"]) if "ref" in job else job
            return self.answer(jid, function(jid, *given.get("arg", []), **given.get("kwarg", {})))
        except Cancelled:
            return self.answer(jid, None, 130, ended="cancelled")
        except Exception as error:  # Whatever it is, the operator shall read it.
            return self.answer(jid, "ERROR: %s" % error, 1)
        finally:
            running.cancel()

    def take(self, line):
        """Called before paho acknowledges: a job is noted down, then acknowledged, then run."""
        job = self.opened(line, b"job")
        if job is None:
            return
        path = os.path.join(STATE, job["jid"])
        if os.path.exists(path):
            with open(path) as file:
                self.client.publish("salt/ret/" + job["jid"], file.read(), qos=1)
            return
        with open(path, "x") as file:
            os.fsync(file.fileno())
        self.jobs.put(job)

    def tidy(self):
        """A job that a restart interrupted has an empty file; old ones cannot come again."""
        for jid in os.listdir(STATE):
            path = os.path.join(STATE, jid)
            if os.path.getsize(path) == 0:
                self.answer(jid, None, 1, ended="interrupted")
            elif os.path.getmtime(path) < time.time() - KEEP_SECONDS:
                os.remove(path)

    def start(self):
        self.tidy()
        self.client.connect(os.environ["SALT_HOST"], int(os.environ["SALT_PORT"]), keepalive=60)
        self.client.loop_start()
        while True:
            self.run(self.jobs.get())


if __name__ == "__main__":
    Minion().start()
