/*
 * What a constrained minion knows of the protocol: C99, no memory but what the caller gives, nothing of the network.
 *
 * A job is one line of compact JSON, a TAB and `h.` with the first 16 bytes of HMAC-SHA-256 in base64url, over
 * "salt-job-v1", NUL, the minion's id, NUL and the JSON. brine_take judges one, runs it and writes its return.
 */
#ifndef BRINE_H
#define BRINE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An AVR copies constants to its RAM unless they are read from flash by its own instructions. */
#ifdef __AVR__
#include <avr/pgmspace.h>
#define BRINE_FLASH PROGMEM
#define brine_word(at) pgm_read_dword(at)
#define brine_char(at) ((char)pgm_read_byte(at))
#else
#define BRINE_FLASH
#define brine_word(at) (*(at))
#define brine_char(at) (*(at))
#endif

#define BRINE_JID 20
#define BRINE_REMEMBERED 16

/* The jids that were run, as pairs of decimal digits; it must outlive a restart. */
struct brine_ledger {
  uint8_t next;
  uint8_t jids[BRINE_REMEMBERED][BRINE_JID / 2];
};

/* Writes a JSON value and returns 0, or another return code. `arg` is the JSON between the brackets of "arg". */
typedef int (*brine_run)(const char *arg, char *value, size_t size);

struct brine_function {
  const char *name;
  brine_run run;
};

struct brine_minion {
  const char *id;
  uint8_t key[16];
  const struct brine_function *functions; /* The last one has no name. */
  struct brine_ledger ledger;
  void (*save)(const struct brine_ledger *ledger); /* Before the job runs. */
  char last_jid[BRINE_JID + 1]; /* Of the return that is still in the caller's buffer. */
};

/* SHA-256 (FIPS 180-4), one block of 64 bytes at a time. */
struct brine_sha {
  uint32_t state[8];
  uint8_t block[64];
  uint32_t length;
};

static uint32_t brine_rotate(uint32_t word, int bits) { return word >> bits | word << (32 - bits); }

static void brine_sha_block(struct brine_sha *sha) {
  static const uint32_t k[64] BRINE_FLASH = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  uint32_t w[16], s[8]; /* Of the 64 words of the schedule, the last 16. */
  int i;
  memcpy(s, sha->state, sizeof s);
  for (i = 0; i < 64; i++) {
    uint32_t one;
    if (i < 16)
      w[i] = (uint32_t)sha->block[4 * i] << 24 | (uint32_t)sha->block[4 * i + 1] << 16 |
             (uint32_t)sha->block[4 * i + 2] << 8 | sha->block[4 * i + 3];
    else {
      uint32_t a = w[(i + 1) % 16], b = w[(i + 14) % 16];
      w[i % 16] += w[(i + 9) % 16] + (brine_rotate(a, 7) ^ brine_rotate(a, 18) ^ a >> 3) +
                   (brine_rotate(b, 17) ^ brine_rotate(b, 19) ^ b >> 10);
    }
    one = s[7] + (brine_rotate(s[4], 6) ^ brine_rotate(s[4], 11) ^ brine_rotate(s[4], 25)) +
          ((s[4] & s[5]) ^ (~s[4] & s[6])) + brine_word(&k[i]) + w[i % 16];
    uint32_t two = (brine_rotate(s[0], 2) ^ brine_rotate(s[0], 13) ^ brine_rotate(s[0], 22)) +
                   ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += one;
    s[0] = one + two;
  }
  for (i = 0; i < 8; i++) sha->state[i] += s[i];
}

static void brine_sha_start(struct brine_sha *sha) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(sha->state, start, sizeof start);
  sha->length = 0;
}

static void brine_sha_add(struct brine_sha *sha, const void *data, size_t length) {
  const uint8_t *bytes = (const uint8_t *)data;
  while (length-- > 0) {
    sha->block[sha->length++ % 64] = *bytes++;
    if (sha->length % 64 == 0) brine_sha_block(sha);
  }
}

static void brine_sha_end(struct brine_sha *sha, uint8_t digest[32]) {
  uint32_t bits = sha->length * 8;
  uint8_t size[8] = {0, 0, 0, 0, (uint8_t)(bits >> 24), (uint8_t)(bits >> 16), (uint8_t)(bits >> 8), (uint8_t)bits};
  uint8_t padding = 0x80;
  int i;
  do {
    brine_sha_add(sha, &padding, 1);
    padding = 0;
  } while (sha->length % 64 != 56);
  brine_sha_add(sha, size, sizeof size);
  for (i = 0; i < 32; i++) digest[i] = (uint8_t)(sha->state[i / 4] >> (24 - 8 * (i % 4)));
}

static void brine_pad(struct brine_sha *sha, const uint8_t key[16], uint8_t with) {
  uint8_t byte;
  int i;
  brine_sha_start(sha);
  for (i = 0; i < 64; i++) {
    byte = (uint8_t)((i < 16 ? key[i] : 0) ^ with);
    brine_sha_add(sha, &byte, 1);
  }
}

