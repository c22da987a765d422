/*
 * A minion of an Arduino with Ethernet and PubSubClient 2.8, whose packets are 256 bytes. Put what
 * `salt-key --add-constrained ID --as c` prints into secrets.h.
 */
#include <EEPROM.h>
#include <Ethernet.h>
#include <PubSubClient.h>

#include "brine.h"
#include "secrets.h"

static EthernetClient ethernet;
static PubSubClient client(ethernet);
static struct brine_minion minion;
static uint8_t mac[] = {0x02, 0, 0, 0, 0, 1};

/* PubSubClient has one buffer: whoever publishes in its callback destroys what it was given. */
static char line[256];
static char answer[200];
static bool has_line = false;

/* The master's time when it was told, and how long ago that was. */
static uint32_t told_time = 0, told_ms = 0;

static int ping(const char *, char *value, size_t size) { return snprintf(value, size, "true") < 0; }

static int led(const char *arg, char *value, size_t size) {
  digitalWrite(LED_BUILTIN, strncmp(arg, "true", 4) == 0 ? HIGH : LOW);
  snprintf(value, size, "true");
  return 0;
}

static int sensor(const char *, char *value, size_t size) { return snprintf(value, size, "%d", analogRead(A0)) < 0; }

static const struct brine_function functions[] = {
    {"test.ping", ping}, {"led.set", led}, {"sensor.read", sensor}, {NULL, NULL}};

static void save(const struct brine_ledger *ledger) { EEPROM.put(0, *ledger); }

static uint32_t now() { return told_time == 0 ? 0 : told_time + (millis() - told_ms) / 1000; }

static void received(char *topic, uint8_t *payload, unsigned int length) {
  if (length >= sizeof line) return;
  memcpy(line, payload, length);
  line[length] = 0;
  if (strstr(topic, "/rsp/") != NULL) {
    const char *value = brine_member(line, "\"value\":");
    if (value == NULL) return;
    told_time = strtoul(value, NULL, 10);
    told_ms = millis();
  } else
    has_line = true;
}

static void reconnect() {
  static char topic[80];
  /* Without a will: the master knows by itself who is there. */
  if (!client.connect(SALT_ID, SALT_USER, SALT_PASSWORD)) {
    delay(5000);
    return;
  }
  snprintf(topic, sizeof topic, "salt/job/%s/#", SALT_ID);
  client.subscribe(topic, 1);
  snprintf(topic, sizeof topic, "salt/req/%s/time", SALT_ID);
  client.publish(topic, "{\"c\":\"t\"}");
}

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  minion.id = SALT_ID;
  minion.functions = functions;
  minion.save = save;
  brine_key(&minion, SALT_HMAC_KEY);
  EEPROM.get(0, minion.ledger);
  if (minion.ledger.next >= BRINE_REMEMBERED) memset(&minion.ledger, 0, sizeof minion.ledger);
  Ethernet.begin(mac);
  client.setServer(SALT_HOST, SALT_PORT);
  client.setCallback(received);
}

void loop() {
  char topic[9 + BRINE_JID + 1];
  if (!client.connected()) reconnect();
  client.loop();
  if (!has_line) return;
  has_line = false;
  if (!brine_take(&minion, line, now(), answer, sizeof answer)) return;
  snprintf(topic, sizeof topic, "salt/ret/%s", minion.last_jid);
  client.publish(topic, answer);
}
