#!/bin/sh
# A minion of POSIX sh, mosquitto_sub, mosquitto_pub and openssl. From the environment: SALT_HOST, SALT_PORT, SALT_ID,
# SALT_PASSWORD and SALT_HMAC_KEY, as `salt-key --add-constrained` prints them, and SALT_STATE, a folder that stays.
set -u
umask 077
jobs=$SALT_STATE/jobs tab=$(printf '\t')
mkdir -p "$jobs" "$SALT_STATE/.config"
export XDG_CONFIG_HOME="$SALT_STATE/.config" # There the clients find the password, which a command line would show to all.
for tool in sub pub; do
  printf -- '-h %s\n-p %s\n-u %s\n-P %s\n' "$SALT_HOST" "$SALT_PORT" "$SALT_ID" "$SALT_PASSWORD" >"$XDG_CONFIG_HOME/mosquitto_$tool"
done

member() { printf '%s' "$job" | sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p"; }
answer() { printf '{"id":"%s","return":%s,"retcode":%d%s}' "$SALT_ID" "$1" "${2:-0}" "${3:-}" >"$jobs/$jid"; }
send() { mosquitto_pub -q 1 -t "salt/ret/$1" -f "$jobs/$1"; }
mac() {
  { printf 'salt-job-v1\0%s\0' "$SALT_ID"; printf '%s' "$job"; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$SALT_HMAC_KEY" -binary | head -c 16 | openssl base64 | tr '+/' '-_' | tr -d '='
}
run() {
  case $(member fun) in
    test.ping) answer true ;;
    test.echo) answer "$(printf '%s' "$job" | sed -n 's/.*"arg":\[\(.*\)\].*/\1/p')" ;;
    test.count) answer "$(ls "$jobs" | wc -l)" ;;
    status.uptime) answer "$(cut -d. -f1 /proc/uptime)" ;;
    *) answer "\"'$(member fun)' is not available.\"" 127 ;;
  esac
}
# An empty file is a job that a restart interrupted.
for file in $(find "$jobs" -type f -size 0); do jid=${file##*/}; answer null 1 ',"ended":"interrupted"'; send "$jid"; done
while mosquitto_sub -q 1 -i "$SALT_ID" -t "salt/job/$SALT_ID" -F '%r %p' || sleep 5; do :; done | while read -r retained line; do
  job=${line%%"$tab"*}
  [ "$retained" = 0 ] && [ "${line#*"$tab"}" = "h.$(mac)" ] || continue
  jid=$(member jid)
  [ -e "$jobs/$jid" ] || { : >"$jobs/$jid"; if [ "$(member exp)" -gt "$(date +%s)" ]; then run; else answer null 124 ',"ended":"expired"'; fi; }
  send "$jid"
  find "$jobs" -type f -mtime +7 -exec rm {} +
done
