#!/usr/bin/env bash
# Builds the firmware and brings it, the network configuration and the settings onto a board.
#
#   board-configs/flash.sh [--dry-run] [--image FILE | --config-only] BOARD PORT
#
#   BOARD          a folder of board-configs, such as ESP32_REV3
#   PORT           serial port, such as /dev/ttyUSB0
#   --dry-run      checks everything but tools and port, prints the commands with secrets masked, and runs nothing
#   --image FILE   flashes this deployment image instead of building one
#   --config-only  leaves the firmware; writes network configuration and settings only
#
# Secrets: NANOSYNC_SERVER, NANOSYNC_TOKEN or NANOSYNC_CLAIM (a code), NANOSYNC_WIFI_SSID, NANOSYNC_WIFI_PASSWORD, NANOSYNC_CA;
# from the environment, else from the file that NANOSYNC_DEVICE names (one that `device enrol --out` wrote for this board), else
# from board-configs/secrets.env (see secrets.env.example; NANOSYNC_SECRETS names another file).
#
# Exit code: 0 done; 64 wrong usage, unknown board, no port; 66 a file is missing; 69 a tool is missing; 70 the build or
# nanoff failed; 78 a secret is missing or malformed. With 64, 66, 69 and 78 nothing was touched.
#
# flash.ps1 is the same for Windows.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")

fail() { # code, message
  echo "flash.sh: $2" >&2
  exit "$1"
}

usage() {
  fail 64 "$1
usage: flash.sh [--dry-run] [--image FILE | --config-only] BOARD PORT"
}

# ---- arguments ----
dry_run=0
image=
config_only=0
words=()
while [ $# -gt 0 ]; do
  case $1 in
    --dry-run) dry_run=1 ;;
    --config-only) config_only=1 ;;
    --image)
      [ $# -gt 1 ] || usage "--image needs a file"
      image=$2
      shift
      ;;
    -*) usage "there is no option $1" ;;
    *) words+=("$1") ;;
  esac
  shift
done

