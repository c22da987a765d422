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

/* The master's time, and millis() at it; 0 until it was told, which a job waits for. */
static uint32_t now = 0, now_ms = 0;

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

/* Often: millis() begins anew after 49 days. */
static void count_time() {
  for (; now != 0 && millis() - now_ms >= 1000; now_ms += 1000) now++;
}

static void received(char *topic, uint8_t *payload, unsigned int length) {
  if (length == 0) return;
  if (strstr(topic, "/rsp/") != NULL) {
    static const char name[] = "\"value\":";
    char *value;
    payload[length - 1] = 0;
    value = strstr((char *)payload, name);
    if (value == NULL) return;
    now = strtoul(value + sizeof name - 1, NULL, 10);
    now_ms = millis();
  } else if (length < sizeof line) {
    memcpy(line, payload, length);
    line[length] = 0;
    has_line = true;
  }
}

static void reconnect() {
  char topic[80];
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
  count_time();
  if (!has_line || now == 0) return;
  has_line = false;
  if (!brine_take(&minion, line, now, answer, sizeof answer)) return;
  snprintf(topic, sizeof topic, "salt/ret/%s", minion.last_jid);
  client.publish(topic, answer);
}
