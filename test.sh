#!/usr/bin/env bash
# Passes all tests. Installs what they need (Debian packages) where it is missing; the .NET SDK must be there.
#
#   ./test.sh                      everything
#   ./test.sh --quick              the rules of codec, store, engine and server, and the gate: the inner loop
#   ./test.sh ServerTests ...      these projects of Tests/
#
# At the end stand the seconds of each project and the slowest tests. The last line is "N passed, N failed"; the exit
# code is 0 only when something passed, nothing failed and nothing was skipped.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

projects=()
filter=
case "${1:-}" in
  "") projects=(Tests/*/*Tests*.csproj) ;;
  --quick)
    filter='TestCategory!=Slow'
    for name in DeviceTests StorageTests ServerTests NanoProfileTests; do projects+=(Tests/"$name"/*.csproj); done
    ;;
  -*) sed -n 's/^# \{0,1\}//; 2,10p' "$0"; exit 2 ;;
  *)
    for name in "$@"; do
      [ -d "Tests/$name" ] || { echo "no project Tests/$name; there are: $(cd Tests && ls -d *Tests | tr '\n' ' ')"; exit 2; }
      projects+=(Tests/"$name"/*.csproj)
    done
    ;;
esac

# tool -> package
install_missing() {
  local need=() pair
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null || need+=("${pair##*:}")
  done
  [ ${#need[@]} -gt 0 ] || return 0
  echo "installing ${need[*]}"
  local sudo=
  [ "$(id -u)" = 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
}
postgres=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1 || true) # initdb is not on the PATH
[ -n "$filter" ] || install_missing "${postgres:-/usr/lib/postgresql/bin}/initdb:postgresql" bwrap:bubblewrap wbxml2xml:libwbxml2-utils \
  /usr/sbin/exim4:exim4-daemon-light /usr/lib/dovecot/imap:dovecot-imapd /usr/lib/dovecot/pop3:dovecot-pop3d \
  /usr/sbin/mosquitto:mosquitto chromium:chromium node:nodejs npm:npm systemd-analyze:systemd

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

status=0
if [ -z "$filter" ]; then
  dotnet build NanoSync.sln -c Release -v minimal -nologo
else
  for project in "${projects[@]}"; do dotnet build "$project" -c Release -v quiet -nologo; done
fi

# started in the background, a script has Ctrl-C ignored, and so would the programs that tests end with it
fresh=
if env --default-signal=INT true 2>/dev/null; then fresh="env --default-signal=INT"; fi
run() { # one project; what it prints goes to the console
  local name began=$SECONDS failed=0
  name=$(basename "$1" .csproj)
  echo "== $name"
  $fresh $2 dotnet test "$1" -c Release --no-build --nologo ${filter:+--filter "$filter"} \
    --logger "trx;LogFileName=$results/$name.trx" --logger "console;verbosity=${VERBOSITY:-normal}" || failed=1
  grep -hoE 'figures: [^<]*' "$results/$name.trx" 2>/dev/null | sort -u || true # what the tests measured
  # a project that ran nothing would otherwise go unnoticed
  if ! grep -qs '<Counters ' "$results/$name.trx"; then
    echo "FAILED: $name ran no tests"
    failed=1
  fi
  printf '%6d s  %s\n' $((SECONDS - began)) "$name" >> "$results/times"
  return $failed
}

# The simulation needs the processor alone; the others wait much for sockets, disks and programs. So it runs beside them
# with what they leave, and they do not notice it. What it prints comes when they are done.
beside=
for project in "${projects[@]}"; do
  if [ ${#projects[@]} -gt 1 ] && [ "${project#Tests/SimulationTests/}" != "$project" ]; then
    run "$project" "nice -n 19" > "$results/beside.log" 2>&1 &
    beside=$!
    trap 'kill $beside 2>/dev/null || true; rm -rf "$results"' EXIT
  fi
done
for project in "${projects[@]}"; do
  if [ -z "$beside" ] || [ "${project#Tests/SimulationTests/}" = "$project" ]; then
    run "$project" "" || status=1
  fi
done
if [ -n "$beside" ]; then
  wait "$beside" || status=1
  trap 'rm -rf "$results"' EXIT # in a trap, too, set -e ends the script with 1 at the first command that fails
  cat "$results/beside.log"
fi

counters() { # sum of one counter over all projects
  { grep -hoE '<Counters [^>]*' "$results"/*.trx 2>/dev/null || true; } | { grep -oE " $1=\"[0-9]+\"" || true; } | tr -dc '0-9\n' | awk '{ n += $1 } END { print n + 0 }'
}
slowest() { # seconds and name of the tests that took longest
  { grep -hoE '<UnitTestResult [^>]*' "$results"/*.trx 2>/dev/null || true; } \
    | sed -nE 's/.* testName="([^"]*)".* duration="([0-9]+):([0-9]+):([0-9.]+)".*/\2 \3 \4 \1/p' \
    | awk '{ s = $1 * 3600 + $2 * 60 + $3; $1 = $2 = $3 = ""; printf "%8.1f s %s\n", s, $0 }' | sort -rn | sed -n 1,10p
}
echo "== seconds of each project"
cat "$results/times"
echo "== slowest tests"
slowest
total=$(counters total)
passed=$(counters passed)
failed=$((total - passed)) # skipped, inconclusive and not run count as failed
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
  failed=1
fi
[ "$passed" -gt 0 ] && [ "$failed" = 0 ] || status=1
echo "$SECONDS seconds in all"
echo "$passed passed, $failed failed"
exit $status