/* HMAC-SHA-256 (RFC 2104) over what is signed of a job. */
static void brine_mac(const struct brine_minion *minion, const char *json, size_t length, uint8_t mac[32]) {
  struct brine_sha sha;
  brine_pad(&sha, minion->key, 0x36);
  brine_sha_add(&sha, "salt-job-v1", 12);
  brine_sha_add(&sha, minion->id, strlen(minion->id) + 1);
  brine_sha_add(&sha, json, length);
  brine_sha_end(&sha, mac);
  brine_pad(&sha, minion->key, 0x5c);
  brine_sha_add(&sha, mac, 32);
  brine_sha_end(&sha, mac);
}

/* base64url (RFC 4648) of 16 bytes: 22 characters. */
static void brine_base64url(const uint8_t bytes[16], char text[23]) {
  static const char digits[] BRINE_FLASH =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  int i, bit;
  for (i = 0; i < 22; i++) {
    int value = 0;
    for (bit = 6 * i; bit < 6 * i + 6; bit++) value = value << 1 | (bit < 128 ? bytes[bit / 8] >> (7 - bit % 8) & 1 : 0);
    text[i] = brine_char(&digits[value]);
  }
  text[22] = 0;
}

/* 32 hex digits, as `salt-key --add-constrained` prints them; 0 when they are none. */
static int brine_key(struct brine_minion *minion, const char *hex) {
  int i;
  for (i = 0; i < 16; i++) {
    char pair[3] = {0, 0, 0}, *end;
    if (hex[2 * i] == 0 || hex[2 * i + 1] == 0) return 0;
    memcpy(pair, hex + 2 * i, 2);
    minion->key[i] = (uint8_t)strtoul(pair, &end, 16);
    if (*end != 0) return 0;
  }
  return hex[32] == 0;
}

/* What follows `"name":`, for members that hold no text of strangers before them: jid and fun come first. */
static const char *brine_member(const char *json, const char *name) {
  const char *at = strstr(json, name);
  return at == NULL ? NULL : at + strlen(name);
}

static int brine_has_run(struct brine_ledger *ledger, const char *jid) {
  uint8_t packed[BRINE_JID / 2];
  int i;
  for (i = 0; i < BRINE_JID / 2; i++) packed[i] = (uint8_t)((jid[2 * i] - '0') << 4 | (jid[2 * i + 1] - '0'));
  for (i = 0; i < BRINE_REMEMBERED; i++)
    if (memcmp(ledger->jids[i], packed, sizeof packed) == 0) return 1;
  memcpy(ledger->jids[ledger->next], packed, sizeof packed);
  ledger->next = (uint8_t)((ledger->next + 1) % BRINE_REMEMBERED);
  return 0;
}

static int brine_is_signed(const struct brine_minion *minion, const char *line, size_t length) {
  uint8_t mac[32];
  char text[23], difference = 0;
  int i;
  brine_mac(minion, line, length, mac);
  brine_base64url(mac, text);
  if (strncmp(line + length, "\th.", 3) != 0 || strlen(line + length) != 25) return 0;
  for (i = 0; i < 22; i++) difference |= (char)(text[i] ^ line[length + 3 + i]);
  return difference == 0;
}

static int brine_call(const struct brine_minion *minion, const char *json, const char *fun, char *value, size_t size) {
  const struct brine_function *function;
  const char *arg = brine_member(json, "\"arg\":[");
  size_t length = strcspn(fun, "\"");
  for (function = minion->functions; function->name != NULL; function++)
    if (strlen(function->name) == length && memcmp(function->name, fun, length) == 0)
      return function->run(arg == NULL ? "" : arg, value, size);
  snprintf(value, size, "\"'%.*s' is not available.\"", (int)length, fun);
  return 127;
}

/*
 * Judges the job in `line`, which ends with NUL and is changed, and runs it. Writes its return to `out`, and its jid to
 * last_jid: publish it to salt/ret/<jid>. Returns 0 when there is nothing to say. `now`: seconds since 1970, 0 for a
 * device that does not know them, which then runs nothing.
 */
static int brine_take(struct brine_minion *minion, char *line, uint32_t now, char *out, size_t size) {
  char value[96] = "null";
  const char *jid, *fun, *exp, *ended = "";
  size_t length = strcspn(line, "\t");
  int retcode = 1;
  if (!brine_is_signed(minion, line, length)) return 0;
  line[length] = 0;
  jid = brine_member(line, "\"jid\":\"");
  fun = brine_member(line, "\"fun\":\"");
  exp = brine_member(line, "\"exp\":");
  if (jid == NULL || fun == NULL || exp == NULL || strspn(jid, "0123456789") != BRINE_JID) return 0;
  if (brine_has_run(&minion->ledger, jid)) {
    if (memcmp(minion->last_jid, jid, BRINE_JID) == 0) return 1; /* Its return is in `out` still. */
    ended = ",\"ended\":\"interrupted\"";
  } else {
    minion->save(&minion->ledger);
    if (strtoul(exp, NULL, 10) <= now || now == 0) {
      retcode = 124;
      ended = ",\"ended\":\"expired\"";
    } else
      retcode = brine_call(minion, line, fun, value, sizeof value);
  }
  memcpy(minion->last_jid, jid, BRINE_JID);
  minion->last_jid[BRINE_JID] = 0;
  snprintf(out, size, "{\"id\":\"%s\",\"return\":%s,\"retcode\":%d%s}", minion->id, value, retcode, ended);
  return 1;
}

#endif
