"""A minion of MicroPython, with an MQTT client of its own that knows no more than it needs; CPython runs it, too.

config.json beside it holds what `salt-key --add-constrained ID --as json` prints. Jobs that were run are remembered in
jobs.txt: a restart does not run them again.
"""

import json
import os
import socket
import struct
import sys
import time

import binascii
import hashlib

REMEMBERED = 64
KEEPALIVE = 60
TIMED_OUT = (110, 11, "timed out")


def hmac(key, text):
    block = key + b"\0" * (64 - len(key))
    inner = hashlib.sha256(bytes(b ^ 0x36 for b in block) + text).digest()
    return hashlib.sha256(bytes(b ^ 0x5C for b in block) + inner).digest()


def base64url(data):
    text = binascii.b2a_base64(data).strip()
    return text.replace(b"+", b"-").replace(b"/", b"_").replace(b"=", b"")


def field(text):
    data = text.encode() if isinstance(text, str) else text
    return struct.pack("!H", len(data)) + data


class Client:
    """MQTT 3.1.1: one subscription, packets of at most `limit` bytes; larger ones are read over."""

    def __init__(self, limit):
        self.limit = limit
        self.asked = False
        self.socket = socket.socket()
        self.socket.settimeout(KEEPALIVE // 2)
        self.write = getattr(self.socket, "write", None) or self.socket.sendall

    def connect(self, host, port, name, password):
        self.socket.connect(socket.getaddrinfo(host, port)[0][-1])
        self.send(0x10, field("MQTT") + b"\4\xc2\0" + bytes([KEEPALIVE]) + field(name) + field(name) + field(password))
        head, body = self.read()
        if head != 0x20 or body[1] != 0:
            raise OSError("the master refused the login: %d" % body[1] if body else "the master is silent")

    def send(self, head, body):
        size, rest = b"", len(body)
        while True:
            size += bytes([rest & 0x7F | (0x80 if rest > 0x7F else 0)])
            rest >>= 7
            if not rest:
                break
        self.write(bytes([head]) + size + body)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise OSError("the connection ended")
            data += piece
        return data

    def read(self):
        try:
            head = self.exactly(1)[0]
        except OSError as error:
            # Silence: a ping is answered, or the connection is dead.
            if self.asked or error.args[0] not in TIMED_OUT:
                raise
            self.asked = True
            self.send(0xC0, b"")
            return 0xC0, b""
        self.asked = False
        size = shift = 0
        while True:
            byte = self.exactly(1)[0]
            size |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if size + 5 > self.limit + 3:
            while size > 0:
                size -= len(self.exactly(min(size, 64)))
            return head, b""
        return head, self.exactly(size)

    def subscribe(self, topic):
        self.send(0x82, b"\0\1" + field(topic) + b"\1")

    def publish(self, topic, text):
        self.send(0x32, field(topic) + b"\0\2" + text.encode())

    def messages(self):
        """Each message with its topic and retain flag. It is acknowledged when the next one is asked for: by then it is remembered."""
        while True:
            head, body = self.read()
            if head & 0xF0 != 0x30 or not body:
                continue
            start = 2 + struct.unpack("!H", body[:2])[0]
            number = body[start : start + 2] if head & 6 else b""
            yield body[2:start].decode(), body[start + len(number) :], head & 1
            if number:
                self.send(0x40, number)


class Minion:
    def __init__(self, folder):
        self.file = folder + "/jobs.txt"
        with open(folder + "/config.json") as file:
            self.config = json.load(file)
        self.id = self.config["id"]
        self.key = binascii.unhexlify(self.config["hmac_key"])
        self.done = {}
        self.count = 0
        # Of the master's time, seconds: ports count from 1970, from 2000 or from their start.
        self.ahead = None
        try:
            with open(self.file) as file:
                self.done = dict.fromkeys(file.read().split())
        except OSError:
            pass

    def call(self, fun, arg):
        if fun == "test.ping":
            return True, 0
        if fun == "test.echo":
            return arg[0], 0
        if fun == "test.count":
            return self.count, 0
        if fun == "sys.platform":
            return sys.platform, 0
        return "'%s' is not available." % fun, 127

    def remember(self, jid):
        """Before it runs. The oldest are forgotten: their jobs have expired."""
        self.done[jid] = None
        jids = sorted(self.done)[-REMEMBERED:]
        self.done = {one: self.done[one] for one in jids}
        with open(self.file + ".new", "w") as file:
            file.write("\n".join(jids))
        os.rename(self.file + ".new", self.file)

    def run(self, line):
        payload, _, envelope = line.partition(b"\t")
        digest = hmac(self.key, b"salt-job-v1\0" + self.id.encode() + b"\0" + payload)[:16]
        if envelope != b"h." + base64url(digest):
            return None
        job = json.loads(payload)
        jid = job["jid"]
        if jid not in self.done:
            self.remember(jid)
            if job["exp"] <= time.time() + self.ahead:
                outcome = {"return": None, "retcode": 124, "ended": "expired"}
            else:
                self.count += 1
                value, retcode = self.call(job["fun"], job.get("arg", []))
                outcome = {"return": value, "retcode": retcode}
            self.done[jid] = outcome
        # One that ran before a restart has no outcome any more.
        outcome = self.done[jid] or {"return": None, "retcode": 1, "ended": "interrupted"}
        return jid, json.dumps(dict(outcome, id=self.id))

    def answer(self, client, line):
        done = self.run(line)
        if done:
            client.publish("salt/ret/" + done[0], done[1])

    def serve(self):
        config = self.config
        client = Client(config["max_packet"])
        try:
            client.connect(config["host"], config["tcp_port"], self.id, config["password"])
            client.subscribe("salt/job/" + self.id + "/#")
            client.publish("salt/req/" + self.id + "/time", '{"c":"t"}')
            waiting = []
            for topic, line, retained in client.messages():
                if topic.endswith("/rsp/t"):
                    told = json.loads(line)
                    if "value" not in told:
                        raise OSError("the master did not tell the time")
                    self.ahead = told["value"] - time.time()
                elif not retained:
                    waiting.append(line)
                while waiting and self.ahead is not None:
                    self.answer(client, waiting.pop(0))
        finally:
            client.socket.close()


def main(folder):
    minion = Minion(folder)
    while True:
        try:
            minion.serve()
        except OSError as error:
            print("again in 2 s:", error)
        time.sleep(2)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".")