boards=$(cd "$here" && printf '%s ' */board.json | sed 's|/board.json||g')
[ ${#words[@]} -ge 1 ] || usage "which board? There are: $boards"
board=${words[0]}
case $board in *[!A-Za-z0-9_]*) usage "there is no board $board. There are: $boards" ;; esac
[ -f "$here/$board/board.json" ] || usage "there is no board $board. There are: $boards"
[ "$board" != virtual ] || fail 64 "the virtual board needs no flashing: dotnet run --project Device/Virtual"
[ ${#words[@]} -ge 2 ] || usage "which port? Such as /dev/ttyUSB0"
[ ${#words[@]} -eq 2 ] || usage "too many arguments"
port=${words[1]}
case $port in *[!A-Za-z0-9/._:-]*) usage "port $port has characters that no port has" ;; esac
[ -z "$image" ] || [ $config_only = 0 ] || usage "--image and --config-only exclude each other"
[ -z "$image" ] || [ -f "$image" ] || fail 66 "there is no image $image"
if [ $dry_run = 0 ] && [ ! -e "$port" ]; then
  case $port in COM[0-9]*) ;; *) fail 64 "there is no port $port: is the board plugged in?" ;; esac
fi

value_of() { # key of board.json; one key per line, which a test makes sure of
  sed -n "s/^ *\"$1\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$here/$board/board.json" | head -n 1
}
target=$(value_of target)
address=$(value_of deployAddress)
network=$(value_of network)

# ---- secrets ----
secrets=${NANOSYNC_SECRETS:-$here/secrets.env}
[ -z "${NANOSYNC_SECRETS:-}" ] || [ -f "$secrets" ] || fail 66 "there is no file $secrets (NANOSYNC_SECRETS)"
device=${NANOSYNC_DEVICE:-}
[ -z "$device" ] || [ -f "$device" ] || fail 66 "there is no file $device (NANOSYNC_DEVICE)"

in_file() { # name, file
  local name=$1 line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    if [ "${line%%=*}" = "$name" ] && [ "$line" != "$name" ]; then
      printf '%s' "${line#*=}"
      return
    fi
  done <"$2"
}

secret() { # name: the environment's, else that of the device's file, else that of the secrets
  local name=$1 value=
  value=${!name:-}
  [ -n "$value" ] || [ -z "$device" ] || value=$(in_file "$name" "$device")
  [ -n "$value" ] || [ ! -f "$secrets" ] || value=$(in_file "$name" "$secrets")
  printf '%s' "$value"
}

server=$(secret NANOSYNC_SERVER)
# a token or a code, from the first place that has either
token=${NANOSYNC_TOKEN:-}
claim=${NANOSYNC_CLAIM:-}
for file in "$device" "$secrets"; do
  if [ -z "$token$claim" ] && [ -f "$file" ]; then
    token=$(in_file NANOSYNC_TOKEN "$file")
    claim=$(in_file NANOSYNC_CLAIM "$file")
  fi
done
ssid=$(secret NANOSYNC_WIFI_SSID)
password=$(secret NANOSYNC_WIFI_PASSWORD)
authority=$(secret NANOSYNC_CA)

missing=
[ -n "$server" ] || missing="$missing NANOSYNC_SERVER"
[ -n "$token$claim" ] || missing="$missing NANOSYNC_TOKEN"
if [ "$network" = wifi ]; then
  [ -n "$ssid" ] || missing="$missing NANOSYNC_WIFI_SSID"
  [ -n "$password" ] || missing="$missing NANOSYNC_WIFI_PASSWORD"
fi
case $server in https://*) [ -n "$authority" ] || missing="$missing NANOSYNC_CA" ;; esac
[ -z "$missing" ] || fail 78 "missing:$missing. Set them in the environment or in board-configs/secrets.env"

case $server in
  http://?* | https://?*) ;;
  *) fail 78 "NANOSYNC_SERVER begins with http:// or https://" ;;
esac
LC_ALL=C
case $server in *[!!-~]*) fail 78 "NANOSYNC_SERVER: plain ASCII without spaces" ;; esac
case $token in *[!!-~]*) fail 78 "NANOSYNC_TOKEN: plain ASCII without spaces" ;; esac
case $claim in *[!!-~]*) fail 78 "NANOSYNC_CLAIM: plain ASCII without spaces" ;; esac
[ -z "$token" ] || [ -z "$claim" ] || fail 78 "NANOSYNC_TOKEN and NANOSYNC_CLAIM: one of them"
key=token
[ -n "$token" ] || key=claim
case $ssid$password in *[[:cntrl:]]*) fail 78 "NANOSYNC_WIFI_SSID and NANOSYNC_WIFI_PASSWORD: no control characters" ;; esac
[ ${#ssid} -le 32 ] || fail 78 "NANOSYNC_WIFI_SSID: at most 32 bytes"
[ ${#password} -le 63 ] || fail 78 "NANOSYNC_WIFI_PASSWORD: at most 63 bytes"
case $server in
  https://*)
    [ -f "$authority" ] || fail 66 "there is no certificate $authority (NANOSYNC_CA)"
    grep -q 'BEGIN CERTIFICATE' "$authority" || fail 78 "$authority (NANOSYNC_CA) is no certificate in PEM"
    authority=$(cd "$(dirname "$authority")" && pwd)/$(basename "$authority")
    ;;
  *) authority= ;;
esac

# ---- tools ----
build=0
[ $config_only = 1 ] || [ -n "$image" ] || build=1
tools=
command -v nanoff >/dev/null || tools="$tools nanoff (dotnet tool install -g nanoff)"
if [ $build = 1 ]; then
  command -v nuget >/dev/null || tools="$tools nuget"
  command -v msbuild >/dev/null || tools="$tools msbuild (with nanoFramework's project system; or give --image)"
fi
if [ -n "$tools" ]; then
  if [ $dry_run = 1 ]; then
    echo "flash.sh: missing here:$tools" >&2
  else
    fail 69 "missing:$tools"
  fi
fi

# ---- commands ----
run() {
  if [ $dry_run = 1 ]; then
    printf '%s\n' "$*"
    return
  fi

  echo "+ $*"
  "$@" || fail 70 "failed: $1"
}

# nanoff says what went wrong with a file or a certificate and ends with 0 all the same.
run_nanoff() {
  if [ $dry_run = 1 ]; then
    printf '%s\n' "nanoff $*"
    return
  fi

  echo "+ nanoff $*"
  nanoff "$@" 2>&1 | tee "$work/nanoff.log" || fail 70 "nanoff failed"
  ! grep -qiE '^ *(Error|Exception|Cannot) |Error deploying' "$work/nanoff.log" || fail 70 "nanoff reported an error, see above"
}

json() { # a value as the inside of a JSON string
  local text=$1
  text=${text//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

fill() { # template, target
  local text
  text=$(cat "$1")
  [ -n "$authority" ] || text=$(printf '%s\n' "$text" | grep -v '@CA_CERTIFICATE@' || true)
  text=${text//@PORT@/"$(json "$port")"}
  text=${text//@CA_CERTIFICATE@/"$(json "$authority")"}
  text=${text//@SETTINGS@/"$(json "$work/settings.txt")"}
  # what people choose goes in last: nothing in it is taken for a placeholder
  case $1 in
    */settings.txt)
      local first=${text%%@TOKEN@*} last=${text#*@TOKEN@}
      first=${first/@SERVER@/"$server"}
      [ $key = token ] || first=${first%token = }"claim = "
      text=$first$token$claim$last
      ;;
    */network.json)
      if [ "$network" = wifi ]; then
        local before=${text%%@WIFI_PASSWORD@*} after=${text#*@WIFI_PASSWORD@}
        before=${before/@WIFI_SSID@/"$(json "$ssid")"}
        text=$before$(json "$password")$after
      fi
      ;;
  esac
  printf '%s\n' "$text" >"$2"
}

umask 077
if [ $dry_run = 1 ]; then
  work=TEMPORARY
else
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
fi

if [ $build = 1 ]; then
  image=$root/Device/Firmware/bin/nano/Release/NanoSync.Firmware.bin
  system=()
  [ -z "${NANOFRAMEWORK_PROJECT_SYSTEM:-}" ] || system=("-p:NanoFrameworkProjectSystemPath=${NANOFRAMEWORK_PROJECT_SYSTEM%/}/")
  run nuget restore "$root/Device/Firmware/packages.config" -PackagesDirectory "$root/packages"
  run msbuild "$root/Device/Firmware/NanoSync.Firmware.nfproj" -p:Configuration=Release ${system[@]+"${system[@]}"}
  [ $dry_run = 1 ] || [ -f "$image" ] || fail 70 "the build made no $image: is nanoFramework's project system installed?"
fi

if [ $dry_run = 1 ]; then
  echo "# $work/settings.txt: server = $server, $key = ***"
  if [ "$network" = wifi ]; then
    echo "# $work/network.json: Ssid $ssid, Password ***${authority:+, CACertificatesPath $authority}"
  else
    echo "# $work/network.json: Ethernet${authority:+, CACertificatesPath $authority}"
  fi
else
  fill "$here/$board/settings.txt" "$work/settings.txt"
  fill "$here/$board/network.json" "$work/network.json"
  fill "$here/$board/files.json" "$work/files.json"
fi

if [ $config_only = 0 ]; then
  run_nanoff --update --target "$target" --serialport "$port" --deploy --image "$image" --address "$address"
fi
run_nanoff --serialport "$port" --networkdeployment "$work/network.json"
run_nanoff --serialport "$port" --filedeployment "$work/files.json"
[ $dry_run = 1 ] || echo "$board on $port is ready. Restart it: the lamp stays on for a moment, then blinks slowly while it connects."
