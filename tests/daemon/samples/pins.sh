#!/bin/sh
# Pins of the daemon from a shell: pins.sh [SOCKET]
#
# CLIENT is what connects its input and output to the socket: nc (of OpenBSD), socat or curl.
set -eu

socket=${1:-/run/regmap/regmapd.sock}
: "${CLIENT:=nc -N -U $socket}"
# CLIENT="socat -t 5 - UNIX-CONNECT:$socket"
# CLIENT="curl -sSN --unix-socket $socket telnet://regmapd"

# One connection: requests go into one pipe, replies come out of another.
pipes=$(mktemp -d)
trap 'rm -rf "$pipes"' EXIT
mkfifo "$pipes/requests" "$pipes/replies"
$CLIENT <"$pipes/requests" >"$pipes/replies" &
client=$!
exec 3>"$pipes/requests" 4<"$pipes/replies"

ask() {
    echo "$1" >&3
    IFS= read -r reply <&4
}

ask "MODE 0 OUT"
ask "WRITE 0 1"
ask "READ 0"
echo "pin 0 is ${reply#0 }"

ask "WRITE 0 2"
case $reply in
"Error "*) echo "refused: $reply" ;;
esac

# Names of registers need HELLO 2; then a line may have an @ID, and its reply has it too.
ask "HELLO 2"
ask "@a GET GPIO.GPLEV0"
echo "all pins are ${reply#@a GPIO.GPLEV0=}"

exec 3>&- 4<&-
kill "$client" 2>/dev/null || true
